//! Clocks that are an hour wrong, each for itself: what is read, sent and confirmed by them.

use super::waits::{CREATES, add, count, live_on, plan};
use super::world::{World, Wrong};
use crate::desk;
use tieline::hub::Hub;
use tieline::transport::in_process;
use tieline_domain::delivery::State;
use tieline_domain::sync::run::RunState;
use tieline_simulator::Mishap;
use tieline_storage::{create_intent, sync_run};
use tieline_sync::StartedBy;

const HOUR_MS: i64 = 3_600_000;

fn create(world: &World, name: &str) {
    let body = [("LastName".to_owned(), name.into())].into_iter().collect();
    let org = world.simulator.org();
    org.create(&world.somebody(), "Contact", &body).unwrap();
}

async fn has(world: &World, name: &str) -> bool {
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    contacts.iter().any(|it| it.name == name)
}

/// A run by a hub that has just been started, and has never heard the org's time.
async fn run_of_a_fresh_hub(world: &World) {
    let fresh = world.second_hub(in_process(world.simulator.router())).await;
    let by = StartedBy::Schedule;
    let run = fresh.sync.start(world.connection, by).await.unwrap();
    live_on(world, &fresh, 5).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let row = sync_run::by_id(&mut reader, run.id).await.unwrap();
    assert_eq!(row.state, RunState::Done, "{:?}", row.error);
}

#[tokio::test]
async fn what_changes_in_an_org_whose_clock_is_wrong_comes_in_with_the_next_run() {
    for org in [-HOUR_MS, HOUR_MS] {
        let wrong = Wrong {
            org,
            ..Wrong::default()
        };
        let world = World::side_by_side(91, wrong).await;
        run_of_a_fresh_hub(&world).await;
        for number in 0..4 {
            let name = format!("Early {number}");
            create(&world, &name);
            world.wait(11 * 60_000);
            run_of_a_fresh_hub(&world).await;
            assert!(has(&world, &name).await, "{name}, {org}");
        }
    }
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_in_an_org_whose_clock_is_wrong() {
    for (org, restarted) in [(-HOUR_MS, false), (-HOUR_MS, true), (HOUR_MS, true)] {
        let wrong = Wrong {
            org,
            ..Wrong::default()
        };
        let world = World::side_by_side(93, wrong).await;
        world.sync().await;
        let lost = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
        add(&world, "", "Lost").await;
        world.live(3).await;
        assert_eq!(world.simulator.fired(lost), 1);
        let hub = match restarted {
            true => {
                let transport = in_process(world.simulator.router());
                world.second_hub(transport).await
            }
            false => world.hub.clone(),
        };
        live_on(&world, &hub, 12 * 60).await;
        let made = count(&world, "LastName = 'Lost'");
        assert_eq!(made, 1, "{org} {restarted}");
    }
}

#[tokio::test]
async fn a_text_whose_answer_is_lost_is_found_at_a_carrier_whose_clock_is_wrong() {
    for carrier in [-HOUR_MS, HOUR_MS] {
        let wrong = Wrong {
            carrier,
            first: -carrier,
            ..Wrong::default()
        };
        let world = World::side_by_side(92, wrong).await;
        let lost = plan(&world, "POST", "/Messages", 1, Mishap::CutAfterCommit);
        let id = desk::text(&world.hub.store, "+441134960650", "Once")
            .await
            .id;
        world.live(60).await;
        assert_eq!(world.simulator.fired(lost), 1);
        let messages = desk::messages(&world.hub.store).await;
        let message = messages.iter().find(|it| it.id == id).unwrap();
        assert_eq!(message.state, State::Delivered, "{carrier}");
        assert_eq!(world.simulator.texts().len(), 1, "{carrier}");
    }
}

/// When a clock that is an hour fast is set right.
#[derive(Debug, Clone, Copy)]
enum SetRight {
    WhileItWorks,
    WhileItIsAway { hours: i64 },
}

const SET_RIGHT: [SetRight; 3] = [
    SetRight::WhileItWorks,
    SetRight::WhileItIsAway { hours: 0 },
    // Nothing that it kept lies ahead any more.
    SetRight::WhileItIsAway { hours: 2 },
];

/// The hub works by a clock that is an hour fast.
async fn go_fast(world: &World) {
    world.computer.set_database_by(HOUR_MS);
    world.learn_time().await;
}

/// The hub that works by the right clock from now on.
async fn set_right(world: &World, when: SetRight) -> Hub {
    match when {
        SetRight::WhileItWorks => {
            world.computer.set_database_by(0);
            world.learn_time().await;
            world.hub.clone()
        }
        SetRight::WhileItIsAway { hours } => {
            world.wait(hours * HOUR_MS);
            world.computer.set_database_by(0);
            world.restarted().await
        }
    }
}

#[tokio::test]
async fn a_text_that_was_sent_by_a_fast_clock_is_found_once_the_clock_is_right_again() {
    for when in SET_RIGHT {
        let world = World::new(94).await;
        go_fast(&world).await;
        let lost = plan(&world, "POST", "/Messages", 1, Mishap::CutAfterCommit);
        let away = Mishap::Busy {
            status: 503,
            retry_after_seconds: 1,
        };
        let away = plan(&world, "GET", "/Messages", 5, away);
        let id = desk::text(&world.hub.store, "+441134960651", "Once")
            .await
            .id;
        world.hub.worker().work_off().await;
        assert_eq!(world.simulator.fired(lost), 1);
        world.wait(6_000);
        world.hub.worker().work_off().await;
        assert!(world.simulator.fired(away) > 0, "{when:?}");
        let hub = set_right(&world, when).await;
        // The carrier itself reports nothing.
        live_on(&world, &hub, 60).await;
        assert_eq!(world.simulator.fired(away), 5, "{when:?}");
        let messages = desk::messages(&hub.store).await;
        let message = messages.iter().find(|it| it.id == id).unwrap();
        assert_eq!(message.state, State::Sent, "{when:?}");
        assert_eq!(world.simulator.texts().len(), 1, "{when:?}");
    }
}

#[tokio::test]
async fn a_create_that_was_sent_by_a_fast_clock_is_found_once_the_clock_is_right_again() {
    for when in SET_RIGHT {
        let world = World::side_by_side(95, Wrong::default()).await;
        world.sync().await;
        go_fast(&world).await;
        let lost = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
        // Nor is it found at once.
        let away = plan(&world, "GET", "CreatedById", 12, Mishap::Maintenance {});
        add(&world, "", "Lost").await;
        world.live(3).await;
        assert_eq!(world.simulator.fired(lost), 1);
        assert!(world.simulator.fired(away) > 0, "{when:?}");
        assert_eq!(open_creates(&world.hub, &world).await, 1);
        let hub = set_right(&world, when).await;
        // Longer than the hour in which it seems not to have begun.
        for _ in 0..90 {
            world.wait(60_000);
            hub.worker().work_off().await;
        }
        assert_eq!(open_creates(&hub, &world).await, 0, "{when:?}");
        let made = count(&world, "LastName = 'Lost'");
        assert_eq!(made, 1, "{when:?}");
    }
}

async fn open_creates(hub: &Hub, world: &World) -> usize {
    let mut reader = hub.store.reader().await.unwrap();
    let open = create_intent::open(&mut reader, world.connection, "Contact").await;
    open.unwrap().len()
}
