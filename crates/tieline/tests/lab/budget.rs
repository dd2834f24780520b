//! What Tieline allows itself of an org's calls: bulk work stops, says when it goes on, and does.

use super::waits::{CREATES, add, count, plan, runs};
use super::world::{World, to_orgs};
use crate::desk;
use tieline::hub::Hub;
use tieline_domain::connection::ConnectionState;
use tieline_domain::sync::run::RunState;
use tieline_salesforce::{CallPurpose, Error};
use tieline_simulator::Mishap;
use tieline_storage::connection;

async fn allow(world: &World, calls: i64) {
    let actor = tieline_domain::access::Actor::system();
    let mut tx = world.hub.store.begin(&actor).await.unwrap();
    connection::set_budget(&mut tx, world.connection, calls)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn used(world: &World) -> i64 {
    let mut reader = world.hub.store.reader().await.unwrap();
    let now = world.hub.store.now();
    let usage = connection::usage(&mut reader, world.connection, now)
        .await
        .unwrap();
    usage.iter().map(|(_, calls)| calls).sum()
}

#[tokio::test]
async fn bulk_work_stops_when_its_share_is_used_and_goes_on_by_itself_while_staff_are_served() {
    let world = World::of(61, 9_000).await;
    allow(&world, 5).await;
    world.start().await;
    world.live(60).await;
    let run = runs(&world).await.remove(0);
    assert_eq!(run.state, RunState::Failed);
    let error = run.error.unwrap();
    assert!(
        error.text.contains("it goes on at 2026-03-03T"),
        "{error:?}"
    );
    assert_eq!(run.api_calls, 3, "70 of a hundred of five calls");
    assert_eq!(run.progress_done, 6_000, "what was paid for is kept");

    let client = world.hub.sync.connections();
    let staff = client
        .client(world.connection, CallPurpose::Staff)
        .await
        .unwrap();
    staff.client.limits().await.unwrap();
    let bulk = client
        .client(world.connection, CallPurpose::Sync)
        .await
        .unwrap();
    let refused = bulk.client.limits().await.unwrap_err();
    assert!(matches!(refused, Error::BudgetSpent { .. }), "{refused}");

    world.wait(24 * 3_600_000);
    world.live(60).await;
    let runs = runs(&world).await;
    let done: i64 = runs.iter().map(|run| run.progress_done).sum();
    assert!(done >= 8_000, "it went on: {done}");
    allow(&world, 30_000).await;
    world.wait(24 * 3_600_000);
    world.live(60).await;
    let contacts = desk::contacts(&world.hub.store, 20_000).await;
    assert!(contacts.len() >= count(&world, "Id != null"));
}

#[tokio::test]
async fn every_call_that_the_org_counts_is_counted_here_whoever_makes_it() {
    let world = World::new(62).await;
    // Connecting asks twice, before there is a connection to count for.
    let before = world
        .simulator
        .calls()
        .iter()
        .filter(|call| call.counted)
        .count();
    let edge = plan(&world, "GET", "/query", 2, Mishap::Html { status: 503 });
    // What the org counted although its answer never came, and what it may have counted.
    let failed = Mishap::Error {
        status: 500,
        code: "UNKNOWN_EXCEPTION".to_owned(),
        message: "planned".to_owned(),
    };
    let counted = [
        plan(&world, "GET", "/query", 1, Mishap::CutAfterCommit),
        plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit),
        plan(&world, "PATCH", CREATES, 1, Mishap::CutAfterCommit),
        plan(&world, "PATCH", CREATES, 1, failed),
    ];
    let lost = plan(&world, "PATCH", CREATES, 1, Mishap::CutBeforeCommit {});
    world.sync().await;
    let contact = desk::contacts(&world.hub.store, 1).await.remove(0);
    desk::edit(&world.hub.store, &contact, "title", "Counted").await;
    add(&world, "Nora", "Counted").await;
    world
        .simulator
        .text_from_phone("+441134960601", tieline::demo::OUR_NUMBER, "Hello");
    world.live(60).await;
    assert_eq!(world.simulator.fired(edge), 2);
    assert_eq!(counted.map(|it| world.simulator.fired(it)), [1; 4]);
    assert_eq!(world.simulator.fired(lost), 1);
    let made = world
        .simulator
        .calls()
        .iter()
        .filter(|call| call.counted)
        .count()
        - before;
    assert!(made > 0);
    assert_eq!(used(&world).await, made as i64 + 1, "and the lost one");
}

#[tokio::test]
async fn what_another_node_used_counts_here_after_ten_seconds() {
    let world = World::new(66).await;
    allow(&world, 20).await;
    let other = world.second_hub(to_orgs(&world.simulator)).await;
    let client = async |hub: &Hub| {
        let calls = hub
            .connections
            .client(world.connection, CallPurpose::Staff)
            .await;
        calls.unwrap()
    };
    let (here, there) = (client(&world.hub).await, client(&other).await);
    here.client.limits().await.unwrap();
    let mut calls = 0;
    while there.client.limits().await.is_ok() {
        calls += 1;
        assert!(calls <= 20, "it has no more than all");
    }
    there.record().await.unwrap();
    world.wait(10_001);
    let refused = here.client.limits().await.unwrap_err();
    assert!(matches!(refused, Error::BudgetSpent { .. }), "{refused}");
}

#[tokio::test]
async fn calls_that_could_not_be_written_down_are_written_down_with_the_next() {
    let world = World::new(64).await;
    world.sync().await;
    let before = used(&world).await;
    let calls = world.hub.sync.connections();
    let staff = calls.client(world.connection, CallPurpose::Staff).await;
    let staff = staff.unwrap();
    let run = async |sql: &str| {
        let actor = tieline_domain::access::Actor::system();
        let mut tx = world.hub.store.begin(&actor).await.unwrap();
        tx.run(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    };
    run("create trigger refuse before insert on api_usage begin select raise(abort, 'refused'); end").await;
    for _ in 0..3 {
        staff.client.limits().await.unwrap();
    }
    assert!(staff.record().await.is_err(), "they could not");
    assert_eq!(used(&world).await, before);
    run("drop trigger refuse").await;
    staff.client.limits().await.unwrap();
    staff.record().await.unwrap();
    assert_eq!(used(&world).await, before + 4);
}

#[tokio::test]
async fn an_org_looks_as_its_own_answers_say_and_what_is_no_fault_of_its_changes_nothing() {
    let world = World::new(65).await;
    let connections = world.hub.sync.connections();
    let cases = [
        (
            Error::Local("no connection to the database".to_owned()),
            ConnectionState::Connected,
        ),
        (
            Error::LimitReached("planned".to_owned()),
            ConnectionState::Connected,
        ),
        (
            Error::Invalid("planned".to_owned()),
            ConnectionState::Connected,
        ),
        (
            Error::Uncertain("cut off".into()),
            ConnectionState::Connected,
        ),
        (
            Error::BudgetSpent { until_ms: 1 },
            ConnectionState::Connected,
        ),
        (
            Error::Unreachable("status 503".into()),
            ConnectionState::Unreachable,
        ),
        (
            Error::SignInNeeded {
                code: "invalid_grant".to_owned(),
                description: "expired".to_owned(),
            },
            ConnectionState::NeedsSignIn,
        ),
    ];
    for (error, expected) in cases {
        connections.note(world.connection, &error).await.unwrap();
        let mut reader = world.hub.store.reader().await.unwrap();
        let row = connection::by_id(&mut reader, world.connection);
        assert_eq!(row.await.unwrap().state, expected, "{error}");
    }
}

#[tokio::test]
async fn an_org_that_answers_again_is_no_longer_said_to_be_away() {
    let world = World::new(63).await;
    world.sync().await;
    let state = async || {
        let mut reader = world.hub.store.reader().await.unwrap();
        connection::by_id(&mut reader, world.connection)
            .await
            .unwrap()
            .state
    };
    let down = plan(
        &world,
        "",
        "/services/",
        u32::MAX,
        Mishap::Html { status: 503 },
    );
    let contact = desk::contacts(&world.hub.store, 1).await.remove(0);
    desk::edit(&world.hub.store, &contact, "title", "Away").await;
    world.live(30).await;
    assert!(world.simulator.fired(down) > 0);
    assert_eq!(state().await, ConnectionState::Unreachable);
    world.simulator.clear_faults();
    world.live(30).await;
    assert_eq!(state().await, ConnectionState::Connected);
}
