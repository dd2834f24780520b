//! Connections, mappings, links, runs and intents: what the sync remembers.

use super::harness::{Fixture, on_both, on_postgres};
use super::people::{contact, linked, mapped, org, user, writing};
use std::time::Duration;
use tieline_domain::access::{Principal, Scope};
use tieline_domain::connection::ConnectionState;
use tieline_domain::id::{CreateIntentId, SyncRunId};
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::link::{IntentState, LinkState};
use tieline_domain::sync::mapping::{Deletes, MappingDirection, Policy};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_storage::connection::{self, Connection};
use tieline_storage::create_intent::{self, CreateIntent};
use tieline_storage::link::{self, LinkCounts};
use tieline_storage::sync_run::{
    self, Change, ChangeQuery, Checkpoint, Reading, RunError, SyncRun,
};
use tieline_storage::{StorageError, contact as contacts, mapping};

const HOUR_MS: i64 = 3_600_000;

async fn of(at: &Fixture, id: &Connection) -> Connection {
    let mut conn = at.store.reader().await.unwrap();
    connection::by_id(&mut conn, id.id).await.unwrap()
}

#[tokio::test]
async fn what_is_sealed_is_replaced_only_as_it_was_read() {
    on_both(|at| async move {
        let was = org(&at, "One").await;
        let now = Connection {
            secrets: b"anew".to_vec(),
            access_token: Some(b"a session".to_vec()),
            ..was.clone()
        };
        let mut tx = writing(&at).await;
        connection::reseal(&mut tx, &was, &now).await.unwrap();
        for (what, stale) in [
            (
                "secrets",
                Connection {
                    secrets: was.secrets.clone(),
                    ..now.clone()
                },
            ),
            (
                "session",
                Connection {
                    access_token: None,
                    ..now.clone()
                },
            ),
        ] {
            let late = connection::reseal(&mut tx, &stale, &was).await;
            let lost = matches!(late, Err(StorageError::Conflict("connection")));
            assert!(lost, "{what}: {late:?}");
        }
        tx.commit().await.unwrap();
        assert_eq!(of(&at, &now).await, now);
    })
    .await;
}

#[tokio::test]
async fn a_connection_reads_back_as_it_was_written_and_as_it_is_changed() {
    on_both(|at| async move {
        let mut wanted = org(&at, "One").await;
        at.clock.advance(1);
        let other = org(&at, "Two").await;
        assert_eq!(of(&at, &wanted).await, wanted);
        let mut conn = at.store.reader().await.unwrap();
        assert_eq!(
            connection::all(&mut conn).await.unwrap(),
            [wanted.clone(), other.clone()]
        );
        assert_eq!(
            connection::ids(&mut conn).await.unwrap(),
            [wanted.id, other.id]
        );
        drop(conn);
        let mut tx = writing(&at).await;
        connection::save_secrets(&mut tx, wanted.id, b"renewed")
            .await
            .unwrap();
        connection::set_budget(&mut tx, wanted.id, 7).await.unwrap();
        let why = Some("no answer");
        connection::set_state(&mut tx, wanted.id, ConnectionState::Unreachable, why)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        wanted.secrets = b"renewed".to_vec();
        wanted.daily_budget = 7;
        wanted.state = ConnectionState::Unreachable;
        wanted.state_reason = why.map(str::to_owned);
        wanted.state_since = at.store.now();
        at.clock.advance(1);
        let mut tx = writing(&at).await;
        connection::set_state(&mut tx, wanted.id, ConnectionState::Unreachable, why)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(of(&at, &wanted).await, wanted);
        let mut tx = writing(&at).await;
        let session = (&b"token"[..], "https://moved.example");
        connection::save_session(&mut tx, wanted.id, 0, session)
            .await
            .unwrap();
        let late = connection::save_session(&mut tx, wanted.id, 0, session).await;
        assert!(
            matches!(late, Err(StorageError::Conflict("session"))),
            "{late:?}"
        );
        tx.commit().await.unwrap();
        wanted.access_token = Some(b"token".to_vec());
        wanted.instance_url = "https://moved.example".to_owned();
        wanted.token_version = 1;
        wanted.state = ConnectionState::Connected;
        wanted.state_reason = None;
        wanted.state_since = at.store.now();
        assert_eq!(
            of(&at, &wanted).await,
            wanted,
            "a new session says that it is well"
        );
        let mut tx = writing(&at).await;
        connection::set_addresses(&mut tx, wanted.id, "https://a", "https://b")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        wanted.login_url = "https://a".to_owned();
        wanted.instance_url = "https://b".to_owned();
        wanted.access_token = None;
        assert_eq!(of(&at, &wanted).await, wanted);
        assert_eq!(of(&at, &other).await, other, "the other is as it was");
    })
    .await;
}

#[tokio::test]
async fn calls_are_counted_by_purpose_and_hour_for_a_day() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        for (calls, org_calls) in [(2, None), (3, Some((50, 100)))] {
            let mut tx = writing(&at).await;
            let counted = [("sync", calls), ("live", 1)];
            connection::add_usage(&mut tx, row.id, &counted, org_calls)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        at.clock.advance(HOUR_MS);
        let mut tx = writing(&at).await;
        connection::add_usage(&mut tx, row.id, &[("sync", 10)], None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(of(&at, &row).await.org_calls, Some((50, 100)));
        let usage = async |hours: i64| {
            let mut conn = at.store.reader().await.unwrap();
            let now = at.store.now() + hours * HOUR_MS;
            let by_purpose = connection::usage(&mut conn, row.id, now).await.unwrap();
            let by_hour = connection::usage_by_hour(&mut conn, row.id, now)
                .await
                .unwrap();
            let by_hour: Vec<i64> = by_hour.into_iter().map(|(_, calls)| calls).collect();
            (by_purpose, by_hour)
        };
        let both = [("live".to_owned(), 2), ("sync".to_owned(), 15)];
        assert_eq!(usage(0).await, (both.to_vec(), vec![7, 10]));
        assert_eq!(usage(23).await, (vec![("sync".to_owned(), 10)], vec![10]));
        assert_eq!(usage(24).await, (vec![], vec![]));
    })
    .await;
}

#[tokio::test]
async fn calls_that_two_nodes_count_at_once_are_all_counted() {
    on_postgres(|at| async move {
        let id = org(&at, "One").await.id;
        let other = at.second_hub().await;
        let mut tx = writing(&at).await;
        connection::add_usage(&mut tx, id, &[("sync", 1)], None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut first = writing(&at).await;
        connection::add_usage(&mut first, id, &[("sync", 2)], None)
            .await
            .unwrap();
        let late = tokio::spawn(async move {
            let mut second = writing(&other).await;
            let added = connection::add_usage(&mut second, id, &[("sync", 4)], None).await;
            added.unwrap();
            second.commit().await.unwrap();
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!late.is_finished(), "it is in the first one's hand");
        first.commit().await.unwrap();
        late.await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let usage = connection::usage(&mut conn, id, at.store.now()).await;
        assert_eq!(usage.unwrap(), [("sync".to_owned(), 7)]);
    })
    .await;
}

#[tokio::test]
async fn a_mapping_reads_back_as_it_was_written_and_changes_only_in_what_was_given() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let mut wanted = mapped(&at, &row, "Contact").await;
        let read = async || {
            let mut conn = at.store.reader().await.unwrap();
            mapping::all(&mut conn, row.id).await.unwrap()
        };
        assert_eq!(read().await, [wanted.clone()]);
        let mut tx = writing(&at).await;
        assert!(
            mapping::update(&mut tx, wanted.id, Some(false), None)
                .await
                .unwrap()
        );
        assert!(
            mapping::update(&mut tx, wanted.id, None, Some(Deletes::Ignore))
                .await
                .unwrap()
        );
        assert!(
            !mapping::update(&mut tx, at.store.new_id(), Some(true), None)
                .await
                .unwrap()
        );
        let field = wanted.fields[0].field.clone();
        let policy = Some(Policy::Newest);
        assert!(
            mapping::update_field(&mut tx, wanted.id, &field, policy, None)
                .await
                .unwrap()
        );
        let flow = Some(MappingDirection::ToHub);
        assert!(
            mapping::update_field(&mut tx, wanted.id, &field, None, flow)
                .await
                .unwrap()
        );
        assert!(
            !mapping::update_field(&mut tx, wanted.id, "Nothing", policy, None)
                .await
                .unwrap()
        );
        let until = at.store.now() + 5;
        mapping::set_read_until(&mut tx, wanted.id, until)
            .await
            .unwrap();
        mapping::touch(&mut tx, wanted.id).await.unwrap();
        mapping::set_org_records(&mut tx, wanted.id, 7)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        wanted.enabled = false;
        wanted.deletes = Deletes::Ignore;
        wanted.fields[0].policy = Policy::Newest;
        wanted.fields[0].direction = MappingDirection::ToHub;
        wanted.read_until = Some(until);
        wanted.last_changed_at = Some(at.store.now());
        (wanted.org_records, wanted.org_counted_at) = (Some(7), Some(at.store.now()));
        assert_eq!(read().await, [wanted]);
    })
    .await;
}

#[tokio::test]
async fn a_link_reads_back_as_it_was_written_and_is_not_overwritten_unseen() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let ann = contact(&at, "Ann", "+447700900101").await;
        let bob = contact(&at, "Bob", "+447700900101").await;
        let mut wanted = linked(&at, &row, &ann, "003A").await;
        let read = async || {
            let mut conn = at.store.reader().await.unwrap();
            let records = ["003A", "003B"].map(str::to_owned);
            let mut found = link::load_by_records(&mut conn, row.id, "Contact", &records)
                .await
                .unwrap();
            let of_lead = link::load_by_records(&mut conn, row.id, "Lead", &records)
                .await
                .unwrap();
            assert!(of_lead.is_empty());
            let of_ann = link::load_by_contacts(&mut conn, &[ann.id, bob.id])
                .await
                .unwrap();
            assert_eq!(of_ann.values().flatten().count(), found.len());
            let ids = [ann.id, bob.id];
            let seen = Scope::system();
            let seen = link::list_of_contacts(&mut conn, &seen, &ids).await;
            assert_eq!(seen.unwrap(), of_ann);
            found.remove("003A").unwrap()
        };
        assert_eq!(read().await, wanted);
        let mut conn = at.store.reader().await.unwrap();
        for (reader, seen) in [(ann.id, 1), (bob.id, 0)] {
            let scope = Principal::Client(reader).scope();
            let links = link::list_of_contacts(&mut conn, &scope, &[ann.id, bob.id]).await;
            assert_eq!(links.unwrap().len(), seen, "Ann's links are not Bob's");
        }
        let numbers = ["+447700900101".to_owned()];
        let free = contacts::load_unlinked_holders(&mut conn, &numbers, row.id, "Contact")
            .await
            .unwrap();
        assert_eq!(
            free["+447700900101"].iter().copied().collect::<Vec<_>>(),
            [bob.id]
        );
        let free = contacts::load_unlinked(&mut conn, row.id, None, 10)
            .await
            .unwrap();
        assert_eq!(free.iter().map(|it| it.id).collect::<Vec<_>>(), [bob.id]);
        let none = contacts::load_unlinked(&mut conn, row.id, Some(bob.id), 10)
            .await
            .unwrap();
        assert!(none.is_empty());
        drop(conn);
        wanted.contact_id = bob.id;
        wanted.is_primary = false;
        wanted.state = LinkState::Conflict;
        wanted.base = Some(ann.fields.clone());
        wanted.waiting_to_org = true;
        let mut tx = writing(&at).await;
        link::update_many(&mut tx, std::slice::from_ref(&wanted))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = writing(&at).await;
        let late = link::update_many(&mut tx, std::slice::from_ref(&wanted)).await;
        assert!(
            matches!(late, Err(StorageError::Conflict("link"))),
            "{late:?}"
        );
        drop(tx);
        wanted.version += 1;
        assert_eq!(read().await, wanted);
        let mut tx = writing(&at).await;
        let mut twin = wanted.clone();
        twin.id = at.store.new_id();
        let twice = link::create_many(&mut tx, &[twin]).await;
        assert!(
            matches!(twice, Err(StorageError::Duplicate(_))),
            "a record has one link: {twice:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_the_org_is_found_in_pages_and_counted() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let other = org(&at, "Two").await;
        let mut links = Vec::new();
        for number in 0..5 {
            let person = contact(&at, &format!("Person {number}"), "").await;
            links.push(linked(&at, &row, &person, &format!("003{number}")).await);
            linked(&at, &other, &person, &format!("003{number}")).await;
        }
        let mut tx = writing(&at).await;
        let contacts: Vec<_> = links[1..].iter().map(|it| it.contact_id).collect();
        let there = link::mark_waiting(&mut tx, &contacts, Some(other.id)).await;
        let there: Vec<_> = there.unwrap().into_iter().collect();
        assert_eq!(there, [row.id], "all but where it came from");
        let marked = link::mark_waiting(&mut tx, &contacts, None).await.unwrap();
        assert_eq!(marked.len(), 2, "in both orgs");
        tx.commit().await.unwrap();
        let mut gone = links[4].clone();
        gone.version += 2;
        gone.state = LinkState::Gone;
        let mut tx = writing(&at).await;
        link::update_many(&mut tx, &[gone]).await.unwrap();
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let first = link::load_waiting(&mut conn, row.id, "Contact", None, 2)
            .await
            .unwrap();
        let ids: Vec<_> = first.iter().map(|it| it.id).collect();
        assert_eq!(ids, [links[1].id, links[2].id]);
        let rest = link::load_waiting(&mut conn, row.id, "Contact", Some(ids[1]), 9)
            .await
            .unwrap();
        assert_eq!(
            rest.iter().map(|it| it.id).collect::<Vec<_>>(),
            [links[3].id]
        );
        let counts = link::counts(&mut conn, row.id).await.unwrap();
        let expected = LinkCounts {
            records: 4,
            waiting_to_org: 3,
            conflicts: 0,
        };
        assert_eq!(counts["Contact"], expected);
    })
    .await;
}

fn run(at: &Fixture, row: &Connection) -> SyncRun {
    SyncRun {
        id: at.store.new_id(),
        connection_id: row.id,
        trigger: RunTrigger::Schedule,
        staff_id: None,
        state: RunState::Running,
        phase: "Starting".to_owned(),
        checkpoint: Checkpoint::default(),
        counts: RunCounts::default(),
        progress_done: 0,
        progress_total: None,
        api_calls: 0,
        api_calls_minimum: 0,
        error: None,
        started_at: at.store.now(),
        finished_at: None,
    }
}

async fn save(at: &Fixture, run: &SyncRun) {
    let mut tx = writing(at).await;
    sync_run::save(&mut tx, run).await.unwrap();
    tx.commit().await.unwrap();
}

async fn read(at: &Fixture, id: SyncRunId) -> SyncRun {
    let mut conn = at.store.reader().await.unwrap();
    sync_run::by_id(&mut conn, id).await.unwrap()
}

#[tokio::test]
async fn a_connection_has_one_run_at_a_time_and_a_cancellation_is_not_saved_over() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let ann = user(&at, "ann").await;
        let mut wanted = run(&at, &row);
        wanted.staff_id = Some(ann);
        wanted.trigger = RunTrigger::Staff;
        for (next, first) in [(wanted.clone(), true), (run(&at, &row), false)] {
            let mut tx = writing(&at).await;
            let begun = sync_run::create(&mut tx, &next).await;
            assert_eq!(begun.is_ok(), first, "{begun:?}");
            tx.commit().await.unwrap();
        }
        assert_eq!(read(&at, wanted.id).await, wanted);
        let mut conn = at.store.reader().await.unwrap();
        let open = sync_run::open_run(&mut conn, row.id).await.unwrap();
        assert_eq!(open.as_ref(), Some(&wanted));
        drop(conn);
        let mut tx = writing(&at).await;
        assert!(sync_run::cancel(&mut tx, wanted.id).await.unwrap());
        assert!(!sync_run::cancel(&mut tx, wanted.id).await.unwrap());
        tx.commit().await.unwrap();
        wanted.phase = "Reading".to_owned();
        wanted.progress_done = 4;
        wanted.progress_total = Some(9);
        wanted.checkpoint.pulled.push("Contact".to_owned());
        save(&at, &wanted).await;
        let kept = read(&at, wanted.id).await;
        assert_eq!(kept.state, RunState::Cancelling);
        wanted.state = RunState::Cancelled;
        wanted.finished_at = Some(at.store.now());
        wanted.api_calls = 3;
        wanted.api_calls_minimum = 2;
        wanted.error = Some(RunError {
            text: "Stopped".to_owned(),
            fix: "Start".to_owned(),
        });
        save(&at, &wanted).await;
        assert_eq!(read(&at, wanted.id).await, wanted);
        let mut conn = at.store.reader().await.unwrap();
        let open = sync_run::open_run(&mut conn, row.id).await.unwrap();
        assert_eq!(open, None);
    })
    .await;
}

#[test]
fn what_was_half_read_is_read_on_as_of_when_that_began_and_all_else_anew() {
    let mut failed = Checkpoint {
        org_started_at: Some(50),
        pulled: vec!["Contact".to_owned()],
        pushed: vec!["Contact".to_owned()],
        journal_seq: 7,
        ..Checkpoint::default()
    };
    failed.begin("Lead").after = Some((40, "00QA".to_owned()));
    let mut next = failed.handed_on();
    let half = Reading {
        org_started_at: 50,
        after: Some((40, "00QA".to_owned())),
    };
    let wanted = Checkpoint {
        reading: [("Lead".to_owned(), half.clone())].into(),
        ..Checkpoint::default()
    };
    assert_eq!(next, wanted);
    next.org_started_at = Some(90);
    assert_eq!(*next.begin("Lead"), half);
    let fresh = Reading {
        org_started_at: 90,
        after: None,
    };
    assert_eq!(*next.begin("Contact"), fresh);
}

#[tokio::test]
async fn runs_are_told_newest_first_in_pages() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let (mut runs, mut done_at) = (Vec::new(), None);
        for number in 0..5 {
            // Two of them begin in the same moment.
            at.clock.advance(if number == 3 { 0 } else { 10 });
            let mut one = run(&at, &row);
            let mut tx = writing(&at).await;
            sync_run::create(&mut tx, &one).await.unwrap();
            one.finished_at = Some(at.store.now());
            one.state = match number {
                0..3 => RunState::Done,
                _ => RunState::Failed,
            };
            sync_run::save(&mut tx, &one).await.unwrap();
            tx.commit().await.unwrap();
            done_at = one.finished_at.filter(|_| number < 3).or(done_at);
            runs.push(one.id);
        }
        runs.reverse();
        let mut conn = at.store.reader().await.unwrap();
        let done = sync_run::last_done(&mut conn, row.id).await.unwrap();
        assert_eq!(done, done_at, "what failed later compared nothing");
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = sync_run::history(&mut conn, row.id, before, 2)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.started_at, last.id));
            seen.extend(page.iter().map(|run| run.id));
        }
        assert_eq!(seen, runs);
    })
    .await;
}

#[tokio::test]
async fn the_journal_is_numbered_on_and_reads_back_as_it_was_written() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let person = contact(&at, "Ann", "").await;
        let mut one = run(&at, &row);
        let change = |act, direction, state| Change {
            seq: 0,
            object: "Contact".to_owned(),
            record_id: Some("003A".to_owned()),
            contact_id: Some(person.id),
            direction,
            act,
            state,
            before: None,
            after: Some(person.fields.clone()),
            error: (state == ChangeState::Failed).then(|| ("CODE".to_owned(), "words".to_owned())),
            at: at.store.now(),
        };
        let mut wanted = vec![
            change(
                ChangeAct::Create,
                ChangeDirection::ToHub,
                ChangeState::Applied,
            ),
            change(
                ChangeAct::Update,
                ChangeDirection::ToOrg,
                ChangeState::Failed,
            ),
            change(
                ChangeAct::Delete,
                ChangeDirection::ToHub,
                ChangeState::Skipped,
            ),
            change(
                ChangeAct::Link,
                ChangeDirection::ToHub,
                ChangeState::Applied,
            ),
            change(
                ChangeAct::Conflict,
                ChangeDirection::ToHub,
                ChangeState::Skipped,
            ),
        ];
        let mut tx = writing(&at).await;
        sync_run::create(&mut tx, &one).await.unwrap();
        sync_run::add_changes(&mut tx, &mut one, &wanted[..2])
            .await
            .unwrap();
        sync_run::add_changes(&mut tx, &mut one, &wanted[2..])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(one.checkpoint.journal_seq, 5);
        for (seq, change) in (1..).zip(&mut wanted) {
            change.seq = seq;
        }
        let all = ChangeQuery {
            limit: 10,
            ..ChangeQuery::default()
        };
        let some = |wanted: &[usize]| wanted.to_vec();
        for (query, places) in [
            (all.clone(), some(&[0, 1, 2, 3, 4])),
            (
                ChangeQuery {
                    after: 2,
                    limit: 2,
                    ..all.clone()
                },
                some(&[2, 3]),
            ),
            (
                ChangeQuery {
                    direction: Some(ChangeDirection::ToOrg),
                    ..all.clone()
                },
                some(&[1]),
            ),
            (
                ChangeQuery {
                    state: Some(ChangeState::Skipped),
                    ..all.clone()
                },
                some(&[2, 4]),
            ),
        ] {
            let mut conn = at.store.reader().await.unwrap();
            let read = sync_run::changes(&mut conn, &Scope::system(), one.id, &query)
                .await
                .unwrap();
            let expected: Vec<Change> = places.iter().map(|at| wanted[*at].clone()).collect();
            assert_eq!(read, expected, "{query:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_intent_is_open_until_it_is_settled() {
    on_both(|at| async move {
        let row = org(&at, "One").await;
        let person = contact(&at, "Ann", "").await;
        let intent = || CreateIntent {
            id: at.store.new_id::<CreateIntentId>(),
            connection_id: row.id,
            object: "Contact".to_owned(),
            contact_id: Some(person.id),
            body: [("LastName".to_owned(), "Ann".into())]
                .into_iter()
                .collect(),
            state: IntentState::Open,
            begun_at: at.store.now(),
            not_before: at.store.now(),
        };
        let mut wanted = [intent(), intent(), intent()];
        let mut tx = writing(&at).await;
        create_intent::create_many(&mut tx, &wanted).await.unwrap();
        tx.commit().await.unwrap();
        let open = async || {
            let mut conn = at.store.reader().await.unwrap();
            assert!(
                create_intent::open(&mut conn, row.id, "Lead")
                    .await
                    .unwrap()
                    .is_empty()
            );
            create_intent::open(&mut conn, row.id, "Contact")
                .await
                .unwrap()
        };
        assert_eq!(open().await, wanted);
        let mut tx = writing(&at).await;
        create_intent::mark_ambiguous(&mut tx, wanted[0].id)
            .await
            .unwrap();
        create_intent::settle(&mut tx, wanted[1].id, Some("003A"))
            .await
            .unwrap();
        create_intent::settle(&mut tx, wanted[2].id, None)
            .await
            .unwrap();
        create_intent::mark_ambiguous(&mut tx, wanted[2].id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        wanted[0].state = IntentState::Ambiguous;
        assert_eq!(open().await, wanted[..1]);
    })
    .await;
}
