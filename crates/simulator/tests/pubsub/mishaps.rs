//! Gaps, overflows, losses, repeats, delays, expiry: what a subscriber must survive.

use serde_json::{Value as Json, json};
use tieline_simulator::org::events::EventSettings;

use crate::support::{CONTACTS, INVALID_ARGUMENT, LATEST, silent, soon, world};
use crate::wire::FetchResponse;

const CORRUPTED: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted";
const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn mistake_38_replay_ids_are_opaque_bytes_with_holes() {
    let world = world();
    for n in 0..30 {
        world.contact(&format!("Row {n}"));
    }
    let events = world.earliest(CONTACTS).await;
    let ids: Vec<u64> = events
        .iter()
        .map(|e| u64::from_be_bytes(e.replay_id.clone().try_into().unwrap()))
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert!(
        ids.last().unwrap() < &(1 << 53),
        "clients read them as numbers of JavaScript"
    );
    let hole = ids.windows(2).find(|pair| pair[1] - pair[0] > 1).unwrap();
    let made_up = (hole[0] + 1).to_be_bytes();
    let mut line = world.resubscribe(CONTACTS, &made_up).await;
    let ended = soon(line.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(ended.error_code, CORRUPTED);
}

#[tokio::test]
async fn mistake_38_a_replay_id_is_good_for_72_hours() {
    let world = world();
    world.contact("Old");
    let seen = world.earliest(CONTACTS).await;
    world.clock.advance(72 * HOUR_MS);
    let token = world.simulator.org_access().access_token;
    let metadata = [
        ("accesstoken", token.as_str()),
        world.metadata()[1],
        world.metadata()[2],
    ];
    let open = || crate::wire::Line::open(world.simulator.pubsub_router(), "Subscribe", &metadata);
    let custom = crate::support::fetch(CONTACTS, crate::support::CUSTOM, &seen[0].replay_id, 5);
    world.contact("New");
    let mut line = open().await;
    line.send(&custom);
    let answer: FetchResponse = soon(line.next()).await.unwrap();
    assert_eq!(answer.events.len(), 1, "72 hours are not over");
    world.clock.advance(1_000);
    let mut line = open().await;
    line.send(&custom);
    let ended = soon(line.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(
        (ended.code, ended.error_code.as_str()),
        (INVALID_ARGUMENT, CORRUPTED)
    );
    let mut line = open().await;
    line.send(&crate::support::fetch(CONTACTS, 1, &[], 5));
    let answer: FetchResponse = soon(line.next()).await.unwrap();
    assert_eq!(
        answer.events.len(),
        1,
        "the old one is gone, the new one is there"
    );
}

#[tokio::test]
async fn mistake_38_a_gap_event_has_a_header_and_nothing_else() {
    let world = world();
    world.org().gap_next_event("Contact").unwrap();
    let id = world.contact("Berg");
    world.update("Contact", &id, json!({"Title": "Chief"}));
    let events = world.earliest(CONTACTS).await;
    assert_eq!(
        (events[0].kind(), events[1].kind()),
        ("GAP_CREATE", "UPDATE")
    );
    assert_eq!(events[0].record_ids(), [id.to_string()]);
    assert!(
        events[0]
            .fields
            .as_object()
            .unwrap()
            .values()
            .all(Json::is_null)
    );
}

#[tokio::test]
async fn mistake_38_what_is_too_large_for_an_event_becomes_a_gap() {
    let world = world();
    world.org().set_event_settings(EventSettings {
        event_bytes_max: 5_000,
        ..Default::default()
    });
    let id = world.contact("Berg");
    world.update("Contact", &id, json!({"Description": "x".repeat(6_000)}));
    let events = world.earliest(CONTACTS).await;
    assert_eq!(events[1].kind(), "GAP_UPDATE");
    assert!(events[1].changed.is_empty());
}

#[tokio::test]
async fn mistake_38_too_many_changes_overflow_once_per_object() {
    let world = world();
    let ids: Vec<_> = (0..3).map(|n| world.contact(&format!("Row {n}"))).collect();
    let mut line = world.subscribe("/data/ChangeEvents", LATEST, 10).await;
    world.org().set_event_settings(EventSettings {
        overflow_changes: 5,
        ..Default::default()
    });
    let row = |id: &tieline_simulator::org::RecordId| json!({"attributes": {"type": "Contact"}, "Id": id.to_string(), "Title": "T", "Phone": "1"});
    let rows: Vec<Json> = ids.iter().map(row).collect();
    world.org().update_many(&world.call, &rows, false).unwrap();
    let events = world.events(&mut line).await;
    assert_eq!(events.len(), 1, "six changed fields are more than five");
    assert_eq!(events[0].kind(), "GAP_OVERFLOW");
    world.org().set_event_settings(EventSettings::default());
    world.org().overflow_next_transaction();
    world.contact("Planned");
    assert_eq!(world.events(&mut line).await[0].kind(), "GAP_OVERFLOW");
}

#[tokio::test]
async fn mistake_38_events_come_again_after_a_resubscribe_when_planned() {
    let world = world();
    for n in 0..4 {
        world.contact(&format!("Row {n}"));
    }
    let seen = world.earliest(CONTACTS).await;
    world.org().repeat_events_on_resubscribe(2);
    let mut line = world.resubscribe(CONTACTS, &seen[2].replay_id).await;
    let again = world.events(&mut line).await;
    let ids = |events: &[crate::support::Event]| -> Vec<Vec<u8>> {
        events.iter().map(|e| e.replay_id.clone()).collect()
    };
    assert_eq!(ids(&again), ids(&seen[1..]));
    let mut line = world.resubscribe(CONTACTS, &seen[2].replay_id).await;
    assert_eq!(world.events(&mut line).await.len(), 1, "only once");
}

#[tokio::test]
async fn a_dropped_event_never_arrives() {
    let world = world();
    world.org().drop_next_event("Contact").unwrap();
    world.contact("Lost");
    world.contact("Found");
    let events = world.earliest(CONTACTS).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].fields["Name"]["LastName"], "Found");
}

#[tokio::test]
async fn a_late_event_arrives_when_the_clock_says_so() {
    let world = world();
    world.org().delay_events(5_000);
    let mut line = world.subscribe(CONTACTS, LATEST, 10).await;
    world.contact("Late");
    silent(&mut line).await;
    world.clock.advance(5_000);
    assert_eq!(world.events(&mut line).await.len(), 1);
}

#[tokio::test]
async fn mistake_38_after_a_reset_no_old_replay_id_is_good() {
    let world = world();
    world.contact("Before");
    let seen = world.earliest(CONTACTS).await;
    world.org().reset_events();
    let mut line = world.resubscribe(CONTACTS, &seen[0].replay_id).await;
    let ended = soon(line.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(ended.error_code, CORRUPTED);
    world.contact("After");
    assert_eq!(world.earliest(CONTACTS).await.len(), 1);
}
