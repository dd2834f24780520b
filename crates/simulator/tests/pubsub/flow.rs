//! Flow control, keep-alives, replay and how streams end.

use std::time::{Duration, Instant};

use tieline_simulator::org::events::{EventSettings, ManagedSubscription};

use crate::support::{
    CONTACTS, CUSTOM, EARLIEST, INVALID_ARGUMENT, LATEST, OK, UNAUTHENTICATED, World, fetch,
    silent, soon, world,
};
use crate::wire::{
    Commit, Ended, FetchResponse, Line, ManagedFetchRequest, ManagedFetchResponse, ask,
};

const PREFIX: &str = "sfdc.platform.eventbus.grpc.";

#[tokio::test]
async fn a_waiting_stream_gets_an_event_at_once() {
    let world = world();
    let mut line = world.subscribe(CONTACTS, LATEST, 10).await;
    let began = Instant::now();
    world.contact("Now");
    assert_eq!(world.events(&mut line).await.len(), 1);
    assert!(
        began.elapsed() < Duration::from_millis(200),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn mistake_39_requested_events_add_up_and_are_no_page_size() {
    let world = world();
    for n in 0..7 {
        world.contact(&format!("Row {n}"));
    }
    let mut line = world.subscribe(CONTACTS, EARLIEST, 2).await;
    let first: FetchResponse = soon(line.next()).await.unwrap();
    assert_eq!((first.events.len(), first.pending_num_requested), (2, 0));
    silent(&mut line).await;
    line.send(&fetch("", 0, &[], 1));
    line.send(&fetch(CONTACTS, 0, &[], 3));
    let mut more = 0;
    while more < 4 {
        let next: FetchResponse = soon(line.next()).await.unwrap();
        more += next.events.len();
    }
    assert_eq!(more, 4);
    silent(&mut line).await;
}

#[tokio::test]
async fn mistake_39_no_more_than_a_hundred_events_are_outstanding() {
    let world = world();
    for n in 0..130 {
        world.contact(&format!("Row {n}"));
    }
    let mut line = world.subscribe(CONTACTS, EARLIEST, 1_000).await;
    let first: FetchResponse = soon(line.next()).await.unwrap();
    assert_eq!((first.events.len(), first.pending_num_requested), (100, 0));
    silent(&mut line).await;
}

#[tokio::test]
async fn mistake_39_a_quiet_stream_is_kept_alive_with_a_replay_id() {
    let world = world();
    world.org().set_event_settings(EventSettings {
        keep_alive_ms: 60,
        ..Default::default()
    });
    let mut line = world.subscribe(CONTACTS, LATEST, 5).await;
    let quiet: FetchResponse = soon(line.next()).await.unwrap();
    assert!(quiet.events.is_empty());
    assert_eq!(quiet.pending_num_requested, 5);
    assert_eq!(quiet.latest_replay_id.len(), 8);
    world.contact("Later");
    let mut again = world.resubscribe(CONTACTS, &quiet.latest_replay_id).await;
    assert_eq!(world.events(&mut again).await.len(), 1);
}

#[tokio::test]
async fn a_stream_that_asks_for_nothing_is_closed() {
    let world = world();
    world.org().set_event_settings(EventSettings {
        idle_close_ms: 80,
        ..Default::default()
    });
    world.contact("One");
    let mut line = world.subscribe(CONTACTS, EARLIEST, 1).await;
    assert_eq!(world.events(&mut line).await.len(), 1);
    let ended = soon(line.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(ended.code, OK);
}

#[tokio::test]
async fn a_stored_replay_id_goes_on_strictly_after_it() {
    let world = world();
    world.contact("One");
    let seen = world.earliest(CONTACTS).await;
    world.contact("Two");
    let mut line = world.resubscribe(CONTACTS, &seen[0].replay_id).await;
    let events = world.events(&mut line).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].fields["Name"]["LastName"], "Two");
}

#[tokio::test]
async fn mistake_39_every_refusal_names_its_code_in_the_trailers() {
    let world = world();
    let cases = [
        (
            fetch(CONTACTS, LATEST, &[], 0),
            "subscription.fetch.requested.events.invalid",
        ),
        (
            fetch(CONTACTS, LATEST, &[], -1),
            "subscription.fetch.requested.events.invalid",
        ),
        (
            fetch(CONTACTS, CUSTOM, &[], 1),
            "subscription.fetch.replayid.validation.failed",
        ),
        (
            fetch(CONTACTS, CUSTOM, &[1, 2], 1),
            "subscription.fetch.replayid.corrupted",
        ),
        (
            fetch(CONTACTS, CUSTOM, &[0; 8], 1),
            "subscription.fetch.replayid.corrupted",
        ),
    ];
    for (request, code) in cases {
        let line = world.open("Subscribe").await;
        line.send(&request);
        let ended = refusal(line).await;
        assert_eq!(ended.code, INVALID_ARGUMENT, "{ended:?}");
        assert_eq!(ended.error_code, format!("{PREFIX}{code}"));
        assert!(ended.message.contains("rpcId"), "{ended:?}");
    }
    let line = world.subscribe(CONTACTS, LATEST, 1).await;
    line.send(&fetch("/data/LeadChangeEvent", LATEST, &[], 1));
    assert_eq!(refusal(line).await.code, INVALID_ARGUMENT);
}

#[tokio::test]
async fn calls_without_a_good_session_or_org_are_refused() {
    let world = world();
    let [token, url, tenant] = world.metadata();
    let cases: [Vec<(&str, &str)>; 4] = [
        vec![],
        vec![("accesstoken", "wrong"), url, tenant],
        vec![token, url, ("tenantid", "00D000000000000AAA")],
        vec![token, tenant],
    ];
    for metadata in cases {
        let router = world.simulator.pubsub_router();
        let asked = fetch(CONTACTS, LATEST, &[], 1);
        let ended = ask::<FetchResponse>(router, "Subscribe", &metadata, &asked).await;
        let ended = ended.unwrap_err();
        assert_eq!(ended.code, UNAUTHENTICATED, "{metadata:?}");
        assert_eq!(ended.error_code, format!("{PREFIX}service.auth.error"));
    }
    let tenant = format!("core/prod/{}", &world.access.org_id[..15]);
    let metadata = [token, url, ("tenantid", &tenant)];
    let asked = crate::wire::TopicRequest {
        topic_name: CONTACTS.to_owned(),
    };
    let router = world.simulator.pubsub_router();
    let info = ask::<crate::wire::TopicInfo>(router, "GetTopic", &metadata, &asked).await;
    info.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let world = world();
    let mut line = world.subscribe(CONTACTS, LATEST, 5).await;
    world.simulator.end_sessions();
    let ended = soon(line.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(ended.code, UNAUTHENTICATED);
}

#[tokio::test]
async fn a_managed_subscription_goes_on_where_it_committed() {
    let world = world();
    world
        .org()
        .define_managed_subscription(ManagedSubscription {
            developer_name: "Sync".to_owned(),
            topic: CONTACTS.to_owned(),
            from_earliest: true,
        });
    world.contact("One");
    world.contact("Two");
    let first = managed(&world, 1).await;
    let (mut line, seen) = first;
    assert_eq!(seen.events.len(), 1);
    let commit = |replay_id: &[u8]| ManagedFetchRequest {
        commit: Some(Commit {
            commit_request_id: "c1".to_owned(),
            replay_id: replay_id.to_vec(),
        }),
        ..Default::default()
    };
    line.send(&commit(&seen.events[0].replay_id));
    let answer: ManagedFetchResponse = soon(line.next()).await.unwrap();
    let committed = answer.commit.unwrap();
    assert_eq!(
        (committed.commit_request_id.as_str(), committed.error),
        ("c1", None)
    );
    line.send(&commit(&[9; 8]));
    let answer: ManagedFetchResponse = soon(line.next()).await.unwrap();
    assert_eq!(answer.commit.unwrap().error.unwrap().code, 2);
    let (_, again) = managed(&world, 10).await;
    assert_eq!(again.events.len(), 1);
    let event = world.decode(&again.events[0]).await;
    assert_eq!(event.fields["Name"]["LastName"], "Two");
}

async fn managed(world: &World, num_requested: i32) -> (Line, ManagedFetchResponse) {
    let mut line = world.open("ManagedSubscribe").await;
    line.send(&ManagedFetchRequest {
        developer_name: "Sync".to_owned(),
        num_requested,
        ..Default::default()
    });
    let answer = soon(line.next()).await.unwrap();
    (line, answer)
}

async fn refusal(mut line: Line) -> Ended {
    soon(line.next::<FetchResponse>()).await.unwrap_err()
}

#[tokio::test]
async fn a_schema_that_nobody_made_is_not_found() {
    let world = world();
    let asked = crate::wire::SchemaRequest {
        schema_id: "none".to_owned(),
    };
    let ended = world
        .ask::<crate::wire::SchemaInfo>("GetSchema", &asked)
        .await
        .unwrap_err();
    assert_eq!(ended.code, 5);
}
