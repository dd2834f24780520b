//! Conversations and messages: listed in order and in pages within a scope, never overwritten unseen.

use super::harness::{Fixture, on_both};
use super::people::{contact as person, draft, inbox, ours, talk, theirs, user, writing};
use std::collections::BTreeMap;
use tieline_domain::access::{Principal, Role, Scope, StaffMember};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::conversation::{
    Author, Conversation, HubReason, Kind, ListPlace, ReadMark, Tie,
};
use tieline_domain::delivery::State;
use tieline_domain::failure::FailureCode;
use tieline_domain::id::{ContactId, ConversationId, InboxId, StaffId};
use tieline_domain::time::Timestamp;
use tieline_storage::conversation::{self, ConversationQuery, View, ViewCounts};
use tieline_storage::message::Part;
use tieline_storage::{StorageError, Tx, contact, message, read_mark};

fn member(staff: StaffId, inboxes: &[InboxId]) -> Scope {
    let member = StaffMember {
        id: staff,
        role: Role::Staff,
        reviewer: false,
        inboxes: inboxes.to_vec(),
    };
    Principal::Staff(member).scope()
}

async fn listed(at: &Fixture, scope: &Scope, query: ConversationQuery) -> Vec<ConversationId> {
    let mut conn = at.store.reader().await.unwrap();
    let query = ConversationQuery { limit: 50, ..query };
    let page = conversation::list(&mut conn, scope, &query).await.unwrap();
    page.iter().map(|row| row.conversation.id).collect()
}

#[tokio::test]
async fn a_conversation_reads_back_as_it_was_written_and_is_not_overwritten_unseen() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let said = [theirs("Hello"), ours("Hi")];
        let (row, _) = talk(&at, desk.id, "+447700900101", &said).await;
        let mut conn = at.store.reader().await.unwrap();
        let scope = Scope::system();
        let read = conversation::get(&mut conn, &scope, row.id).await.unwrap();
        assert_eq!(read.conversation, row);
        assert_eq!(read.address, "+447700900101");
        let by_id = conversation::load_by_ids(&mut conn, &[row.id])
            .await
            .unwrap();
        assert_eq!(by_id[&row.id], row);
        let points = [row.point_id];
        let by_point = conversation::load_by_points(&mut conn, &points)
            .await
            .unwrap();
        assert_eq!(by_point[&(desk.id, row.point_id)], row);
        drop(conn);
        let mut changed = row.clone();
        changed.open = false;
        for (expected, version) in [(true, 1), (false, 1), (true, 2)] {
            let mut tx = writing(&at).await;
            changed.version = version;
            let saved = conversation::save_many(&mut tx, std::slice::from_ref(&changed)).await;
            assert_eq!(saved.is_ok(), expected, "version {version}: {saved:?}");
            if expected {
                tx.commit().await.unwrap();
            } else {
                assert!(matches!(saved, Err(StorageError::Conflict("conversation"))));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_said_and_what_changed_with_it_is_written_and_nothing_unseen_overwritten() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let (row, _) = talk(&at, desk.id, "+447700900101", &[theirs("Hello")]).await;
        let mut row = row;
        let note = (Kind::Note, Author::Staff(at.store.new_id()), "Who is this?");
        let sent = (Kind::Message, Author::ApiKey(at.store.new_id()), "Yes");
        for (said, goes_on) in [
            (theirs("Are you there?"), true),
            (ours("You will get no more"), true),
            (note, true),
            (sent, false),
        ] {
            at.clock.advance(10);
            let before = BTreeMap::from([(row.id, row.clone())]);
            let mut more = row.clone();
            more.add(draft(&at, said));
            assert_eq!(more.goes_on_from(&row), goes_on, "{said:?}");
            for expected in [true, false] {
                let mut tx = writing(&at).await;
                let now = std::slice::from_ref(&more);
                let saved = conversation::save_changed(&mut tx, &before, now).await;
                assert_eq!(saved.is_ok(), expected, "{said:?}: {saved:?}");
                if expected {
                    tx.commit().await.unwrap();
                }
            }
            let mut conn = at.store.reader().await.unwrap();
            let kept = conversation::load_by_ids(&mut conn, &[row.id]).await;
            more.version += 1;
            assert_eq!(kept.unwrap()[&row.id], more, "{said:?}");
            row = more;
        }
    })
    .await;
}

#[tokio::test]
async fn lists_show_ours_to_answer_first_page_by_page_and_each_view_its_own() {
    on_both(|at| async move {
        let ann = user(&at, "ann").await;
        let desk = inbox(&at, "+447700900010").await;
        let mut all = Vec::new();
        for number in 0..9 {
            at.clock.advance(1_000);
            let words = format!("Hello {number}");
            let said = match number % 3 {
                0 => [theirs(&words)],
                _ => [ours(&words)],
            };
            let (mut row, _) = talk(&at, desk.id, &format!("+4477009001{number:02}"), &said).await;
            if number == 8 {
                row.open = false;
            } else if number < 3 {
                row.assigned_to = Some(ann);
            }
            // What the hub writes by itself leaves the turn where it is.
            let mut tx = writing(&at).await;
            conversation::save_many(&mut tx, std::slice::from_ref(&row))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            all.push(row.id);
        }
        let scope = Scope::system();
        let of = |wanted: &[usize]| -> Vec<ConversationId> {
            wanted.iter().map(|it| all[*it]).collect()
        };
        for (view, wanted) in [
            (View::All, &[6, 3, 0, 7, 5, 4, 2, 1][..]),
            (View::AssignedTo(ann), &[0, 2, 1]),
            (View::Nobodys, &[6, 3, 7, 5, 4]),
            (View::Closed, &[8]),
        ] {
            let mut query = ConversationQuery {
                view,
                ..ConversationQuery::default()
            };
            let all = listed(&at, &scope, query.clone()).await;
            assert_eq!(all, of(wanted), "{view:?}");
            let mut conn = at.store.reader().await.unwrap();
            query.among = Some(of(&[1, 7, 8]));
            let counted = conversation::count(&mut conn, &scope, &query).await;
            assert_eq!(counted.unwrap(), wanted.len() as i64, "{view:?}");
            let mut some = of(wanted);
            some.retain(|id| of(&[1, 7, 8]).contains(id));
            assert_eq!(listed(&at, &scope, query.clone()).await, some, "{view:?}");
            query.among = Some(Vec::new());
            assert!(listed(&at, &scope, query).await.is_empty());
        }
        let mut conn = at.store.reader().await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = ConversationQuery {
                after,
                limit: 3,
                ..ConversationQuery::default()
            };
            let page = conversation::list(&mut conn, &scope, &query).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(ListPlace::of(&last.conversation));
            seen.extend(page.iter().map(|row| row.conversation.id));
            assert!(seen.len() <= all.len(), "it never ends: {seen:?}");
        }
        assert_eq!(seen, of(&[6, 3, 0, 7, 5, 4, 2, 1]));
        let anns = member(ann, &[desk.id]);
        let counts = conversation::count_views(&mut conn, &anns);
        let expected = ViewCounts {
            all: 8,
            mine: 3,
            nobodys: 5,
            ours: 3,
            unread: 3,
        };
        assert_eq!(counts.await.unwrap(), expected);
        let mut groups = conversation::count_groups(&mut conn, &scope).await.unwrap();
        groups.sort_by_key(|group| (group.assigned_to, group.our_turn));
        let groups: Vec<_> = groups
            .iter()
            .map(|it| (it.assigned_to, it.our_turn, it.number))
            .collect();
        assert_eq!(
            groups,
            [
                (None, false, 3),
                (None, true, 2),
                (Some(ann), false, 2),
                (Some(ann), true, 1)
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_reads_what_is_said_in_an_inbox_that_is_not_theirs() {
    on_both(|at| async move {
        let ann = user(&at, "ann").await;
        let (mine, others) = (
            inbox(&at, "+447700900010").await,
            inbox(&at, "+447700900011").await,
        );
        let person = person(&at, "Shared", "+447700900101").await;
        let (shown, said) = talk(&at, mine.id, "+447700900101", &[theirs("To us")]).await;
        let (hidden, secret) = talk(&at, others.id, "+447700900101", &[theirs("To them")]).await;
        let scope = member(ann, &[mine.id]);
        for query in [
            ConversationQuery::default(),
            ConversationQuery {
                words: "to".to_owned(),
                ..ConversationQuery::default()
            },
            ConversationQuery {
                words: "900101".to_owned(),
                ..ConversationQuery::default()
            },
        ] {
            assert_eq!(
                listed(&at, &scope, query.clone()).await,
                [shown.id],
                "{query:?}"
            );
            let mut conn = at.store.reader().await.unwrap();
            let counted = conversation::count(&mut conn, &scope, &query).await;
            assert_eq!(counted.unwrap(), 1, "{query:?}");
            let both = [shown.id, hidden.id];
            let hits = message::list_hits(&mut conn, &scope, &query.words, &both).await;
            let hits = hits.unwrap().into_iter();
            let hits: Vec<_> = hits.map(|hit| hit.message.conversation_id).collect();
            let said = if query.words == "to" { &both[..1] } else { &[] };
            assert_eq!(hits, said, "{query:?}");
            let among = Some(vec![hidden.id]);
            let none = ConversationQuery { among, ..query };
            assert_eq!(listed(&at, &scope, none).await, []);
        }
        let mut conn = at.store.reader().await.unwrap();
        let refused = conversation::get(&mut conn, &scope, hidden.id).await;
        assert!(
            matches!(refused, Err(StorageError::NotFound(_))),
            "{refused:?}"
        );
        let refused = message::list(&mut conn, &scope, hidden.id, Part::End, 10).await;
        assert!(
            matches!(refused, Err(StorageError::NotFound(_))),
            "{refused:?}"
        );
        let both = [shown.id, hidden.id];
        let found = conversation::list_by_ids(&mut conn, &scope, &both)
            .await
            .unwrap();
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [shown.id]);
        for tied in [false, true] {
            if tied {
                let mut tx = writing(&at).await;
                let mut both = [shown.clone(), hidden.clone()];
                both.iter_mut()
                    .for_each(|it| it.decide_tie(Some(person.id)));
                conversation::save_many(&mut tx, &both).await.unwrap();
                tx.commit().await.unwrap();
            }
            let found = conversation::list_of_contact(&mut conn, &scope, person.id).await;
            let found = found.unwrap().into_iter().map(|it| it.conversation.id);
            assert_eq!(found.collect::<Vec<_>>(), [shown.id], "tied: {tied}");
        }
        let both = [said[0].id, secret[0].id];
        let found = message::list_by_ids(&mut conn, &scope, &both)
            .await
            .unwrap();
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [said[0].id]);
        let counts = conversation::count_views(&mut conn, &scope).await.unwrap();
        assert_eq!(counts.all, 1);
        let groups = conversation::count_groups(&mut conn, &scope).await.unwrap();
        assert_eq!(groups.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn messages_read_back_as_they_were_written_in_order_and_by_their_names() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let said = [
            theirs("One"),
            ours("Two"),
            (Kind::Note, Author::Hub(HubReason::Merged), "Three"),
            theirs("Four 😀"),
        ];
        let (row, said) = talk(&at, desk.id, "+447700900101", &said).await;
        let mut conn = at.store.reader().await.unwrap();
        let scope = Scope::system();
        let all = message::list(&mut conn, &scope, row.id, Part::End, 10)
            .await
            .unwrap();
        assert_eq!(all, said);
        let page = message::list(&mut conn, &scope, row.id, Part::Before(4), 2)
            .await
            .unwrap();
        assert_eq!(page, said[1..3]);
        for (words, found) in [
            ("one", Some(0)),
            ("two o", Some(1)),
            ("o", Some(3)),
            ("no", None),
        ] {
            let hits = message::list_hits(&mut conn, &scope, words, &[row.id]).await;
            let hits: Vec<_> = hits.unwrap().into_iter().map(|hit| hit.message).collect();
            let wanted: Vec<_> = found.map(|n: usize| said[n].clone()).into_iter().collect();
            assert_eq!(hits, wanted, "{words}");
        }
        for (part, limit, wanted) in [
            (Part::After(1), 2, 1..3),
            (Part::After(4), 2, 4..4),
            (Part::Around(2), 2, 0..2),
            (Part::Around(2), 3, 0..3),
            (Part::Around(4), 3, 2..4),
            (Part::Around(1), 1, 0..1),
        ] {
            let page = message::list(&mut conn, &scope, row.id, part, limit).await;
            assert_eq!(page.unwrap(), said[wanted], "{part:?}, {limit}");
        }
        let by_id = message::load_by_ids(&mut conn, &[said[3].id])
            .await
            .unwrap();
        assert_eq!(by_id[&said[3].id], said[3]);
        let again = message::load_by_client_key(&mut conn, row.id, "key Two")
            .await
            .unwrap();
        assert_eq!(again.as_ref(), Some(&said[1]));
        let other = message::load_by_client_key(&mut conn, row.id, "key")
            .await
            .unwrap();
        assert_eq!(other, None);
        let now = at.store.now();
        for (from, until, count) in [
            (now, now + 1, 4),
            (now + 1, now + 9, 0),
            (Timestamp(0), now, 0),
        ] {
            let span = message::load_span(&mut conn, &[row.id], from, until)
                .await
                .unwrap();
            assert_eq!(span.get(&row.id).map_or(0, Vec::len), count);
        }
    })
    .await;
}

#[tokio::test]
async fn a_span_is_told_as_it_was_said_though_the_clock_was_set_back_meanwhile() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let (mut row, mut said) = talk(&at, desk.id, "+447700900101", &[theirs("One")]).await;
        at.clock.advance(-10);
        let more = row.add(draft(&at, ours("Two")));
        let mut tx = writing(&at).await;
        conversation::save_many(&mut tx, std::slice::from_ref(&row))
            .await
            .unwrap();
        message::create_many(&mut tx, std::slice::from_ref(&more))
            .await
            .unwrap();
        said.push(more);
        let now = at.store.now();
        let span = message::load_span(&mut tx, &[row.id], now, now + 11).await;
        assert_eq!(span.unwrap()[&row.id], said);
    })
    .await;
}

#[tokio::test]
async fn who_begins_what_somebody_else_began_meanwhile_is_told_to_look_again() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let (row, _) = talk(&at, desk.id, "+447700900101", &[theirs("Hello")]).await;
        let second = Conversation::begin(at.store.new_id(), desk.id, row.point_id, at.store.now());
        let mut tx = writing(&at).await;
        let late = conversation::save_many(&mut tx, &[second]).await;
        assert!(
            matches!(late, Err(StorageError::Conflict("conversation"))),
            "{late:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_state_of_a_message_is_moved_on_once_and_by_whoever_saw_it_last() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let (row, said) = talk(&at, desk.id, "+447700900101", &[ours("Two"), ours("Three")]).await;
        let mut sent = said[0].clone();
        sent.state = State::Failed;
        sent.failure = Some(FailureCode::PhoneUnreachable.into());
        sent.state_at = at.store.now() + 5;
        let mut tx = writing(&at).await;
        message::save_state(&mut tx, &sent, State::Queued)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = writing(&at).await;
        let late = message::save_state(&mut tx, &sent, State::Queued).await;
        assert!(
            matches!(late, Err(StorageError::Conflict("message"))),
            "{late:?}"
        );
        drop(tx);
        let mut conn = at.store.reader().await.unwrap();
        let read = message::list(&mut conn, &Scope::system(), row.id, Part::End, 10).await;
        assert_eq!(read.unwrap(), [sent, said[1].clone()]);
        drop(conn);
        // A list shows the state of the last message, and of no other.
        let mut last = said[1].clone();
        for shown in [State::Queued, State::Sending] {
            let mut tx = writing(&at).await;
            let listed = conversation::get(&mut tx, &Scope::system(), row.id).await;
            let of_last = listed.unwrap().conversation.last.map(|it| it.state);
            assert_eq!(of_last, Some(shown));
            last.state = State::Sending;
            let saved = message::save_state(&mut tx, &last, shown).await;
            saved.unwrap();
            tx.commit().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_conversation_follows_whoever_answers_to_its_number_until_a_person_decides() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let (row, _) = talk(&at, desk.id, "+447700900101", &[theirs("Hello")]).await;
        let tied = async || {
            let mut conn = at.store.reader().await.unwrap();
            let read = conversation::load_by_ids(&mut conn, &[row.id])
                .await
                .unwrap();
            (read[&row.id].contact_id, read[&row.id].tie)
        };
        assert_eq!(tied().await, (None, Tie::Derived));
        let ann = person(&at, "Ann", "+447700900101").await;
        assert_eq!(tied().await, (Some(ann.id), Tie::Derived));
        let _bob = person(&at, "Bob", "+447700900101").await;
        assert_eq!(
            tied().await,
            (None, Tie::Derived),
            "two people answer to it"
        );
    })
    .await;
}

#[tokio::test]
async fn a_persons_word_ends_with_the_contact_whom_it_named_and_no_other_does() {
    on_both(|at| async move {
        let desk = inbox(&at, "+447700900010").await;
        let mut ann = person(&at, "Ann", "+447700900101").await;
        let bob = person(&at, "Bob", "+447700900102").await;
        let mut rows = Vec::new();
        for (number, said_it_is) in [
            ("+447700900101", Some(ann.id)),
            ("+447700900102", Some(ann.id)),
            ("+447700900103", Some(bob.id)),
            ("+447700900104", None),
        ] {
            let (mut row, _) = talk(&at, desk.id, number, &[theirs("Hello")]).await;
            row.decide_tie(said_it_is);
            let mut tx = writing(&at).await;
            conversation::save_many(&mut tx, std::slice::from_ref(&row))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            rows.push(row);
        }
        let ids: Vec<ConversationId> = rows.iter().map(|it| it.id).collect();
        let mut tx = writing(&at).await;
        assert!(held(&mut tx, ann.id).await);
        (ann.deleted_at, ann.version) = (Some(at.store.now()), 1);
        let catalogue = Catalogue::first("GB");
        contact::save_many(&mut tx, std::slice::from_ref(&ann), &catalogue)
            .await
            .unwrap();
        assert!(!held(&mut tx, ann.id).await);
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let now = conversation::load_by_ids(&mut conn, &ids).await.unwrap();
        let now = ids.iter().map(|id| {
            let it = &now[id];
            (it.contact_id, it.tie, it.tie_from, it.version)
        });
        let expected = [
            (None, Tie::Derived, 2, 3),
            (Some(bob.id), Tie::Derived, 2, 3),
            (Some(bob.id), Tie::Decided, 0, 2),
            (None, Tie::Decided, 0, 2),
        ];
        assert_eq!(now.collect::<Vec<_>>(), expected);
    })
    .await;
}

async fn held(tx: &mut Tx, id: ContactId) -> bool {
    contact::hold(tx, id).await.unwrap()
}

#[tokio::test]
async fn how_far_each_person_has_read_is_loaded_for_many_conversations() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let desk = inbox(&at, "+447700900010").await;
        let (first, _) = talk(&at, desk.id, "+447700900101", &[theirs("One")]).await;
        let (second, _) = talk(&at, desk.id, "+447700900102", &[theirs("Two")]).await;
        let mut tx = writing(&at).await;
        for (row, reader) in [(&first, ann), (&first, bob), (&second, ann)] {
            let mark = ReadMark::at_end(row);
            read_mark::set(&mut tx, row, reader, mark).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let marks = read_mark::load(&mut conn, &[first.id]).await.unwrap();
        let end = ReadMark::at_end(&first);
        let expected = [((first.id, ann), end), ((first.id, bob), end)];
        assert_eq!(marks, expected.into());
    })
    .await;
}
