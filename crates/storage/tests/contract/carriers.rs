//! Carrier accounts and their numbers, attempts, and receipts.

use super::harness::{Fixture, on_both};
use std::collections::BTreeSet;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::carrier::{CarrierKind, ProviderId};
use tieline_domain::channel::Channel;
use tieline_domain::conversation::{Author, Conversation, Draft, HubReason, Kind, Message};
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_domain::id::{Id as _, InboxId, MessageId};
use tieline_domain::time::Timestamp;
use tieline_storage::carrier_account::{self, CarrierAccount, Sender};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::{StorageError, Tx, attempt, contact, conversation, message};

const THEIRS: &str = "+447700900317";

pub(super) async fn add_account(tx: &mut Tx, name: &str) -> CarrierAccount {
    let account = CarrierAccount {
        id: tx.new_id(),
        carrier: CarrierKind::Twilio,
        account: name.to_owned(),
        url: "https://carrier.example".to_owned(),
        secret: vec![1],
        held_until: None,
    };
    carrier_account::create(tx, &account).await.unwrap();
    account
}

pub(super) async fn add_sender(
    tx: &mut Tx,
    account: &CarrierAccount,
    inbox_id: Option<InboxId>,
    address: &str,
) -> Sender {
    let sender = Sender {
        id: tx.new_id(),
        account_id: account.id,
        inbox_id,
        address: address.to_owned(),
    };
    carrier_account::add_sender(tx, &sender).await.unwrap();
    sender
}

pub(super) async fn add_inbox(tx: &mut Tx) -> InboxId {
    let inbox = Inbox {
        id: tx.new_id(),
        channel: Channel::Sms,
        name: "Care".to_owned(),
        country: "GB".to_owned(),
    };
    inbox::create(tx, &inbox).await.unwrap();
    inbox.id
}

/// A text of ours that is about to leave.
pub(super) async fn add_text(tx: &mut Tx, inbox: InboxId, sender: &Sender) -> Message {
    let points = contact::ensure_points(tx, Channel::Sms, &[THEIRS.to_owned()]).await;
    let point = points.unwrap()[THEIRS];
    let known = conversation::load_by_points(tx, &[point]).await.unwrap();
    let mut exchange = match known.into_values().next() {
        Some(known) => known,
        None => Conversation::begin(tx.new_id(), inbox, point, tx.now()),
    };
    let text = exchange.add(Draft {
        id: tx.new_id(),
        kind: Kind::Message,
        author: Author::Hub(HubReason::Keyword),
        text: "Hello".to_owned(),
        state: State::Sending,
        sender_id: Some(sender.id),
        client_key: None,
        at: tx.now(),
    });
    conversation::save_many(tx, &[exchange]).await.unwrap();
    message::create_many(tx, std::slice::from_ref(&text))
        .await
        .unwrap();
    text
}

async fn begin(at: &Fixture) -> Tx {
    at.store.begin(&Actor::system()).await.unwrap()
}

#[tokio::test]
async fn an_inbox_sends_from_the_number_that_is_asked_for_if_it_has_it_and_else_from_its_oldest() {
    on_both(|at| async move {
        let mut tx = begin(&at).await;
        let (inbox, other) = (add_inbox(&mut tx).await, add_inbox(&mut tx).await);
        assert_eq!(
            carrier_account::sender_for(&mut tx, inbox, None)
                .await
                .unwrap(),
            None
        );
        let account = add_account(&mut tx, "AC1").await;
        let oldest = add_sender(&mut tx, &account, Some(inbox), "+447700900010").await;
        let newer = add_sender(&mut tx, &account, Some(inbox), "+447700900011").await;
        let foreign = add_sender(&mut tx, &account, Some(other), "+447700900012").await;
        let free = add_sender(&mut tx, &account, None, "+447700900013").await;
        for (wanted, found) in [
            (None, &oldest),
            (Some(&newer), &newer),
            (Some(&foreign), &oldest),
            (Some(&free), &oldest),
        ] {
            let wanted = wanted.map(|it: &Sender| it.id);
            let sender = carrier_account::sender_for(&mut tx, inbox, wanted).await;
            assert_eq!(sender.unwrap().as_ref(), Some(found));
        }
        carrier_account::assign_sender(&mut tx, free.id, Some(other))
            .await
            .unwrap();
        carrier_account::assign_sender(&mut tx, oldest.id, None)
            .await
            .unwrap();
        let missing = carrier_account::assign_sender(&mut tx, tx_id(&at), None).await;
        assert!(matches!(missing, Err(StorageError::NotFound(_))));
        let sender = carrier_account::sender_for(&mut tx, inbox, None).await;
        assert_eq!(sender.unwrap().unwrap().id, newer.id);
        let all = carrier_account::senders(&mut tx).await.unwrap();
        let of_other = all.iter().filter(|it| it.inbox_id == Some(other));
        let of_other: Vec<&str> = of_other.map(|it| it.address.as_str()).collect();
        assert_eq!(of_other, ["+447700900012", "+447700900013"]);
        let of_account = carrier_account::senders_of(&mut tx, account.id).await;
        assert_eq!(of_account.unwrap().len(), 4);
    })
    .await;
}

fn tx_id<I: tieline_domain::id::Id>(at: &Fixture) -> I {
    at.store.new_id()
}

#[tokio::test]
async fn an_account_is_kept_once_for_its_carrier_and_held_until_the_later_moment() {
    on_both(|at| async move {
        let mut tx = begin(&at).await;
        let inbox = add_inbox(&mut tx).await;
        let mut account = add_account(&mut tx, "AC1").await;
        let second = add_account(&mut tx, "AC2").await;
        add_sender(&mut tx, &second, Some(inbox), "+447700900010").await;
        for (until, held) in [(50, 50), (40, 50), (60, 60)] {
            carrier_account::hold(&mut tx, account.id, Timestamp(until))
                .await
                .unwrap();
            account.held_until = Some(Timestamp(held));
            let kept = carrier_account::by_id(&mut tx, account.id).await.unwrap();
            assert_eq!(kept, account);
        }
        account.url = "https://elsewhere.example".to_owned();
        account.secret = vec![2];
        carrier_account::save(&mut tx, &account).await.unwrap();
        let was = account.clone();
        account.secret = vec![3];
        carrier_account::reseal(&mut tx, &was, &[3]).await.unwrap();
        let late = carrier_account::reseal(&mut tx, &was, &[4]).await;
        assert!(matches!(late, Err(StorageError::Conflict(_))), "{late:?}");
        let all = carrier_account::all(&mut tx).await.unwrap();
        assert_eq!(all, [account, second.clone()]);
        let of_inbox = carrier_account::of_inbox(&mut tx, inbox).await.unwrap();
        assert_eq!(of_inbox, [second]);
        tx.commit().await.unwrap();
        let mut tx = begin(&at).await;
        let again = CarrierAccount {
            id: tx.new_id(),
            carrier: CarrierKind::Twilio,
            account: "AC1".to_owned(),
            url: String::new(),
            secret: Vec::new(),
            held_until: None,
        };
        let refused = carrier_account::create(&mut tx, &again).await;
        assert!(matches!(refused, Err(StorageError::Duplicate(_))));
    })
    .await;
}

#[tokio::test]
async fn attempts_are_counted_and_none_is_written_over_by_who_read_it_earlier() {
    on_both(|at| async move {
        let mut tx = begin(&at).await;
        let inbox = add_inbox(&mut tx).await;
        let account = add_account(&mut tx, "AC1").await;
        let sender = add_sender(&mut tx, &account, Some(inbox), "+447700900010").await;
        let text = add_text(&mut tx, inbox, &sender).await;
        let mut first = attempt::begin(&mut tx, text.id, account.id).await.unwrap();
        let second = attempt::begin(&mut tx, text.id, account.id).await.unwrap();
        assert_eq!((first.number, second.number), (1, 2));
        assert_eq!(
            (first.state, first.begun_at),
            (State::Sending, at.store.now())
        );
        first.hear("SM1", State::Sent);
        attempt::save(&mut tx, &first, State::Sending)
            .await
            .unwrap();
        let late = attempt::save(&mut tx, &first, State::Sending).await;
        assert!(matches!(late, Err(StorageError::Conflict("attempt"))));
        let mut renamed = first.clone();
        renamed.provider_id = Some("SM2".to_owned());
        let refused = attempt::save(&mut tx, &renamed, State::Sent).await;
        assert!(matches!(refused, Err(StorageError::Conflict("attempt"))));
        let kept = attempt::load(&mut tx, &[text.id, tx_id::<MessageId>(&at)]).await;
        assert_eq!(kept.unwrap()[&text.id], [first, second]);
        let names = ["SM1".to_owned(), "SM9".to_owned()];
        let known = attempt::load_known(&mut tx, account.id, &names).await;
        assert_eq!(known.unwrap(), BTreeSet::from(["SM1".to_owned()]));
        let other = add_account(&mut tx, "AC2").await;
        let known = attempt::load_known(&mut tx, other.id, &names).await;
        assert_eq!(
            known.unwrap(),
            BTreeSet::new(),
            "names are an account's own"
        );
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_kept_by_code_and_a_state_that_moved_on_is_not_written_over() {
    on_both(|at| async move {
        let mut tx = begin(&at).await;
        let inbox = add_inbox(&mut tx).await;
        let account = add_account(&mut tx, "AC1").await;
        let sender = add_sender(&mut tx, &account, Some(inbox), "+447700900010").await;
        let mut text = add_text(&mut tx, inbox, &sender).await;
        let of_it = |detail: Option<&str>| Failure {
            code: FailureCode::CarrierRefused,
            detail: detail.map(str::to_owned),
        };
        for failure in [None, Some(of_it(None)), Some(of_it(Some("no such number")))] {
            text.failure = failure;
            message::save_state(&mut tx, &text, State::Sending)
                .await
                .unwrap();
            let kept = message::load_by_ids(&mut tx, &[text.id]).await.unwrap();
            assert_eq!(kept[&text.id], text);
        }
        let late = message::save_state(&mut tx, &text, State::Queued).await;
        assert!(matches!(late, Err(StorageError::Conflict("message"))));
    })
    .await;
}

#[tokio::test]
async fn a_text_is_received_once_of_each_account() {
    on_both(|at| async move {
        let mut tx = begin(&at).await;
        let one = add_account(&mut tx, "AC1").await;
        let two = add_account(&mut tx, "AC2").await;
        let name = |account: &CarrierAccount, name: &str| ProviderId {
            account_id: account.id,
            name: name.to_owned(),
        };
        let (first, same_name) = (name(&one, "SM1"), name(&two, "SM1"));
        let message = MessageId::from_uuid(7);
        let received = [(first.clone(), message)];
        attempt::add_receipts(&mut tx, &received).await.unwrap();
        let asked = [first.clone(), same_name.clone(), name(&one, "SM2")];
        let known = attempt::load_receipts(&mut tx, &asked).await.unwrap();
        assert_eq!(known, BTreeSet::from([first.clone()]));
        let other = std::slice::from_ref(&same_name);
        let known = attempt::load_receipts(&mut tx, other).await.unwrap();
        assert!(known.is_empty(), "another account's text of that name");
        let received = [(same_name, message)];
        attempt::add_receipts(&mut tx, &received).await.unwrap();
        let twice = attempt::add_receipts(&mut tx, &[(first, message)]).await;
        assert!(matches!(twice, Err(StorageError::Duplicate(_))));
    })
    .await;
}

#[tokio::test]
async fn a_number_that_takes_no_texts_is_marked_until_it_sends_one() {
    on_both(|at| async move {
        let mut tx = begin(&at).await;
        let inbox = add_inbox(&mut tx).await;
        let account = add_account(&mut tx, "AC1").await;
        let sender = add_sender(&mut tx, &account, Some(inbox), "+447700900010").await;
        let text = add_text(&mut tx, inbox, &sender).await;
        let listed = async |tx: &mut Tx| {
            conversation::get(tx, &Scope::system(), text.conversation_id)
                .await
                .unwrap()
        };
        let point = listed(&mut tx).await.conversation.point_id;
        assert!(listed(&mut tx).await.has_sender);
        contact::mark_landline(&mut tx, point).await.unwrap();
        let since = listed(&mut tx).await.landline_since;
        assert_eq!(since, Some(at.store.now()));
        contact::clear_landlines(&mut tx, &[point]).await.unwrap();
        assert_eq!(listed(&mut tx).await.landline_since, None);
        carrier_account::assign_sender(&mut tx, sender.id, None)
            .await
            .unwrap();
        assert!(!listed(&mut tx).await.has_sender);
    })
    .await;
}
