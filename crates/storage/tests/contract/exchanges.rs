//! Conversations beside each other: what happens in one, or to two that become one, leaves a third as it is.

use super::harness::{Fixture, on_both};
use super::people::{contact, inbox, linked, org, ours, talk, theirs, user, writing};
use tieline_domain::access::{Participant, Principal, Role, Scope, StaffMember};
use tieline_domain::attachment::{Attachment, AttachmentPlace, AttachmentState};
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::{
    Author, Conversation, Kind, Message, ParticipantRole, ReadMark, TakingPart,
};
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, ConversationId, Id as _};
use tieline_storage::activity::{self, Stage, WaitingDay, WaitingQuery, Written};
use tieline_storage::connection::Connection;
use tieline_storage::consent::{self, Entry};
use tieline_storage::link::{self, Link};
use tieline_storage::{
    StorageError, Tx, attachment, contact as contacts, conversation, event, merge, message,
    participant, read_mark,
};

const NUMBERS: [&str; 3] = ["+447700900101", "+447700900102", "+447700900103"];

#[tokio::test]
async fn what_happens_to_a_message_happens_in_its_own_conversation() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (one, of_one) = talk(&at, desk, NUMBERS[0], &[ours("Hi")]).await;
        let (two, of_two) = talk(&at, desk, NUMBERS[1], &[ours("Hi")]).await;
        let mut sent = of_one[0].clone();
        sent.state = State::Sent;
        let mut tx = writing(&at).await;
        message::save_state(&mut tx, &sent, State::Queued)
            .await
            .unwrap();
        let other = conversation::get(&mut tx, &Scope::system(), two.id).await;
        assert_eq!(other.unwrap().conversation, two);
        for (row, said) in [(&one, &sent), (&two, &of_two[0])] {
            let found = message::load_by_client_key(&mut tx, row.id, "key Hi").await;
            assert_eq!(found.unwrap().as_ref(), Some(said));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_said_in_a_conversation_is_written_into_that_one() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (one, _) = talk(&at, desk, NUMBERS[0], &[ours("Hi")]).await;
        let (two, _) = talk(&at, desk, NUMBERS[1], &[ours("Hi")]).await;
        let mut more = one.clone();
        more.add(super::people::draft(&at, ours("More")));
        let before = std::collections::BTreeMap::from([(one.id, one)]);
        let mut tx = writing(&at).await;
        conversation::save_changed(&mut tx, &before, std::slice::from_ref(&more))
            .await
            .unwrap();
        more.version += 1;
        let kept = conversation::load_by_ids(&mut tx, &[more.id, two.id]).await;
        assert!(kept.unwrap().values().eq([&more, &two]));
    })
    .await;
}

#[tokio::test]
async fn what_came_in_last_is_what_they_wrote_and_nothing_beside_it() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let said = [
            theirs("One"),
            (Kind::Message, Author::Visitor, "Two"),
            ours("Three"),
            (Kind::Note, Author::Contact, "Four"),
        ];
        let (row, _) = talk(&at, desk, NUMBERS[0], &said).await;
        let (silent, _) = talk(&at, desk, NUMBERS[1], &[ours("Hello")]).await;
        let mut conn = at.store.reader().await.unwrap();
        for (id, last) in [(row.id, Some(2)), (silent.id, None)] {
            let found = message::last_received(&mut conn, id).await;
            assert_eq!(found.unwrap(), last);
        }
        for (seq, found) in [(1, (2, Some(1))), (2, (1, Some(2))), (3, (0, None))] {
            let came = message::received_from(&mut conn, &Scope::system(), row.id, seq).await;
            assert_eq!(came.unwrap(), found);
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_of_a_list_tells_of_its_own_number_inbox_and_person() {
    on_both(|at| async move {
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let ann = contact(&at, "Ann", NUMBERS[0]).await;
        let (one, _) = talk(&at, care, NUMBERS[0], &[theirs("Hello")]).await;
        let (two, _) = talk(&at, care, NUMBERS[1], &[theirs("Hello")]).await;
        let (three, _) = talk(&at, sales, NUMBERS[0], &[theirs("Hello")]).await;
        let mut tx = writing(&at).await;
        let account = super::carriers::add_account(&mut tx, "AC1").await;
        super::carriers::add_sender(&mut tx, &account, Some(sales), "+447700900010").await;
        for (point_id, state) in [
            (one.point_id, ConsentState::OptedOut),
            (two.point_id, ConsentState::OptedIn),
        ] {
            let entry = Entry {
                point_id,
                state,
                source: ConsentSource::Keyword,
                message_id: None,
            };
            consent::add(&mut tx, entry).await.unwrap();
        }
        contacts::mark_landline(&mut tx, two.point_id)
            .await
            .unwrap();
        // Who a conversation is with is found as contacts are saved.
        let ann = read(&mut tx, ann.id).await;
        contacts::save_many(&mut tx, &[ann], &british())
            .await
            .unwrap();
        let now = Some(at.store.now());
        for (row, out, land, name, sends) in [
            (&one, now, None, Some("Ann"), false),
            (&two, None, now, None, false),
            (&three, now, None, Some("Ann"), true),
        ] {
            let it = conversation::get(&mut tx, &Scope::system(), row.id).await;
            let it = it.unwrap();
            let told = (it.opted_out_since, it.landline_since);
            assert_eq!(told, (out, land));
            assert_eq!((it.contact_name.as_deref(), it.has_sender), (name, sends));
        }
        contacts::clear_landlines(&mut tx, &[one.point_id])
            .await
            .unwrap();
        let it = conversation::get(&mut tx, &Scope::system(), two.id).await;
        assert_eq!(it.unwrap().landline_since, now);
    })
    .await;
}

fn british() -> tieline_domain::catalogue::Catalogue {
    tieline_domain::catalogue::Catalogue::first("GB")
}

async fn read(tx: &mut Tx, id: ContactId) -> contacts::Contact {
    let mut found = contacts::load_by_ids(tx, &[id]).await.unwrap();
    found.remove(&id).unwrap()
}

#[tokio::test]
async fn an_attachment_is_shown_with_its_own_message_only() {
    on_both(|at| async move {
        let ann = user(&at, "ann").await;
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let (_, shown) = talk(&at, care, NUMBERS[0], &[theirs("Hello")]).await;
        let (_, hidden) = talk(&at, sales, NUMBERS[0], &[theirs("Hello")]).await;
        let of = |message: &Message| Attachment {
            id: at.store.new_id(),
            message_id: message.id,
            name: "Lease.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: 5,
            sha256: vec![7; 32],
            place: AttachmentPlace::Folder,
            state: AttachmentState::Stored,
            created_at: at.store.now(),
        };
        let both = [of(&shown[0]), of(&hidden[0])];
        let mut tx = writing(&at).await;
        attachment::create_many(&mut tx, &both).await.unwrap();
        let member = StaffMember {
            id: ann,
            role: Role::Staff,
            reviewer: false,
            inboxes: vec![care],
        };
        let scope = Principal::Staff(member).scope();
        let found = attachment::get(&mut tx, &scope, both[0].id).await;
        assert_eq!(found.unwrap(), both[0]);
        let refused = attachment::get(&mut tx, &scope, both[1].id).await;
        assert!(matches!(refused, Err(StorageError::NotFound(_))));
    })
    .await;
}

async fn parts(tx: &mut Tx, id: ConversationId) -> Vec<TakingPart> {
    let all = participant::list(tx, &Scope::system(), id).await;
    all.unwrap()
}

#[tokio::test]
async fn a_part_ends_once_for_one_person_in_one_role_in_one_conversation() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let desk = inbox(&at, "Care").await.id;
        let (one, _) = talk(&at, desk, NUMBERS[0], &[]).await;
        let (two, _) = talk(&at, desk, NUMBERS[1], &[]).await;
        let namesake = Participant::Contact(ContactId::from_uuid(ann.uuid()));
        let (ann, bob) = (Participant::Staff(ann), Participant::Staff(bob));
        let roles = [ParticipantRole::Assigned, ParticipantRole::Wrote];
        let now = at.store.now();
        let all = |id: ConversationId| -> Vec<TakingPart> {
            let of = |who| roles.map(|role| TakingPart::begin(id, who, role, now));
            [namesake, ann, bob].into_iter().flat_map(of).collect()
        };
        let mut tx = writing(&at).await;
        for id in [one.id, two.id] {
            participant::begin(&mut tx, &all(id)).await.unwrap();
        }
        for _ in 0..2 {
            at.clock.advance(10);
            participant::end(&mut tx, one.id, ann, ParticipantRole::Wrote)
                .await
                .unwrap();
        }
        let mut wanted = all(one.id);
        wanted[3].until = Some(now + 10);
        assert_eq!(parts(&mut tx, one.id).await, wanted);
        assert_eq!(parts(&mut tx, two.id).await, all(two.id));
    })
    .await;
}

#[tokio::test]
async fn who_was_merged_hands_on_their_parts_and_ties_and_nobody_else_does() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let kept = contact(&at, "Ann", "").await.id;
        let other = contact(&at, "Anne", "").await.id;
        let third = contact(&at, "Cleo", "").await.id;
        let namesake = Participant::Staff(tieline_domain::id::StaffId::from_uuid(other.uuid()));
        let mut rows = Vec::new();
        for (number, who) in NUMBERS.into_iter().zip([other, third, kept]) {
            rows.push(tied(&at, desk, number, who).await.0);
        }
        let now = at.store.now();
        let part = |row: &Conversation, who, since| {
            TakingPart::begin(row.id, who, ParticipantRole::Wrote, since)
        };
        let (to_kept, to_other) = (Participant::Contact(kept), Participant::Contact(other));
        let begun = [
            part(&rows[0], to_kept, now),
            part(&rows[0], to_other, now + 5),
            part(&rows[0], namesake, now),
            part(&rows[1], Participant::Contact(third), now),
            part(&rows[1], to_other, now + 5),
            part(&rows[2], Participant::Contact(third), now),
        ];
        let mut tx = writing(&at).await;
        participant::begin(&mut tx, &begun).await.unwrap();
        merge::contacts(&mut tx, kept, other).await.unwrap();
        assert_eq!(parts(&mut tx, rows[0].id).await, [begun[0], begun[2]]);
        let moved = part(&rows[1], to_kept, now + 5);
        assert_eq!(parts(&mut tx, rows[1].id).await, [begun[3], moved]);
        assert_eq!(parts(&mut tx, rows[2].id).await, [begun[5]]);
        for (row, who, version) in [(&rows[0], kept, 1), (&rows[1], third, 0)] {
            let now = conversation::load_by_ids(&mut tx, &[row.id]).await.unwrap();
            let now = &now[&row.id];
            assert_eq!(now.contact_id, Some(who));
            assert_eq!(now.version, row.version + version);
        }
    })
    .await;
}

/// A conversation that somebody said is with this contact.
async fn tied(
    at: &Fixture,
    desk: tieline_domain::id::InboxId,
    number: &str,
    who: ContactId,
) -> (Conversation, Vec<Message>) {
    let (mut row, said) = talk(at, desk, number, &[theirs("Hello")]).await;
    row.decide_tie(Some(who));
    save(at, &mut row).await;
    (row, said)
}

async fn save(at: &Fixture, row: &mut Conversation) {
    let mut tx = writing(at).await;
    conversation::save_many(&mut tx, std::slice::from_ref(row))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    row.version += 1;
}

#[tokio::test]
async fn what_two_conversations_become_leaves_a_third_as_it_is() {
    on_both(|at| async move {
        let ann = user(&at, "ann").await;
        let desk = inbox(&at, "Care").await.id;
        let mut rows = Vec::new();
        for number in NUMBERS {
            rows.push(talk(&at, desk, number, &[theirs("a"), theirs("b")]).await);
        }
        let who = Participant::Staff(ann);
        let mut tx = writing(&at).await;
        for (row, _) in &rows {
            let part = TakingPart::begin(row.id, who, ParticipantRole::Wrote, at.store.now());
            participant::begin(&mut tx, &[part]).await.unwrap();
            let mark = ReadMark {
                seq: 1,
                received: 1,
            };
            read_mark::set(&mut tx, row, ann, mark).await.unwrap();
        }
        merge::conversations(&mut tx, rows[0].0.id, rows[1].0.id)
            .await
            .unwrap();
        let (third, said) = &rows[2];
        let now = conversation::load_by_ids(&mut tx, &[third.id]).await;
        assert_eq!(now.unwrap()[&third.id], *third);
        let part = tieline_storage::message::Part::End;
        let now = message::list(&mut tx, &Scope::system(), third.id, part, 9).await;
        assert_eq!(now.unwrap(), *said);
        let mark = read_mark::get(&mut tx, third.id, ann).await.unwrap();
        assert_eq!((mark.seq, mark.received), (1, 1));
        assert_eq!(parts(&mut tx, third.id).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn screens_hear_of_both_that_became_one_and_of_each_that_is_with_another_now() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let kept = contact(&at, "Ann", "").await.id;
        let other = contact(&at, "Anne", "").await.id;
        let (one, _) = tied(&at, desk, NUMBERS[0], other).await;
        let (two, _) = tied(&at, desk, NUMBERS[1], other).await;
        let (three, _) = tied(&at, desk, NUMBERS[2], kept).await;
        let told = async |before: i64| -> Vec<ConversationId> {
            let mut conn = at.store.reader().await.unwrap();
            let news = event::list_after(&mut conn, &Scope::system(), before, 50).await;
            let news = news.unwrap().expect("nothing was forgotten").0.into_iter();
            let news = news.filter_map(|it| match it.event {
                Event::Conversation {
                    inbox_id,
                    conversation_id,
                } if inbox_id == desk => Some(conversation_id),
                _ => None,
            });
            let mut ids: Vec<_> = news.collect();
            ids.sort();
            ids
        };
        let before = *at.store.head().borrow();
        let mut tx = writing(&at).await;
        merge::contacts(&mut tx, kept, other).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told(before).await, [one.id, two.id]);
        let before = *at.store.head().borrow();
        let mut tx = writing(&at).await;
        merge::conversations(&mut tx, one.id, three.id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told(before).await, [one.id, three.id]);
    })
    .await;
}

async fn news(at: &Fixture, row: &Conversation, days: &[i64]) {
    let mut tx = writing(at).await;
    for day in days {
        activity::mark_waiting(&mut tx, [row], *day).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn waiting(at: &Fixture, org: &Connection, stage: Stage) -> Vec<WaitingDay> {
    let query = WaitingQuery {
        stage,
        since_day: 0,
        after: None,
        limit: 50,
    };
    let mut conn = at.store.reader().await.unwrap();
    activity::waiting(&mut conn, org.id, &query).await.unwrap()
}

async fn held(at: &Fixture, org: &Connection, day: &WaitingDay, record: &str) {
    let held = Written::Held {
        record_id: record.to_owned(),
    };
    let mut tx = writing(at).await;
    activity::record(&mut tx, org.id, day, &held).await.unwrap();
    tx.commit().await.unwrap();
}

type Told = (ConversationId, i64, Option<String>, String, i64);

/// What waits in an org: the conversation, the day, its Task, with whom, and how much is new.
async fn told(at: &Fixture, org: &Connection) -> Vec<Told> {
    let mut all = Vec::new();
    for stage in [Stage::Missing, Stage::Begun, Stage::Known] {
        let days = waiting(at, org, stage).await.into_iter();
        all.extend(days.map(|it| (it.conversation_id, it.day, it.record_id, it.who, it.news)));
    }
    all.sort();
    all
}

#[tokio::test]
async fn a_day_of_two_conversations_that_became_one_is_one_task_and_a_third_keeps_its_own() {
    on_both(|at| async move {
        let first = org(&at, "One").await;
        let ann = contact(&at, "Ann", "").await;
        let bob = contact(&at, "Bob", "").await;
        linked(&at, &first, &ann, "003A").await;
        linked(&at, &first, &bob, "003B").await;
        let desk = inbox(&at, "Care").await.id;
        let (mut one, _) = tied(&at, desk, NUMBERS[0], ann.id).await;
        let (two, _) = tied(&at, desk, NUMBERS[1], ann.id).await;
        let (three, _) = tied(&at, desk, NUMBERS[2], ann.id).await;
        news(&at, &one, &[5, 7, 8]).await;
        news(&at, &two, &[7]).await;
        news(&at, &three, &[7]).await;
        let second = org(&at, "Two").await;
        linked(&at, &second, &ann, "003C").await;
        news(&at, &two, &[8, 9]).await;
        for day in waiting(&at, &first, Stage::Missing).await {
            if day.conversation_id == one.id && day.day < 8 {
                held(&at, &first, &day, &format!("00T{}", day.day)).await;
            }
        }
        // On the tenth it went from Ann to Bob.
        news(&at, &one, &[10]).await;
        one.decide_tie(Some(bob.id));
        save(&at, &mut one).await;
        news(&at, &one, &[10]).await;
        let mut tx = writing(&at).await;
        merge::conversations(&mut tx, one.id, two.id).await.unwrap();
        tx.commit().await.unwrap();
        let row = |id, day, record: Option<&str>, who: &str, news| -> Told {
            (id, day, record.map(str::to_owned), who.to_owned(), news)
        };
        let wanted = [
            row(one.id, 7, Some("00T7"), "003A", 2),
            row(one.id, 8, None, "003A", 2),
            row(one.id, 9, None, "003A", 1),
            row(one.id, 10, None, "003B", 1),
            row(three.id, 7, None, "003A", 1),
        ];
        assert_eq!(told(&at, &first).await, wanted, "the fifth is as it was");
        let wanted = [
            row(one.id, 8, None, "003C", 1),
            row(one.id, 9, None, "003C", 1),
        ];
        assert_eq!(told(&at, &second).await, wanted);
        let mut conn = at.store.reader().await.unwrap();
        let kept = conversation::load_by_ids(&mut conn, &[one.id]).await;
        let kept = kept.unwrap()[&one.id].tie_from;
        drop(conn);
        assert!(kept > 0);
        for it in waiting(&at, &first, Stage::Missing).await {
            let from = if it.conversation_id == one.id {
                kept
            } else {
                0
            };
            assert_eq!((it.tie_from, it.tie_until), (from, None));
        }
    })
    .await;
}

#[tokio::test]
async fn a_day_in_hand_is_one_conversations_one_day_in_one_org() {
    on_both(|at| async move {
        let (first, second) = (org(&at, "One").await, org(&at, "Two").await);
        let ann = contact(&at, "Ann", "").await;
        let primary = linked(&at, &first, &ann, "003A").await;
        let there = linked(&at, &second, &ann, "003B").await;
        let lead = Link {
            id: at.store.new_id(),
            object: "Lead".to_owned(),
            record_id: "00QA".to_owned(),
            is_primary: false,
            ..primary
        };
        let mut tx = writing(&at).await;
        link::create_many(&mut tx, &[lead]).await.unwrap();
        tx.commit().await.unwrap();
        let desk = inbox(&at, "Care").await.id;
        let (one, said) = tied(&at, desk, NUMBERS[0], ann.id).await;
        let (two, _) = tied(&at, desk, NUMBERS[1], ann.id).await;
        news(&at, &one, &[7, 8]).await;
        news(&at, &two, &[7]).await;
        let missing = async |org: &Connection| -> Vec<(ConversationId, i64, i64)> {
            let days = waiting(&at, org, Stage::Missing).await.into_iter();
            days.map(|it| (it.conversation_id, it.day, it.news))
                .collect()
        };
        let rest = [(two.id, 7, 1), (one.id, 8, 1)];
        let day = waiting(&at, &first, Stage::Missing).await.remove(0);
        let mut tx = writing(&at).await;
        activity::begin(&mut tx, first.id, std::slice::from_ref(&day))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(missing(&first).await, rest);
        let all = [(one.id, 7, 1), rest[0], rest[1]];
        assert_eq!(missing(&second).await, all, "page by page in one order");
        held(&at, &first, &day, "00T1").await;
        assert_eq!(missing(&first).await, rest);
        assert_eq!(missing(&second).await, all);
        let mut tx = writing(&at).await;
        let known = activity::known_records(&mut tx, second.id, &["00T1".to_owned()]).await;
        assert!(known.unwrap().is_empty());
        activity::mark_changed(&mut tx, &said[0], 7).await.unwrap();
        let both = activity::connections_waiting(&mut tx, 0).await.unwrap();
        assert_eq!(both, [first.id, second.id]);
        tx.commit().await.unwrap();
        assert_eq!(missing(&first).await, rest);
        let known = waiting(&at, &first, Stage::Known).await;
        assert_eq!((known[0].conversation_id, known[0].news), (one.id, 2));
        assert_eq!(missing(&second).await[0], (one.id, 7, 2));
        assert_eq!(missing(&second).await[1..], rest);
        let mut tx = writing(&at).await;
        let gone = Link {
            state: tieline_domain::sync::link::LinkState::Gone,
            ..there
        };
        link::update_many(&mut tx, &[gone]).await.unwrap();
        let left = activity::connections_waiting(&mut tx, 0).await.unwrap();
        assert_eq!(left, [first.id]);
        tx.commit().await.unwrap();
        assert_eq!(missing(&second).await, []);
    })
    .await;
}
