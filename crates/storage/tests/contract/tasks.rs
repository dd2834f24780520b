//! Days to be logged: a row is one conversation's, one day's, one person's and one org's.

use super::harness::{Fixture, on_both};
use super::people::{contact, inbox, linked, org, talk, theirs, writing};
use tieline_domain::conversation::{Conversation, Message};
use tieline_domain::id::ContactId;
use tieline_storage::activity::{self, Stage, WaitingDay, WaitingQuery, Written};
use tieline_storage::connection::Connection;
use tieline_storage::contact::Contact;
use tieline_storage::link::{self, Link};
use tieline_storage::{StorageError, Tx, conversation, merge};

/// Two orgs that know two people, and a conversation with three texts.
struct World {
    orgs: [Connection; 2],
    ann: Contact,
    bob: Contact,
    row: Conversation,
    said: Vec<Message>,
}

async fn world(at: &Fixture) -> World {
    let orgs = [org(at, "One").await, org(at, "Two").await];
    let ann = contact(at, "Ann", "").await;
    let bob = contact(at, "Bob", "").await;
    for (n, org) in orgs.iter().enumerate() {
        linked(at, org, &ann, &format!("003A{n}")).await;
        linked(at, org, &bob, &format!("003B{n}")).await;
    }
    let desk = inbox(at, "Care").await.id;
    let texts = ["One", "Two", "Three"].map(theirs);
    let (row, said) = talk(at, desk, "+447700900101", &texts).await;
    World {
        orgs,
        ann,
        bob,
        row,
        said,
    }
}

async fn waiting(tx: &mut Tx, org: &Connection, stage: Stage, since_day: i64) -> Vec<WaitingDay> {
    let query = WaitingQuery {
        stage,
        since_day,
        after: None,
        limit: 50,
    };
    activity::waiting(tx, org.id, &query).await.unwrap()
}

/// Day, where its person begins, which record they are, how much is new, and how far its Task is.
async fn told(tx: &mut Tx, org: &Connection) -> Vec<(i64, i64, String, i64, Stage)> {
    let mut all = Vec::new();
    for stage in [Stage::Missing, Stage::Begun, Stage::Known] {
        let days = waiting(tx, org, stage, 0).await.into_iter();
        all.extend(days.map(|it| (it.day, it.tie_from, it.who, it.news, stage)));
    }
    all.sort_by_key(|it| (it.0, it.1));
    all
}

async fn save(tx: &mut Tx, row: &mut Conversation) {
    conversation::save_many(tx, std::slice::from_ref(row))
        .await
        .unwrap();
    row.version += 1;
}

async fn news(tx: &mut Tx, row: &Conversation, day: i64) {
    activity::mark_waiting(tx, [row], day).await.unwrap();
}

/// Another conversation of the same inbox.
async fn beside(at: &Fixture, row: &Conversation, number: &str) -> Conversation {
    talk(at, row.inbox_id, number, &[theirs("Hi")]).await.0
}

/// The same conversation as it would be with somebody from a message on.
fn with(row: &Conversation, contact_id: Option<ContactId>, tie_from: i64) -> Conversation {
    Conversation {
        contact_id,
        tie_from,
        ..row.clone()
    }
}

#[tokio::test]
async fn what_happens_to_one_row_of_a_day_happens_to_no_other() {
    on_both(|at| async move {
        let World {
            orgs,
            ann,
            bob,
            row,
            said,
        } = world(&at).await;
        let another = beside(&at, &row, "+447700900102").await;
        let mut tx = writing(&at).await;
        let (first, second) = (with(&row, Some(ann.id), 0), with(&row, Some(bob.id), 3));
        for day in [7, 8] {
            news(&mut tx, &first, day).await;
            news(&mut tx, &second, day).await;
        }
        let line = |day, from, who: &str, news, stage| (day, from, who.to_owned(), news, stage);
        let all = |n: usize| {
            let (a, b) = (["003A0", "003A1"][n], ["003B0", "003B1"][n]);
            vec![
                line(7, 0, a, 1, Stage::Missing),
                line(7, 3, b, 1, Stage::Missing),
                line(8, 0, a, 1, Stage::Missing),
                line(8, 3, b, 1, Stage::Missing),
            ]
        };
        assert_eq!(told(&mut tx, &orgs[0]).await, all(0));
        let missing = waiting(&mut tx, &orgs[0], Stage::Missing, 0).await;
        let until: Vec<_> = missing.iter().map(|it| it.tie_until).collect();
        assert_eq!(until, [Some(3), None, Some(3), None]);
        // In another conversation they changed a text earlier.
        news(&mut tx, &with(&another, Some(ann.id), 2), 7).await;
        let told = async |tx: &mut Tx, org: &Connection| {
            let all = told(tx, org).await.into_iter();
            all.filter(|it| it.1 != 2).collect::<Vec<_>>()
        };
        // The second text is of the day's first person, the third of the next.
        let mut wanted = [all(0), all(1)];
        for (said, place) in [(&said[1], 0), (&said[2], 1)] {
            activity::mark_changed(&mut tx, said, 7).await.unwrap();
            for (n, org) in orgs.iter().enumerate() {
                wanted[n][place].3 += 1;
                assert_eq!(told(&mut tx, org).await, wanted[n]);
            }
        }
        activity::begin(&mut tx, orgs[0].id, &missing[..1])
            .await
            .unwrap();
        wanted[0][0].4 = Stage::Begun;
        assert_eq!(told(&mut tx, &orgs[0]).await, wanted[0]);
        let begun = waiting(&mut tx, &orgs[0], Stage::Begun, 7).await.remove(0);
        let found = Written::Found {
            record_id: "00T1".to_owned(),
        };
        activity::record(&mut tx, orgs[0].id, &begun, &found)
            .await
            .unwrap();
        wanted[0][0].4 = Stage::Known;
        assert_eq!(told(&mut tx, &orgs[0]).await, wanted[0]);
        let twice = activity::begin(&mut tx, orgs[0].id, &missing[..1]).await;
        assert!(matches!(twice, Err(StorageError::Conflict(_))));
        assert_eq!(told(&mut tx, &orgs[1]).await, wanted[1]);
        for (since, number) in [(7, 1), (8, 0)] {
            let known = waiting(&mut tx, &orgs[0], Stage::Known, since).await;
            assert_eq!(known.len(), number, "since {since}");
            let missing = waiting(&mut tx, &orgs[0], Stage::Missing, since).await;
            let missing = missing.iter().filter(|it| it.tie_from != 2);
            assert_eq!(missing.count(), 2 + number, "since {since}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_create_of_which_nothing_came_may_be_sent_anew_and_a_day_is_of_whom_it_was_begun_with() {
    on_both(|at| async move {
        let World {
            orgs,
            ann,
            bob,
            mut row,
            ..
        } = world(&at).await;
        let mut tx = writing(&at).await;
        // Nobody was known on that day, and later Ann was.
        news(&mut tx, &row, 7).await;
        row.contact_id = Some(ann.id);
        save(&mut tx, &mut row).await;
        let day = waiting(&mut tx, &orgs[0], Stage::Missing, 0)
            .await
            .remove(0);
        assert_eq!((day.contact_id, day.who.as_str()), (ann.id, "003A0"));
        assert_eq!(
            activity::connections_waiting(&mut tx, 7)
                .await
                .unwrap()
                .len(),
            2
        );
        activity::begin(&mut tx, orgs[0].id, std::slice::from_ref(&day))
            .await
            .unwrap();
        row.contact_id = Some(bob.id);
        save(&mut tx, &mut row).await;
        let line = |who: &str, news, stage| (7, 0, who.to_owned(), news, stage);
        let wanted = [line("003A0", 1, Stage::Begun)];
        assert_eq!(
            told(&mut tx, &orgs[0]).await,
            wanted,
            "it was begun with Ann"
        );
        assert_eq!(
            told(&mut tx, &orgs[1]).await,
            [line("003B1", 1, Stage::Missing)]
        );
        activity::record(&mut tx, orgs[0].id, &day, &Written::NotMade)
            .await
            .unwrap();
        assert_eq!(
            told(&mut tx, &orgs[0]).await,
            [line("003A0", 1, Stage::Missing)]
        );
        // News makes it no other's either, and where nobody was known it is of who is.
        for who in [Some(bob.id), None] {
            news(&mut tx, &with(&row, who, 0), 7).await;
        }
        row.contact_id = Some(ann.id);
        save(&mut tx, &mut row).await;
        assert_eq!(
            told(&mut tx, &orgs[0]).await,
            [line("003A0", 3, Stage::Missing)]
        );
        assert_eq!(
            told(&mut tx, &orgs[1]).await,
            [line("003B1", 3, Stage::Missing)]
        );
    })
    .await;
}

#[tokio::test]
async fn an_org_whose_days_are_all_written_is_not_waited_for_and_another_is() {
    on_both(|at| async move {
        let World {
            orgs, ann, mut row, ..
        } = world(&at).await;
        row.contact_id = Some(ann.id);
        let mut tx = writing(&at).await;
        save(&mut tx, &mut row).await;
        news(&mut tx, &row, 7).await;
        for (org, left) in [(&orgs[0], vec![orgs[1].id]), (&orgs[1], vec![])] {
            let day = waiting(&mut tx, org, Stage::Missing, 0).await.remove(0);
            let held = Written::Held {
                record_id: "00T1".to_owned(),
            };
            activity::record(&mut tx, org.id, &day, &held)
                .await
                .unwrap();
            let waits = activity::connections_waiting(&mut tx, 0).await.unwrap();
            assert_eq!(waits, left);
        }
    })
    .await;
}

#[tokio::test]
async fn the_days_of_who_was_merged_are_the_other_ones_and_a_third_keeps_theirs() {
    on_both(|at| async move {
        let World {
            orgs,
            ann,
            bob,
            row,
            ..
        } = world(&at).await;
        let cleo = contact(&at, "Cleo", "").await;
        linked(&at, &orgs[0], &cleo, "003C0").await;
        let mut tx = writing(&at).await;
        for (day, who) in [(7, &ann), (8, &bob), (9, &cleo)] {
            news(&mut tx, &with(&row, Some(who.id), 0), day).await;
        }
        merge::contacts(&mut tx, bob.id, ann.id).await.unwrap();
        let who: Vec<_> = told(&mut tx, &orgs[0])
            .await
            .into_iter()
            .map(|it| it.2)
            .collect();
        assert_eq!(who, ["003B0", "003B0", "003C0"]);
    })
    .await;
}

#[tokio::test]
async fn what_two_conversations_become_leaves_the_people_of_a_thirds_day_apart() {
    on_both(|at| async move {
        let World {
            orgs,
            ann,
            bob,
            row,
            ..
        } = world(&at).await;
        let other = beside(&at, &row, "+447700900102").await;
        let third = beside(&at, &row, "+447700900103").await;
        let mut tx = writing(&at).await;
        for (row, who, from) in [
            (&row, &ann, 0),
            (&other, &ann, 0),
            (&third, &ann, 0),
            (&third, &bob, 3),
        ] {
            news(&mut tx, &with(row, Some(who.id), from), 7).await;
        }
        merge::conversations(&mut tx, row.id, other.id)
            .await
            .unwrap();
        let days = waiting(&mut tx, &orgs[0], Stage::Missing, 0).await;
        let mut left: Vec<_> = days
            .iter()
            .map(|it| (it.conversation_id, it.tie_from, it.contact_id, it.news))
            .collect();
        left.sort();
        let wanted = [
            (row.id, 0, ann.id, 2),
            (third.id, 0, ann.id, 1),
            (third.id, 3, bob.id, 1),
        ];
        assert_eq!(left, wanted);
    })
    .await;
}

#[tokio::test]
async fn a_day_whose_task_somebody_deleted_waits_no_more_whatever_is_new() {
    on_both(|at| async move {
        let World {
            orgs, ann, mut row, ..
        } = world(&at).await;
        row.contact_id = Some(ann.id);
        let mut tx = writing(&at).await;
        save(&mut tx, &mut row).await;
        news(&mut tx, &row, 7).await;
        let day = waiting(&mut tx, &orgs[0], Stage::Missing, 0)
            .await
            .remove(0);
        news(&mut tx, &row, 7).await;
        activity::record(&mut tx, orgs[0].id, &day, &Written::Ended)
            .await
            .unwrap();
        assert_eq!(told(&mut tx, &orgs[0]).await, []);
        assert_eq!(told(&mut tx, &orgs[1]).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_person_of_a_day_is_followed_by_the_next_of_that_day() {
    on_both(|at| async move {
        let World {
            orgs,
            ann,
            bob,
            row,
            ..
        } = world(&at).await;
        let mut tx = writing(&at).await;
        for (day, who, from) in [
            (6, &ann, 0),
            (7, &ann, 0),
            (7, &bob, 3),
            (7, &ann, 5),
            (8, &bob, 7),
        ] {
            news(&mut tx, &with(&row, Some(who.id), from), day).await;
        }
        let days = waiting(&mut tx, &orgs[0], Stage::Missing, 0).await;
        let until: Vec<_> = days.iter().map(|it| (it.day, it.tie_until)).collect();
        let wanted = [(6, None), (7, Some(3)), (7, Some(5)), (7, None), (8, None)];
        assert_eq!(until, wanted);
    })
    .await;
}

#[tokio::test]
async fn an_org_that_knows_only_others_or_by_a_second_record_has_no_day_to_be_logged() {
    on_both(|at| async move {
        let World { orgs, ann, row, .. } = world(&at).await;
        let [third, fourth] = [org(&at, "Three").await, org(&at, "Four").await];
        let cleo = contact(&at, "Cleo", "").await;
        linked(&at, &third, &cleo, "003C").await;
        let second = linked(&at, &fourth, &ann, "003D").await;
        let mut others = beside(&at, &row, "+447700900102").await;
        let mut nobodys = beside(&at, &row, "+447700900103").await;
        others.contact_id = Some(cleo.id);
        nobodys.contact_id = None;
        let mut tx = writing(&at).await;
        let second = Link {
            is_primary: false,
            ..second
        };
        link::update_many(&mut tx, &[second]).await.unwrap();
        save(&mut tx, &mut others).await;
        save(&mut tx, &mut nobodys).await;
        news(&mut tx, &nobodys, 7).await;
        let waits = activity::connections_waiting(&mut tx, 0).await.unwrap();
        assert_eq!(waits, [], "nobody is known whom it could be logged with");
        news(&mut tx, &with(&row, Some(ann.id), 0), 7).await;
        let waits = activity::connections_waiting(&mut tx, 0).await.unwrap();
        assert_eq!(waits, [orgs[0].id, orgs[1].id]);
    })
    .await;
}
