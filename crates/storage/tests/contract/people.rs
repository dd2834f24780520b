//! What tests of the contract need to have stored before: an org, users, an inbox, contacts, conversations.

use super::harness::Fixture;
use tieline_domain::access::{Actor, Role};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::channel::Channel;
use tieline_domain::connection::{ConnectionKind, ConnectionState, GrantKind};
use tieline_domain::contact::Fields;
use tieline_domain::conversation::{Author, Conversation, Draft, HubReason, Kind, Message};
use tieline_domain::delivery::State;
use tieline_domain::id::{InboxId, PointId, StaffId};
use tieline_domain::sync::link::LinkState;
use tieline_domain::sync::mapping::{Deletes, MappingDirection, default_fields};
use tieline_storage::connection::{self, Connection};
use tieline_storage::contact::{self, Contact};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::link::{self, Link};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::staff::{self, Staff};
use tieline_storage::{Tx, conversation, message};

/// A transaction that must come through.
pub async fn writing(at: &Fixture) -> Tx {
    at.store.begin(&Actor::system()).await.unwrap()
}

/// A connection to an org of that name.
pub async fn org(at: &Fixture, name: &str) -> Connection {
    let row = Connection {
        id: at.store.new_id(),
        name: name.to_owned(),
        kind: ConnectionKind::Simulated,
        login_url: "https://login.example".to_owned(),
        instance_url: "https://org.example".to_owned(),
        org_id: "00D000000000001AAA".to_owned(),
        org_name: "Harrow & Vale".to_owned(),
        user_id: "005000000000001AAA".to_owned(),
        username: "hub@harrow.example".to_owned(),
        grant_kind: GrantKind::ClientCredentials,
        consumer_key: "key".to_owned(),
        secrets: vec![1, 2, 3],
        access_token: None,
        token_version: 0,
        state: ConnectionState::Connected,
        state_reason: None,
        state_since: at.store.now(),
        daily_budget: 15_000,
        org_calls: None,
    };
    let mut tx = writing(at).await;
    connection::create(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    row
}

/// A mapping of contacts.
pub async fn mapped(at: &Fixture, org: &Connection, object: &str) -> ObjectMapping {
    let row = ObjectMapping {
        id: at.store.new_id(),
        object: object.to_owned(),
        position: 0,
        enabled: true,
        direction: MappingDirection::Both,
        deletes: Deletes::Honour,
        auto_create: true,
        read_until: None,
        last_changed_at: None,
        org_records: None,
        org_counted_at: None,
        fields: default_fields(object).unwrap(),
    };
    let mut tx = writing(at).await;
    mapping::create(&mut tx, org.id, &row).await.unwrap();
    tx.commit().await.unwrap();
    row
}

/// A user of that name.
pub async fn user(at: &Fixture, name: &str) -> StaffId {
    let row = Staff {
        id: at.store.new_id(),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        role: Role::Staff,
        reviewer: false,
        password_hash: None,
        active: true,
    };
    let mut tx = writing(at).await;
    staff::create(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    row.id
}

/// An inbox with that number.
pub async fn inbox(at: &Fixture, number: &str) -> Inbox {
    let row = Inbox {
        id: at.store.new_id(),
        channel: Channel::Sms,
        name: format!("Inbox {number}"),
        country: "GB".to_owned(),
    };
    let mut tx = writing(at).await;
    inbox::create(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    row
}

/// A contact of that last name who answers to that number.
pub async fn contact(at: &Fixture, name: &str, number: &str) -> Contact {
    let pairs = [("last_name", name), ("mobile_phone", number)];
    let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
    let fields: Fields = filled
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let row = contact::new(
        &Catalogue::first("GB"),
        at.store.new_id(),
        fields,
        at.store.now(),
    );
    let mut tx = writing(at).await;
    contact::save_many(&mut tx, std::slice::from_ref(&row), &Catalogue::first("GB"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    row
}

/// The point of a number.
pub async fn point(at: &Fixture, number: &str) -> PointId {
    let mut tx = writing(at).await;
    let numbers = [number.to_owned()];
    let points = contact::ensure_points(&mut tx, Channel::Sms, &numbers).await;
    tx.commit().await.unwrap();
    points.unwrap()[number]
}

/// A link of a contact to a record.
pub async fn linked(at: &Fixture, org: &Connection, contact: &Contact, record: &str) -> Link {
    let now = at.store.now();
    let row = Link {
        id: at.store.new_id(),
        connection_id: org.id,
        object: "Contact".to_owned(),
        record_id: record.to_owned(),
        contact_id: contact.id,
        is_primary: true,
        state: LinkState::Active,
        base: None,
        modified_at: now,
        waiting_to_org: false,
        synced_at: now,
        version: 1,
    };
    let mut tx = writing(at).await;
    link::create_many(&mut tx, std::slice::from_ref(&row))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    row
}

/// What is said and by whom.
pub type Said<'a> = (Kind, Author, &'a str);

/// A text of theirs.
pub fn theirs(text: &str) -> Said<'_> {
    (Kind::Message, Author::Contact, text)
}

/// A text of ours.
pub fn ours(text: &str) -> Said<'_> {
    (Kind::Message, Author::Hub(HubReason::Keyword), text)
}

/// A message to be added.
pub fn draft(at: &Fixture, (kind, author, text): Said<'_>) -> Draft {
    let is_theirs = author == Author::Contact;
    Draft {
        id: at.store.new_id(),
        kind,
        author,
        text: text.to_owned(),
        state: match is_theirs {
            true => State::Received,
            false => State::Queued,
        },
        sender_id: None,
        client_key: (!is_theirs).then(|| format!("key {text}")),
        at: at.store.now(),
    }
}

/// A conversation with a number, and what was said in it.
pub async fn talk(
    at: &Fixture,
    inbox: InboxId,
    number: &str,
    said: &[Said<'_>],
) -> (Conversation, Vec<Message>) {
    let point = point(at, number).await;
    let mut row = Conversation::begin(at.store.new_id(), inbox, point, at.store.now());
    let said: Vec<Message> = said.iter().map(|said| row.add(draft(at, *said))).collect();
    let mut tx = writing(at).await;
    conversation::save_many(&mut tx, std::slice::from_ref(&row))
        .await
        .unwrap();
    message::create_many(&mut tx, &said).await.unwrap();
    tx.commit().await.unwrap();
    row.version = 1;
    (row, said)
}
