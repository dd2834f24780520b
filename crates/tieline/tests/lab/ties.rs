//! Who a conversation is with, as contacts change: a derived tie is found anew, a decided one stays.

use super::world::World;
use crate::desk;
use std::collections::BTreeMap;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, ConversationId};
use tieline_messaging::MessagingError;
use tieline_messaging::converse::{self, Act, With};
use tieline_storage::conversation::{self, ConversationQuery, Listed};
use tieline_storage::{event, inbox};
use tieline_sync::{create_contact, create_contact_in, delete_contact, restore_contact};
use tieline_testkit::postgres::Database;

const THEIRS: &str = "+447700900745";

async fn only_conversation(world: &World) -> Listed {
    let query = ConversationQuery {
        limit: 5,
        ..ConversationQuery::default()
    };
    let mut reader = world.hub.store.reader().await.unwrap();
    let mut all = conversation::list(&mut reader, &Scope::system(), &query)
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn tied_to(world: &World) -> Option<ContactId> {
    only_conversation(world).await.conversation.contact_id
}

async fn somebody_with(world: &World, last_name: &str, number: &str) -> ContactId {
    let fields = BTreeMap::from([
        ("last_name".to_owned(), last_name.to_owned()),
        ("mobile_phone".to_owned(), number.to_owned()),
    ]);
    let made = create_contact(&world.hub.store, &Actor::system(), &fields)
        .await
        .unwrap();
    made.id
}

async fn derived_ties_follow(world: World) {
    let store = world.hub.store.clone();
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "who");
    world.pump().await;
    assert_eq!(tied_to(&world).await, None);
    let first = somebody_with(&world, "First", THEIRS).await;
    assert_eq!(tied_to(&world).await, Some(first), "a contact appeared");

    let contacts = desk::contacts(&store, 1_000).await;
    let found = contacts.iter().find(|it| it.id == first).unwrap();
    desk::edit(&store, found, "mobile_phone", "").await;
    assert_eq!(tied_to(&world).await, None, "the number is nobody's");
    let second = somebody_with(&world, "Second", THEIRS).await;
    assert_eq!(tied_to(&world).await, Some(second), "the number moved");
    let third = somebody_with(&world, "Third", THEIRS).await;
    assert_eq!(tied_to(&world).await, None, "the number is shared");
    delete_contact(&store, &Actor::system(), &Scope::system(), second)
        .await
        .unwrap();
    assert_eq!(tied_to(&world).await, Some(third), "one of them is gone");

    let id = only_conversation(&world).await.conversation.id;
    let acts = [Act::TieTo(Some(first))];
    converse::change(&store, &Actor::system(), &Scope::system(), id, &acts)
        .await
        .unwrap();
    delete_contact(&store, &Actor::system(), &Scope::system(), third)
        .await
        .unwrap();
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "again");
    world.pump().await;
    assert_eq!(tied_to(&world).await, Some(first), "a person said so");
}

#[tokio::test]
async fn a_derived_tie_follows_the_number_and_a_decided_one_stays() {
    derived_ties_follow(World::new(51).await).await;
    let database = Database::create().await;
    derived_ties_follow(World::on_postgres(51, &database).await).await;
    database.remove().await;
}

#[tokio::test]
async fn a_contact_that_appears_in_the_org_is_tied_in_that_run_and_its_day_logged() {
    let world = World::new(52).await;
    world.sync().await;
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "who");
    world.live(5).await;
    let org = world.simulator.org();
    let tasks = || {
        let answer = org.query(&world.somebody(), "SELECT Id FROM Task", false);
        answer.ok().unwrap().len()
    };
    let before = tasks();
    let body = [("LastName", "Later"), ("MobilePhone", "+44 7700 900745")]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    org.create(&world.somebody(), "Contact", &body).unwrap();
    world.sync().await;
    world.live(5).await;
    assert!(tied_to(&world).await.is_some());
    assert_eq!(tasks(), before + 1);
}

/// How often screens were told of a conversation since an event.
async fn told_of(world: &World, id: ConversationId, since: i64) -> usize {
    let mut reader = world.hub.store.reader().await.unwrap();
    let heard = event::list_after(&mut reader, &Scope::system(), since, 100).await;
    let (heard, _) = heard.unwrap().unwrap();
    let told = heard.iter().filter(|it| match &it.event {
        Event::Conversation {
            conversation_id, ..
        } => *conversation_id == id,
        _ => false,
    });
    told.count()
}

#[tokio::test]
async fn screens_hear_with_whom_a_conversation_is_as_contacts_come_and_go() {
    let world = World::new(54).await;
    let store = &world.hub.store;
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "who");
    world.pump().await;
    let id = only_conversation(&world).await.conversation.id;
    let head = async || event::head(&mut store.reader().await.unwrap()).await;
    let since = head().await.unwrap();
    let made = somebody_with(&world, "First", THEIRS).await;
    assert_eq!(tied_to(&world).await, Some(made));
    assert_eq!(told_of(&world, id, since).await, 1, "a contact came");
    let since = head().await.unwrap();
    let gone = delete_contact(store, &Actor::system(), &Scope::system(), made).await;
    gone.unwrap();
    assert_eq!(tied_to(&world).await, None);
    assert_eq!(told_of(&world, id, since).await, 1, "a contact went");
}

#[tokio::test]
async fn who_is_added_for_a_conversation_is_whom_it_is_with_and_screens_hear_of_it() {
    let world = World::new(53).await;
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "who");
    world.pump().await;
    let id = only_conversation(&world).await.conversation.id;
    let mut reader = world.hub.store.reader().await.unwrap();
    let head = event::head(&mut reader).await.unwrap();
    // Without the number, so that nothing but the word of whoever adds them ties them to it.
    let fields = BTreeMap::from([("last_name".to_owned(), "Said".to_owned())]);
    let (store, scope) = (&world.hub.store, Scope::system());
    let made = create_contact_in(store, &Actor::system(), &fields, Some((&scope, id))).await;
    assert_eq!(tied_to(&world).await, Some(made.unwrap().id));
    assert_eq!(told_of(&world, id, head).await, 1);
}

/// Somebody presses *Write a text* on a contact's page.
async fn open_from(world: &World, contact: ContactId) -> Option<ContactId> {
    let store = &world.hub.store;
    let mut reader = store.reader().await.unwrap();
    let inbox = inbox::all(&mut reader).await.unwrap().remove(0).id;
    drop(reader);
    let with = With {
        contact: Some(contact),
        ..With::default()
    };
    let (actor, scope) = (Actor::system(), Scope::system());
    let begun = converse::begin(store, &actor, &scope, inbox, with).await;
    begun.unwrap().0.conversation.contact_id
}

#[tokio::test]
async fn opening_a_conversation_from_a_contacts_page_decides_only_what_the_number_leaves_open() {
    let world = World::new(56).await;
    let store = &world.hub.store;
    let old = somebody_with(&world, "Old", THEIRS).await;
    assert_eq!(open_from(&world, old).await, Some(old));
    let contacts = desk::contacts(store, 1_000).await;
    let found = contacts.iter().find(|it| it.id == old).unwrap();
    desk::edit(store, found, "mobile_phone", "").await;
    let new = somebody_with(&world, "New", THEIRS).await;
    world
        .simulator
        .text_from_phone(THEIRS, OUR_NUMBER, "I am the new holder");
    world.pump().await;
    assert_eq!(tied_to(&world).await, Some(new), "the number moved");

    // Of a number that is shared it is a person's word.
    let other = somebody_with(&world, "Other", THEIRS).await;
    assert_eq!(tied_to(&world).await, None);
    assert_eq!(open_from(&world, other).await, Some(other));
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "Hello");
    world.pump().await;
    assert_eq!(tied_to(&world).await, Some(other));
    // And stands against the next who looks at another's page.
    assert_eq!(open_from(&world, new).await, Some(other));
    // Unless somebody said that it is nobody.
    let id = only_conversation(&world).await.conversation.id;
    let (actor, scope) = (Actor::system(), Scope::system());
    let acts = [Act::TieTo(None)];
    converse::change(store, &actor, &scope, id, &acts)
        .await
        .unwrap();
    assert_eq!(open_from(&world, new).await, Some(new));
}

#[tokio::test]
async fn what_a_person_said_ends_with_the_contact_whom_they_named() {
    let world = World::new(57).await;
    let store = &world.hub.store;
    let (actor, scope) = (Actor::system(), Scope::system());
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "who");
    world.pump().await;
    let named = somebody_with(&world, "Named", "").await;
    let id = only_conversation(&world).await.conversation.id;
    let say = async || {
        let acts = [Act::TieTo(Some(named))];
        converse::change(store, &actor, &scope, id, &acts).await
    };
    say().await.unwrap();
    let since = event::head(&mut store.reader().await.unwrap()).await;
    let gone = delete_contact(store, &actor, &scope, named).await;
    gone.unwrap();
    assert_eq!(tied_to(&world).await, None);
    assert_eq!(told_of(&world, id, since.unwrap()).await, 1);
    // Who looked at their page until now cannot say it again.
    let late = say().await;
    let refused =
        |error| matches!(error, MessagingError::Invalid { field, .. } if field == "contact_id");
    assert!(late.is_err_and(refused));
    let new = somebody_with(&world, "New", THEIRS).await;
    assert_eq!(tied_to(&world).await, Some(new), "the number tells");
    assert_eq!(open_from(&world, new).await, Some(new));
    world
        .simulator
        .text_from_phone(THEIRS, OUR_NUMBER, "I am New");
    world.pump().await;
    let now = only_conversation(&world).await.conversation;
    assert_eq!((now.contact_id, now.tie_from), (Some(new), 2));
    restore_contact(store, &actor, &scope, named).await.unwrap();
    assert_eq!(
        tied_to(&world).await,
        Some(new),
        "it need not be said again"
    );
}
