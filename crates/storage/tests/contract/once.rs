//! What may be there once is refused to whoever comes second, whatever they had read before: two nodes
//! that do the same at once leave it done once.

use super::carriers::{add_account, add_sender};
use super::harness::on_both;
use super::people::{contact, inbox, linked, mapped, org, ours, talk, theirs, writing};
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_storage::carrier_account::{self, Sender};
use tieline_storage::link::{self, Link};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::{Result, StorageError, attempt, message};

fn is_taken(outcome: &Result<()>) -> bool {
    matches!(outcome, Err(StorageError::Duplicate(_)))
}

#[tokio::test]
async fn a_text_with_the_key_or_the_number_of_another_of_its_conversation_is_refused() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (one, said) = talk(&at, desk, "+447700900101", &[ours("Hi")]).await;
        let (two, _) = talk(&at, desk, "+447700900102", &[theirs("Hi")]).await;
        let first = &said[0];
        let key = first.client_key.clone();
        for (conversation, seq, client_key, refused) in [
            (one.id, 2, key.clone(), true),
            (one.id, 1, None, true),
            (one.id, 2, None, false),
            (two.id, 2, key, false),
        ] {
            let second = Message {
                id: at.store.new_id(),
                conversation_id: conversation,
                seq,
                client_key,
                ..first.clone()
            };
            // Nothing of it is committed.
            let mut tx = writing(&at).await;
            let written = message::create_many(&mut tx, std::slice::from_ref(&second)).await;
            assert_eq!(is_taken(&written), refused, "{second:?}: {written:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_carriers_name_for_a_text_is_that_of_one_attempt_of_its_account() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (_, said) = talk(&at, desk, "+447700900101", &[ours("One"), ours("Two")]).await;
        let mut tx = writing(&at).await;
        let accounts = [
            add_account(&mut tx, "AC1").await.id,
            add_account(&mut tx, "AC2").await.id,
        ];
        let mut begun = Vec::new();
        for (text, account) in [(0, 0), (1, 1), (1, 0)] {
            let (text, account) = (said[text].id, accounts[account]);
            begun.push(attempt::begin(&mut tx, text, account).await.unwrap());
        }
        for (it, refused) in begun.iter_mut().zip([false, false, true]) {
            it.hear("SM1", State::Sent);
            let saved = attempt::save(&mut tx, it, State::Sending).await;
            assert_eq!(is_taken(&saved), refused, "{it:?}: {saved:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_person_has_one_primary_record_in_an_org_and_an_object_one_mapping() {
    on_both(|at| async move {
        let (first, second) = (org(&at, "One").await, org(&at, "Two").await);
        let ann = contact(&at, "Ann", "").await;
        let known = linked(&at, &first, &ann, "003A").await;
        let mapping = mapped(&at, &first, "Contact").await;
        for (org, is_primary, refused) in [
            (&first, true, true),
            (&first, false, false),
            (&second, true, false),
        ] {
            let lead = Link {
                id: at.store.new_id(),
                connection_id: org.id,
                object: "Lead".to_owned(),
                record_id: "00QA".to_owned(),
                is_primary,
                ..known.clone()
            };
            let mut tx = writing(&at).await;
            let written = link::create_many(&mut tx, &[lead]).await;
            assert_eq!(is_taken(&written), refused, "{is_primary}: {written:?}");
        }
        for (org, object, refused) in [
            (&first, "Contact", true),
            (&first, "Lead", false),
            (&second, "Contact", false),
        ] {
            let again = ObjectMapping {
                id: at.store.new_id(),
                object: object.to_owned(),
                ..mapping.clone()
            };
            let mut tx = writing(&at).await;
            let written = mapping::create(&mut tx, org.id, &again).await;
            assert_eq!(is_taken(&written), refused, "{object}: {written:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_is_added_to_an_account_once() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        let accounts = [
            add_account(&mut tx, "AC1").await,
            add_account(&mut tx, "AC2").await,
        ];
        let known = add_sender(&mut tx, &accounts[0], None, "+447700900010").await;
        for (account, refused) in [(&accounts[1], false), (&accounts[0], true)] {
            let again = Sender {
                id: tx.new_id(),
                account_id: account.id,
                ..known.clone()
            };
            let written = carrier_account::add_sender(&mut tx, &again).await;
            assert_eq!(is_taken(&written), refused, "{written:?}");
        }
    })
    .await;
}
