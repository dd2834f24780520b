//! Conversations found by words and in pages: each by what is its own, and each once.

use super::harness::{Fixture, on_both};
use super::people::{contact, draft, inbox, org, ours, talk, theirs, user, writing};
use tieline_domain::access::{Participant, Principal, Scope};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::conversation::{
    Author, Conversation, Kind, ListPlace, ParticipantRole, TakingPart,
};
use tieline_domain::id::{ContactId, ConversationId};
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_storage::contact::ContactQuery;
use tieline_storage::conversation::{self, ConversationQuery, View};
use tieline_storage::message::{self, Part};
use tieline_storage::sync_run::{self, Change, ChangeQuery, Checkpoint, SyncRun};
use tieline_storage::{Tx, contact as contacts, inbox as inboxes, merge, participant};

async fn page(at: &Fixture, query: &ConversationQuery) -> Vec<Conversation> {
    let mut conn = at.store.reader().await.unwrap();
    let rows = conversation::list(&mut conn, &Scope::system(), query).await;
    let rows = rows.unwrap().into_iter();
    rows.map(|it| it.conversation).collect()
}

#[tokio::test]
async fn conversations_of_one_moment_are_each_on_one_page() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let mut all: Vec<ConversationId> = Vec::new();
        for number in 0..6 {
            let said = [theirs("Hello")];
            let said = if number % 2 == 0 { &said[..] } else { &[] };
            let number = format!("+44770090010{number}");
            all.push(talk(&at, desk, &number, said).await.0.id);
        }
        // Ours to answer first, and of one moment the youngest first.
        let wanted = [4, 2, 0, 5, 3, 1].map(|n: usize| all[n]);
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < 9 {
            let query = ConversationQuery {
                after,
                limit: 2,
                ..ConversationQuery::default()
            };
            let rows = page(&at, &query).await;
            let Some(last) = rows.last() else { break };
            after = Some(ListPlace::of(last));
            found.extend(rows.iter().map(|it| it.id));
        }
        assert_eq!(found, wanted);
    })
    .await;
}

#[tokio::test]
async fn words_are_found_in_a_conversations_own_name_number_and_messages() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (ann, _) = talk(&at, desk, "+447700900101", &[theirs("blue"), ours("red")]).await;
        let (bob, _) = talk(&at, desk, "+447700900102", &[theirs("green")]).await;
        contact(&at, "Ann", "+447700900101").await;
        contact(&at, "Bob", "+447700900102").await;
        for (words, wanted) in [
            ("ann", &[ann.id][..]),
            ("bob", &[bob.id]),
            ("07700 900102", &[bob.id]),
            ("900101", &[ann.id]),
            ("blue", &[ann.id]),
            ("ann red", &[ann.id]),
            ("blue red", &[ann.id]),
            ("green 900102", &[bob.id]),
            ("ann green", &[]),
            ("bob 900101", &[]),
            ("77009001", &[bob.id, ann.id]),
        ] {
            let query = ConversationQuery {
                words: words.to_owned(),
                limit: 9,
                ..ConversationQuery::default()
            };
            let found: Vec<_> = page(&at, &query).await.iter().map(|it| it.id).collect();
            assert_eq!(found, wanted, "{words}");
            let mut conn = at.store.reader().await.unwrap();
            let count = conversation::count(&mut conn, &Scope::system(), &query).await;
            assert_eq!(count.unwrap(), wanted.len() as i64, "{words}");
            let both = [ann.id, bob.id];
            let hits = message::list_hits(&mut conn, &Scope::system(), words, &both).await;
            for hit in hits.unwrap() {
                assert!(words.contains(&hit.message.text), "{words}: {hit:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_contacts_conversations_are_told_newest_first_and_what_became_part_of_one_is_not() {
    on_both(|at| async move {
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let ann = contact(&at, "Ann", "+447700900101").await;
        let mut rows = Vec::new();
        for (inbox, number) in [
            (care, "+447700900101"),
            (sales, "+447700900101"),
            (care, "+447700900102"),
            (sales, "+447700900102"),
        ] {
            at.clock.advance(10);
            rows.push(talk(&at, inbox, number, &[theirs("Hello")]).await.0.id);
        }
        let told = async || -> Vec<ConversationId> {
            let mut conn = at.store.reader().await.unwrap();
            let all = conversation::list_of_contact(&mut conn, &Scope::system(), ann.id).await;
            let all = all.unwrap().into_iter();
            all.map(|it| it.conversation.id).collect()
        };
        assert_eq!(told().await, [rows[1], rows[0]]);
        // By a person's word it is with her, from whatever number.
        let mut reader = at.store.reader().await.unwrap();
        let tied = conversation::get(&mut reader, &Scope::system(), rows[2]).await;
        let mut tied = tied.unwrap().conversation;
        drop(reader);
        for (tie, wanted) in [
            (Some(ann.id), &[rows[2], rows[1], rows[0]][..]),
            (None, &[rows[1], rows[0]]),
        ] {
            tied.decide_tie(tie);
            let mut tx = writing(&at).await;
            conversation::save_many(&mut tx, &[tied.clone()])
                .await
                .unwrap();
            tx.commit().await.unwrap();
            tied.version += 1;
            assert_eq!(told().await, wanted);
        }
        let mut tx = writing(&at).await;
        merge::conversations(&mut tx, rows[3], rows[1])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told().await, [rows[0]]);
        let closed = ConversationQuery {
            view: View::Closed,
            limit: 9,
            ..ConversationQuery::default()
        };
        assert_eq!(page(&at, &closed).await, []);
        let mut conn = at.store.reader().await.unwrap();
        let count = conversation::count(&mut conn, &Scope::system(), &closed).await;
        assert_eq!(count.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn of_a_contact_with_many_conversations_the_newest_are_told() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let ann = contact(&at, "Ann", "").await.id;
        let mut all = Vec::new();
        for number in 10..32 {
            at.clock.advance(10);
            let number = format!("+4477009001{number}");
            let (mut row, _) = talk(&at, desk, &number, &[theirs("Hello")]).await;
            row.decide_tie(Some(ann));
            all.push(row);
        }
        let mut tx = writing(&at).await;
        conversation::save_many(&mut tx, &all).await.unwrap();
        let told = conversation::list_of_contact(&mut tx, &Scope::system(), ann).await;
        let told = told.unwrap().into_iter().map(|it| it.conversation.id);
        let newest = all[2..].iter().rev().map(|it| it.id);
        assert!(told.eq(newest));
    })
    .await;
}

/// A conversation with a contact who takes part in it since its second message.
async fn joined(at: &Fixture, number: &str, who: ContactId) -> ConversationId {
    let desk = inbox(at, number).await.id;
    let (mut row, _) = talk(at, desk, number, &[theirs("before")]).await;
    at.clock.advance(10);
    row.decide_tie(Some(who));
    let said = [
        row.add(draft(at, theirs("since"))),
        row.add(draft(at, (Kind::Note, Author::Contact, "among us"))),
    ];
    let mut tx = writing(at).await;
    conversation::save_many(&mut tx, std::slice::from_ref(&row))
        .await
        .unwrap();
    message::create_many(&mut tx, &said).await.unwrap();
    let part = TakingPart::begin(
        row.id,
        Participant::Contact(who),
        ParticipantRole::Wrote,
        at.store.now(),
    );
    participant::begin(&mut tx, &[part]).await.unwrap();
    tx.commit().await.unwrap();
    row.id
}

#[tokio::test]
async fn a_client_reads_and_finds_what_was_said_to_them_and_nothing_of_another() {
    on_both(|at| async move {
        let ann = contact(&at, "Ann", "").await.id;
        let bob = contact(&at, "Bob", "").await.id;
        let anns = joined(&at, "+447700900101", ann).await;
        let bobs = joined(&at, "+447700900102", bob).await;
        // Bob takes part in Ann's too, but it is not with him.
        let part = TakingPart::begin(
            anns,
            Participant::Contact(bob),
            ParticipantRole::Wrote,
            at.store.now() + 5,
        );
        let mut tx = writing(&at).await;
        participant::begin(&mut tx, &[part]).await.unwrap();
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        for (who, own, foreign) in [(ann, anns, bobs), (bob, bobs, anns)] {
            let scope = Principal::Client(who).scope();
            let all = message::list(&mut conn, &scope, own, Part::End, 9).await;
            let all = all.unwrap();
            let texts: Vec<_> = all.iter().map(|it| it.text.as_str()).collect();
            assert_eq!(texts, ["since"]);
            let came = message::received_from(&mut conn, &scope, own, 0).await;
            assert_eq!(came.unwrap(), (1, Some(2)));
            for words in ["since", "before", "among"] {
                let both = [own, foreign];
                let hits = message::list_hits(&mut conn, &scope, words, &both).await;
                let hits: Vec<_> = hits.unwrap().iter().map(|it| it.message.id).collect();
                let wanted = if words == "since" {
                    vec![all[0].id]
                } else {
                    vec![]
                };
                assert_eq!(hits, wanted, "{words}");
                let query = ConversationQuery {
                    words: words.to_owned(),
                    limit: 9,
                    ..ConversationQuery::default()
                };
                let found = conversation::list(&mut conn, &scope, &query).await;
                let found = found.unwrap().into_iter().map(|it| it.conversation.id);
                let wanted = (words == "since").then_some(own);
                assert!(found.eq(wanted), "{words}");
                let count = conversation::count(&mut conn, &scope, &query).await;
                assert_eq!(count.unwrap(), i64::from(wanted.is_some()), "{words}");
            }
            let refused = message::list(&mut conn, &scope, foreign, Part::End, 9).await;
            assert!(refused.is_err());
            let listed = conversation::list_by_ids(&mut conn, &scope, &[own, foreign]).await;
            assert_eq!(listed.unwrap().into_keys().collect::<Vec<_>>(), [own]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_journal_of_a_run_is_its_own_and_shows_whom_the_reader_may_see() {
    on_both(|at| async move {
        let org = org(&at, "One").await;
        let ann = contact(&at, "Ann", "").await.id;
        let bob = contact(&at, "Bob", "").await.id;
        let mut tx = writing(&at).await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let mut run = finished(&tx, &org);
            sync_run::create(&mut tx, &run).await.unwrap();
            let changes = [ann, bob].map(|who| change(&tx, who));
            sync_run::add_changes(&mut tx, &mut run, &changes)
                .await
                .unwrap();
            seen.push(run.id);
        }
        let query = ChangeQuery {
            limit: 9,
            ..ChangeQuery::default()
        };
        for (scope, who) in [
            (Scope::system(), vec![ann, bob]),
            (Principal::Client(bob).scope(), vec![bob]),
        ] {
            let told = sync_run::changes(&mut tx, &scope, seen[0], &query).await;
            let told: Vec<_> = told
                .unwrap()
                .iter()
                .filter_map(|it| it.contact_id)
                .collect();
            assert_eq!(told, who);
        }
    })
    .await;
}

fn finished(tx: &Tx, of: &tieline_storage::connection::Connection) -> SyncRun {
    SyncRun {
        id: tx.new_id(),
        connection_id: of.id,
        trigger: RunTrigger::Schedule,
        staff_id: None,
        state: RunState::Done,
        phase: "Done".to_owned(),
        checkpoint: Checkpoint::default(),
        counts: RunCounts::default(),
        progress_done: 0,
        progress_total: None,
        api_calls: 0,
        api_calls_minimum: 0,
        error: None,
        started_at: tx.now(),
        finished_at: Some(tx.now()),
    }
}

fn change(tx: &Tx, who: ContactId) -> Change {
    use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
    Change {
        seq: 0,
        object: "Contact".to_owned(),
        record_id: None,
        contact_id: Some(who),
        direction: ChangeDirection::ToHub,
        act: ChangeAct::Update,
        state: ChangeState::Applied,
        before: None,
        after: None,
        error: None,
        at: tx.now(),
    }
}

#[tokio::test]
async fn a_client_is_shown_and_counted_as_the_only_contact_there_is() {
    on_both(|at| async move {
        const NUMBER: &str = "+447700900101";
        let org = org(&at, "One").await;
        let ann = contact(&at, "Ann", NUMBER).await.id;
        let bob = contact(&at, "Bob", NUMBER).await.id;
        let scope = Principal::Client(bob).scope();
        let mut conn = at.store.reader().await.unwrap();
        for (id, is_shown) in [(ann, false), (bob, true)] {
            let found = contacts::get(&mut conn, &scope, id).await;
            assert_eq!(found.is_ok(), is_shown);
        }
        let names = contacts::list_names(&mut conn, &scope, &[ann, bob]).await;
        assert!(names.unwrap().into_keys().eq([bob]));
        let query = ContactQuery {
            limit: 9,
            ..ContactQuery::default()
        };
        let listed = contacts::list(&mut conn, &scope, &query).await.unwrap();
        let held = contacts::list_holders(&mut conn, &scope, NUMBER).await;
        for found in [listed, held.unwrap()] {
            assert!(found.iter().map(|it| it.id).eq([bob]));
        }
        let other = Catalogue::first("US");
        for count in [
            contacts::count(&mut conn, &scope, &query).await,
            contacts::count_unlinked(&mut conn, &scope, org.id).await,
            contacts::count_to_read_anew(&mut conn, &scope, &other).await,
        ] {
            assert_eq!(count.unwrap(), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn lists_by_name_are_told_by_name_whenever_each_was_made() {
    on_both(|at| async move {
        let desk = inbox(&at, "Sales").await;
        let first = inbox(&at, "Care").await;
        let (zoe, amy) = (user(&at, "zoe").await, user(&at, "amy").await);
        let numbers = ["Oak", "Elm"];
        for name in numbers {
            contact(&at, name, "+447700900101").await;
        }
        let mut tx = writing(&at).await;
        assert_eq!(inboxes::all(&mut tx).await.unwrap(), [first, desk]);
        let all = tieline_storage::staff::all(&mut tx).await.unwrap();
        let all: Vec<_> = all.iter().map(|it| it.id).collect();
        assert_eq!(all, [amy, zoe]);
        let held = contacts::list_holders(&mut tx, &Scope::system(), "+447700900101").await;
        let held: Vec<_> = held.unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(held, ["Elm", "Oak"]);
    })
    .await;
}
