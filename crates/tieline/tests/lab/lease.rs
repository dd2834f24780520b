//! A worker that stalls past its lease while it sends: one text at the carrier, whoever comes back.

use super::waits::plan;
use super::world::World;
use crate::desk;
use std::sync::Arc;
use tieline::transport::{Transport, in_process};
use tieline_domain::delivery::State;
use tieline_domain::id::MessageId;
use tieline_simulator::Mishap;
use tieline_storage::message;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

const PHONE: &str = "+441134960650";

/// Passes requests on; answers wait until they are let go.
pub fn held_back(inner: Transport, gate: Arc<Semaphore>) -> Transport {
    BoxCloneSyncService::new(service_fn(move |request| {
        let (inner, gate) = (inner.clone(), gate.clone());
        async move {
            let answer = inner.oneshot(request).await;
            gate.acquire().await?.forget();
            answer
        }
    }))
}

async fn state(world: &World, id: MessageId) -> State {
    let mut reader = world.hub.store.reader().await.unwrap();
    let found = message::load_by_ids(&mut reader, &[id]).await.unwrap();
    found[&id].state
}

#[tokio::test]
async fn a_worker_that_stalls_past_its_lease_in_mid_send_leaves_one_text_at_the_carrier() {
    let world = World::new(11).await;
    let id = desk::text(&world.hub.store, PHONE, "Only once").await.id;
    let gate = Arc::new(Semaphore::new(0));
    let transport = held_back(in_process(world.simulator.router()), gate.clone());
    let stalled = world.second_hub(transport).await;
    let worker = stalled.worker();
    let stalling = tokio::spawn(async move { worker.work_off().await });
    while world.simulator.texts().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        state(&world, id).await,
        State::Sending,
        "the carrier has it, the answer is held back"
    );

    world.wait(61_000);
    world.hub.worker().work_off().await;
    assert_eq!(state(&world, id).await, State::Uncertain);
    world.live(10).await;
    assert_eq!(
        state(&world, id).await,
        State::Delivered,
        "the carrier's list told"
    );

    gate.add_permits(10);
    stalling.await.unwrap();
    world.live(120).await;
    assert_eq!(
        state(&world, id).await,
        State::Delivered,
        "the one who came back changed nothing"
    );
    let texts = world.simulator.texts();
    assert_eq!(
        texts.iter().filter(|text| text.body == "Only once").count(),
        1
    );
}

/// Passes requests on, but none to the carrier.
fn without_carrier(inner: Transport) -> Transport {
    BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
        let inner = inner.clone();
        async move {
            if request.uri().path().ends_with("/Messages.json") {
                std::future::pending::<()>().await;
            }
            inner.oneshot(request).await
        }
    }))
}

#[tokio::test]
async fn a_text_whose_worker_was_gone_before_it_left_is_looked_for_and_then_said_to_be_not_sent() {
    // At its first attempt, or at a later one.
    for was_put_off in [false, true] {
        let world = World::new(12).await;
        let busy = Mishap::Busy {
            status: 429,
            retry_after_seconds: 1,
        };
        let times = u32::from(was_put_off);
        let put_off = plan(&world, "POST", "/Messages.json", times, busy);
        let id = desk::text(&world.hub.store, PHONE, "Never left").await.id;
        if was_put_off {
            world.hub.worker().work_off().await;
            world.wait(5_000);
        }
        assert_eq!(world.simulator.fired(put_off), times);
        let nowhere = without_carrier(in_process(world.simulator.router()));
        let dying = world.second_hub(nowhere).await;
        let worker = dying.worker();
        let gone = tokio::spawn(async move { worker.work_off().await });
        while state(&world, id).await != State::Sending {
            tokio::task::yield_now().await;
        }
        gone.abort();
        world.wait(61_000);
        world.live(60).await;
        assert_eq!(
            state(&world, id).await,
            State::Uncertain,
            "it may be listed yet"
        );
        world.live(10 * 60).await;
        assert_eq!(state(&world, id).await, State::Failed);
        assert!(world.simulator.texts().is_empty(), "a person decides");
    }
}
