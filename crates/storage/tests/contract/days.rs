//! Days of conversations that wait to be logged, consent, inboxes, and texts that nobody was to have.

use super::harness::{Fixture, on_both};
use super::people::{contact, inbox, linked, org, point, talk, theirs, user, writing};
use std::time::Duration;
use tieline_domain::access::{Actor, Principal, Role, Scope, StaffMember};
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::Conversation;
use tieline_domain::event::Event;
use tieline_domain::receive::Unassigned;
use tieline_storage::activity::{self, Stage, WaitingDay, WaitingQuery, Written};
use tieline_storage::connection::Connection;
use tieline_storage::consent::{self, Entry};
use tieline_storage::{
    StorageError, Store, contact as contacts, event, inbox as inboxes, setting, staff,
    unassigned_text,
};

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

async fn news(at: &Fixture, conversation: &Conversation, day: i64) {
    let mut tx = writing(at).await;
    activity::mark_waiting(&mut tx, [conversation], day)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn record(at: &Fixture, org: &Connection, day: &WaitingDay, written: Written) {
    let mut tx = writing(at).await;
    activity::record(&mut tx, org.id, day, &written)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_day_waits_until_its_news_is_in_the_org_and_news_that_came_meanwhile_waits_on() {
    on_both(|at| async move {
        let org = org(&at, "One").await;
        let ours = inbox(&at, "+447700900010").await;
        let ann = contact(&at, "Ann", "+447700900101").await;
        let said = [theirs("Hello")];
        let (row, _) = talk(&at, ours.id, "+447700900101", &said).await;
        let mut tx = writing(&at).await;
        let mut row = row;
        row.contact_id = Some(ann.id);
        tieline_storage::conversation::save_many(&mut tx, &[row.clone()])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        news(&at, &row, 7).await;
        assert!(
            waiting(&at, &org, Stage::Missing).await.is_empty(),
            "nobody to log it on"
        );
        let asked = async |since: i64| {
            let mut conn = at.store.reader().await.unwrap();
            activity::connections_waiting(&mut conn, since)
                .await
                .unwrap()
        };
        assert!(asked(0).await.is_empty());
        linked(&at, &org, &ann, "003A").await;
        assert_eq!(asked(0).await, [org.id]);
        assert!(asked(8).await.is_empty());
        let day = waiting(&at, &org, Stage::Missing).await.remove(0);
        let expected = WaitingDay {
            conversation_id: row.id,
            day: 7,
            tie_from: 0,
            tie_until: None,
            contact_id: ann.id,
            record_id: None,
            begun_at: None,
            news: 1,
            who: "003A".to_owned(),
            address: "+447700900101".to_owned(),
            name: "Ann".to_owned(),
        };
        assert_eq!(day, expected);
        let mut tx = writing(&at).await;
        activity::begin(&mut tx, org.id, std::slice::from_ref(&day))
            .await
            .unwrap();
        let twice = activity::begin(&mut tx, org.id, std::slice::from_ref(&day)).await;
        assert!(
            matches!(twice, Err(StorageError::Conflict("activity"))),
            "{twice:?}"
        );
        tx.commit().await.unwrap();
        let begun = waiting(&at, &org, Stage::Begun).await.remove(0);
        assert_eq!(begun.begun_at, Some(at.store.now()));
        news(&at, &row, 7).await;
        let record_id = "00T1".to_owned();
        record(
            &at,
            &org,
            &begun,
            Written::Held {
                record_id: record_id.clone(),
            },
        )
        .await;
        let known = waiting(&at, &org, Stage::Known).await.remove(0);
        assert_eq!((known.news, known.record_id.as_deref()), (2, Some("00T1")));
        record(&at, &org, &known, Written::Held { record_id }).await;
        assert!(waiting(&at, &org, Stage::Known).await.is_empty());
        let mut conn = at.store.reader().await.unwrap();
        let records = ["00T1", "00T2"].map(str::to_owned);
        let known = activity::known_records(&mut conn, org.id, &records)
            .await
            .unwrap();
        assert_eq!(known, ["00T1"]);
    })
    .await;
}

#[tokio::test]
async fn a_day_with_two_people_has_a_row_of_each() {
    on_both(|at| async move {
        let org = org(&at, "One").await;
        let ours = inbox(&at, "+447700900010").await;
        let ann = contact(&at, "Ann", "+447700900101").await;
        let bob = contact(&at, "Bob", "+447700900102").await;
        linked(&at, &org, &ann, "003A").await;
        linked(&at, &org, &bob, "003B").await;
        let (mut row, said) = talk(&at, ours.id, "+447700900101", &[theirs("Hello")]).await;
        let save = async |row: &Conversation| {
            let mut tx = writing(&at).await;
            tieline_storage::conversation::save_many(&mut tx, std::slice::from_ref(row))
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        row.contact_id = None;
        news(&at, &row, 7).await;
        row.decide_tie(Some(ann.id));
        save(&row).await;
        row.version += 1;
        news(&at, &row, 7).await;
        row.decide_tie(Some(bob.id));
        save(&row).await;
        let told = async || {
            let days = waiting(&at, &org, Stage::Missing).await;
            let told = |it: WaitingDay| (it.who, it.tie_from, it.tie_until, it.news);
            days.into_iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(told().await, [("003A".to_owned(), 0, None, 2)]);
        news(&at, &row, 7).await;
        news(&at, &row, 8).await;
        let two = [
            ("003A".to_owned(), 0, Some(2), 2),
            ("003B".to_owned(), 2, None, 1),
        ];
        assert_eq!(told().await[..2], two);
        let mut tx = writing(&at).await;
        activity::mark_changed(&mut tx, &said[0], 7).await.unwrap();
        tx.commit().await.unwrap();
        let changed: Vec<_> = told().await.into_iter().map(|it| it.3).collect();
        assert_eq!(changed, [3, 1, 1], "the row that the message is in");
        let query = WaitingQuery {
            stage: Stage::Missing,
            since_day: 0,
            after: Some((7, row.id, 0)),
            limit: 1,
        };
        let mut conn = at.store.reader().await.unwrap();
        let next = activity::waiting(&mut conn, org.id, &query).await.unwrap();
        assert_eq!((next[0].day, next[0].tie_from), (7, 2));
    })
    .await;
}

#[tokio::test]
async fn what_came_of_a_day_decides_whether_it_waits_on() {
    on_both(|at| async move {
        let org = org(&at, "One").await;
        let ours = inbox(&at, "+447700900010").await;
        let ann = contact(&at, "Ann", "+447700900101").await;
        linked(&at, &org, &ann, "003A").await;
        let (mut row, _) = talk(&at, ours.id, "+447700900101", &[theirs("Hello")]).await;
        row.contact_id = Some(ann.id);
        let mut tx = writing(&at).await;
        tieline_storage::conversation::save_many(&mut tx, std::slice::from_ref(&row))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let record_id = || "00T1".to_owned();
        let held = Written::Held {
            record_id: record_id(),
        };
        let found = Written::Found {
            record_id: record_id(),
        };
        let refused = Written::Refused {
            error: "no".to_owned(),
        };
        // Whether it waits, and whether it waits once there is news again.
        for (day, written, waits, waits_again) in [
            (1, held, false, true),
            (2, found, true, true),
            (3, Written::NotMade, true, true),
            (4, refused, false, true),
            (5, Written::Ended, false, false),
        ] {
            let stages = [Stage::Missing, Stage::Begun, Stage::Known];
            let is_waiting = async || {
                for stage in stages {
                    if waiting(&at, &org, stage)
                        .await
                        .iter()
                        .any(|it| it.day == day)
                    {
                        return true;
                    }
                }
                false
            };
            news(&at, &row, day).await;
            let all = waiting(&at, &org, Stage::Missing).await;
            let it = all.iter().find(|it| it.day == day).unwrap();
            record(&at, &org, it, written.clone()).await;
            assert_eq!(is_waiting().await, waits, "{written:?}");
            news(&at, &row, day).await;
            assert_eq!(is_waiting().await, waits_again, "{written:?}, then news");
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_word_of_a_point_stands() {
    on_both(|at| async move {
        let said = point(&at, "+447700900101").await;
        let silent = point(&at, "+447700900102").await;
        for state in [
            ConsentState::OptedOut,
            ConsentState::OptedIn,
            ConsentState::OptedOut,
        ] {
            at.clock.advance(10);
            let mut tx = writing(&at).await;
            let entry = Entry {
                point_id: said,
                state,
                source: ConsentSource::Keyword,
                message_id: None,
            };
            consent::add(&mut tx, entry).await.unwrap();
            tx.commit().await.unwrap();
            let mut conn = at.store.reader().await.unwrap();
            let stands = consent::load(&mut conn, &[said, silent]).await.unwrap();
            assert_eq!(stands.len(), 1);
            assert_eq!(
                (stands[&said].state, stands[&said].at),
                (state, at.store.now())
            );
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_adds_to_what_a_point_said_while_a_text_to_it_begins_to_leave() {
    on_both(|at| async move {
        let ours = inbox(&at, "+447700900010").await;
        let (row, _) = talk(&at, ours.id, "+447700900101", &[theirs("Hello")]).await;
        let mut leaving = writing(&at).await;
        contacts::lock_point_of(&mut leaving, row.id).await.unwrap();
        let store = at.store.clone();
        let stop = tokio::spawn(async move {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            let entry = Entry {
                point_id: row.point_id,
                state: ConsentState::OptedOut,
                source: ConsentSource::Keyword,
                message_id: None,
            };
            consent::add(&mut tx, entry).await.unwrap();
            tx.commit().await.unwrap();
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!stop.is_finished());
        let stands = consent::load(&mut leaving, &[row.point_id]).await.unwrap();
        assert!(stands.is_empty());
        leaving.commit().await.unwrap();
        stop.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_inbox_reads_back_as_it_was_written() {
    on_both(|at| async move {
        let first = inbox(&at, "+447700900010").await;
        let second = inbox(&at, "+447700900011").await;
        let mut conn = at.store.reader().await.unwrap();
        assert_eq!(inboxes::by_id(&mut conn, second.id).await.unwrap(), second);
        assert_eq!(inboxes::all(&mut conn).await.unwrap(), [first, second]);
        let gone = inboxes::by_id(&mut conn, at.store.new_id()).await;
        assert!(matches!(gone, Err(StorageError::NotFound(_))), "{gone:?}");
    })
    .await;
}

#[tokio::test]
async fn names_and_points_are_shown_of_contacts_within_the_scope() {
    on_both(|at| async move {
        let ann = contact(&at, "Ann", "+447700900101").await;
        let bob = contact(&at, "Bob", "+447700900102").await;
        let mut conn = at.store.reader().await.unwrap();
        let ids = [ann.id, bob.id, at.store.new_id()];
        let member = StaffMember {
            id: at.store.new_id(),
            role: Role::Staff,
            reviewer: false,
            inboxes: Default::default(),
        };
        for scope in [Scope::system(), Principal::Staff(member).scope()] {
            let names = contacts::list_names(&mut conn, &scope, &ids).await.unwrap();
            let expected = [(ann.id, "Ann".to_owned()), (bob.id, "Bob".to_owned())];
            assert_eq!(names, expected.into());
            let points = contacts::list_points(&mut conn, &scope, &ids)
                .await
                .unwrap();
            let addresses: Vec<_> = points[&ann.id]
                .iter()
                .map(|it| it.address.as_str())
                .collect();
            assert_eq!((points.len(), addresses), (2, vec!["+447700900101"]));
        }
        let other = Principal::Client(bob.id).scope();
        let points = contacts::list_points(&mut conn, &other, &ids)
            .await
            .unwrap();
        assert_eq!(points.into_keys().collect::<Vec<_>>(), [bob.id]);
    })
    .await;
}

#[tokio::test]
async fn a_text_for_nobody_is_kept_once_and_shown_newest_first_in_pages() {
    on_both(|at| async move {
        let text = |account: &str, number: usize| Unassigned {
            account: account.to_owned(),
            provider_id: format!("SM{number}"),
            sender: "+447700900101".to_owned(),
            addressee: "+447700900099".to_owned(),
            text: format!("Text {number}"),
        };
        for number in 0..5 {
            at.clock.advance(if number == 3 { 0 } else { 10 });
            let mut tx = writing(&at).await;
            let (new, old) = (text("AC1", number), text("AC1", 0));
            let again = if number == 0 {
                vec![&new]
            } else {
                vec![&new, &new, &old]
            };
            let kept = unassigned_text::keep(&mut tx, &again).await.unwrap();
            assert_eq!(kept, [&new], "what is known is not new");
            tx.commit().await.unwrap();
        }
        let mut tx = writing(&at).await;
        unassigned_text::keep(&mut tx, &[&text("AC2", 0)])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = unassigned_text::all(&mut conn, before, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.received_at, last.id));
            seen.extend(page.into_iter().map(|it| it.said));
        }
        let expected = [
            ("AC2", 0),
            ("AC1", 4),
            ("AC1", 3),
            ("AC1", 2),
            ("AC1", 1),
            ("AC1", 0),
        ];
        assert_eq!(
            seen,
            expected.map(|(account, number)| text(account, number))
        );
    })
    .await;
}

#[tokio::test]
async fn a_setting_is_what_was_set_last_and_users_are_told_by_name() {
    on_both(|at| async move {
        let names = ["cara", "ann", "bob"];
        for name in names {
            user(&at, name).await;
        }
        let mut conn = at.store.reader().await.unwrap();
        let all = staff::all(&mut conn).await.unwrap();
        let told: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(told, ["ann", "bob", "cara"]);
        let none: Option<String> = setting::get(&mut conn, "key").await.unwrap();
        assert_eq!(none, None);
        assert_eq!(setting::default_country(&mut conn).await.unwrap(), "US");
        drop(conn);
        for value in ["one", "two"] {
            let mut tx = writing(&at).await;
            setting::set(&mut tx, "key", &value).await.unwrap();
            tx.commit().await.unwrap();
            let mut conn = at.store.reader().await.unwrap();
            let kept: Option<String> = setting::get(&mut conn, "key").await.unwrap();
            assert_eq!(kept.as_deref(), Some(value));
        }
    })
    .await;
}

async fn emit(at: &Fixture, store: &Store) -> i64 {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    tx.emit(Event::Contacts {
        contact_ids: vec![at.store.new_id()],
    });
    tx.commit().await.unwrap();
    event::head(&mut store.reader().await.unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_head_is_the_number_of_the_last_commit_that_told_something() {
    on_both(|at| async move {
        assert_eq!(emit(&at, &at.store).await, 1);
        let mut tx = writing(&at).await;
        setting::set(&mut tx, "key", &"quiet").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(emit(&at, &at.store).await, 2);
    })
    .await;
}
