//! What is said of org and hub: only what was compared, and screens hear of it by themselves.

use super::desk;
use super::waits::{add, plan};
use super::world::World;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tieline_access::NewKey;
use tieline_domain::access::{Actor, Caller, Reach, Right, Rights, Scope};
use tieline_domain::connection::ConnectionState;
use tieline_domain::event::Event;
use tieline_domain::id::{ApiKeyId, SyncRunId};
use tieline_domain::sync::run::RunState;
use tieline_domain::sync::standing::Standing;
use tieline_domain::time::Timestamp;
use tieline_simulator::Mishap;
use tieline_storage::{connection, event, mapping};
use tieline_sync::status::Status;
use tower::ServiceExt as _;

/// How it stands; the page tells the same, and of being stopped or waiting only while it is.
async fn status(world: &World) -> Status {
    let status = world.hub.sync.status(world.connection).await.unwrap();
    let new = NewKey {
        name: world.hub.store.new_id::<ApiKeyId>().to_string(),
        rights: Rights::of(&[Right::ReadSync]),
        inboxes: Reach::only([]),
        expires_at: None,
    };
    let made = world.hub.access.add_key(&Caller::operator(), new).await;
    let bearer = format!("Bearer {}", made.unwrap().1);
    let request = Request::get("/api/v1/sync").header("authorization", bearer);
    let request = request.body(Body::empty()).unwrap();
    let answer = world.hub.router().oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let page: Value = serde_json::from_slice(&body).unwrap();
    let standing = status.standing();
    assert_eq!(page["state"], standing.as_str(), "{page}");
    let is_stopped = standing == Standing::Stopped;
    let stopped = status.last.as_ref().filter(|_| is_stopped);
    let stopped = stopped.map(|it| (it.progress_done, it.progress_total));
    let told = page["stopped"].as_object();
    let told = told.map(|it| (it["done"].as_i64().unwrap(), it["total"].as_i64()));
    assert_eq!(told, stopped, "{page}");
    let since = status.connection.state_since.0;
    let waits = (standing == Standing::Waiting).then_some(since);
    assert_eq!(page["waiting_since"].as_i64(), waits, "{page}");
    check_figures(world, &page, &status).await;
    status
}

/// The figures of the page are those that were found, each in its place.
async fn check_figures(world: &World, page: &Value, status: &Status) {
    let people = desk::contacts(&world.hub.store, 1_000).await.len();
    assert_eq!(page["contacts_total"], people, "{page}");
    let waits = (&page["to_create"], &page["to_decide"]);
    assert_eq!(
        waits,
        (&json!(status.to_create), &json!(status.to_decide()))
    );
    let at = |at: Option<Timestamp>| at.map(|it| it.0);
    assert_eq!(page["as_of"].as_i64(), at(status.as_of), "{page}");
    let calls = status.connection.org_calls;
    let told = ["org_used", "org_max"].map(|name| page["api"][name].as_i64());
    assert_eq!(told, [calls.map(|it| it.0), calls.map(|it| it.1)], "{page}");
    let shown = page["mappings"].as_array().unwrap();
    assert_eq!(shown.len(), status.mappings.len());
    for (it, shown) in status.mappings.iter().zip(shown) {
        let counts = status.links.get(&it.object).copied().unwrap_or_default();
        for (name, figure) in [
            ("records", Some(counts.records)),
            ("waiting_to_org", Some(counts.waiting_to_org)),
            ("conflicts", Some(counts.conflicts)),
            ("org_records", it.org_records),
            ("org_counted_at", at(it.org_counted_at)),
            ("last_changed_at", at(it.last_changed_at)),
            ("read_until", at(it.read_until)),
        ] {
            assert_eq!(shown[name].as_i64(), figure, "{name}: {shown}");
        }
    }
}

#[tokio::test]
async fn in_step_is_said_of_what_a_run_compared_to_the_end_and_screens_hear_when_the_org_has_a_change()
 {
    let world = World::new(61).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let head = event::head(&mut reader).await.unwrap();
    drop(reader);
    let told_of = async |run: SyncRunId| {
        let mut reader = world.hub.store.reader().await.unwrap();
        let scope = Scope::system();
        let heard = event::list_after(&mut reader, &scope, head, 1_000).await;
        let (heard, _) = heard.unwrap().unwrap();
        let of_it = |it: &Event| *it == Event::SyncRun { run_id: run };
        heard.iter().filter(|it| of_it(&it.event)).count()
    };
    assert_eq!(status(&world).await.standing(), Standing::Never);
    let run = world.start().await;
    assert_eq!(status(&world).await.standing(), Standing::Running);
    let system = Actor::system();
    let cancelled = world.hub.sync.cancel(&system, run.id);
    cancelled.await.unwrap();
    let run = world.end_of(run).await;
    let told = told_of(run.id).await;
    assert_eq!(told, 3, "screens hear that it began, stops and ended");
    let stopped = status(&world).await;
    assert_eq!(
        (stopped.standing(), stopped.as_of),
        (Standing::Stopped, None)
    );

    let run = world.sync().await;
    let told = told_of(run.id).await;
    assert_eq!(told, 7, "and of each of its five batches");
    let well = status(&world).await;
    assert_eq!(
        (well.standing(), well.as_of),
        (Standing::InStep, run.finished_at)
    );

    let store = &world.hub.store;
    let contact = desk::contacts(store, 1).await.remove(0);
    desk::edit(store, &contact, "title", "Surveyor").await;
    assert_eq!(status(&world).await.standing(), Standing::Behind);
    let mut reader = store.reader().await.unwrap();
    let before = event::head(&mut reader).await.unwrap();
    drop(reader);
    world.live(5).await;
    let after = status(&world).await;
    assert_eq!(after.standing(), Standing::InStep);
    assert!(
        after.as_of > well.as_of,
        "the run of the change compared again"
    );
    let mut reader = store.reader().await.unwrap();
    let heard = event::list_after(&mut reader, &Scope::system(), before, 200).await;
    let (heard, _) = heard.unwrap().unwrap();
    let told = heard.iter().any(|it| match &it.event {
        Event::Contacts { contact_ids } => contact_ids.contains(&contact.id),
        _ => false,
    });
    assert!(told, "the contact's page is not told that the org has it");
    drop(reader);

    // Somebody who has no record yet is a change that the org lacks, too.
    add(&world, "", "Recordless").await;
    assert_eq!(status(&world).await.standing(), Standing::Behind);
    world.live(30).await;
    let after = status(&world).await;
    assert_eq!(after.standing(), Standing::InStep);

    let away = ConnectionState::Unreachable;
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    connection::set_state(&mut tx, world.connection, away, Some("status 503"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let waiting = status(&world).await;
    assert_eq!(
        (waiting.standing(), waiting.as_of),
        (Standing::Waiting, after.as_of)
    );
    // Who starts a run by hand does not wait until the org is asked again.
    assert_eq!(world.sync().await.state, RunState::Done);
    assert_eq!(status(&world).await.standing(), Standing::InStep);
}

#[tokio::test]
async fn the_orgs_own_number_of_records_stands_beside_ours_with_its_time() {
    let world = World::new(62).await;
    let numbers = async || {
        let mappings = status(&world).await.mappings;
        let numbers = mappings
            .into_iter()
            .map(|it| (it.org_records, it.org_counted_at));
        numbers.collect::<Vec<_>>()
    };
    assert_eq!(numbers().await, [(None, None), (None, None)]);
    let run = world.sync().await;
    let org = world.simulator.org();
    let people = |object: &str| {
        let soql = format!("SELECT Id FROM {object}");
        let answer = org.query(&world.somebody(), &soql, false).ok().unwrap();
        Some(answer.len() as i64)
    };
    let counted = numbers().await;
    assert_eq!(counted[0], (people("Contact"), run.finished_at));
    assert_eq!(counted[1], (people("Lead"), run.finished_at));
    // Neither a change here nor an org that does not answer this question tells another number.
    let body = [("LastName".to_owned(), "Late".into())]
        .into_iter()
        .collect();
    org.create(&world.somebody(), "Contact", &body).unwrap();
    let contact = desk::contacts(&world.hub.store, 1).await.remove(0);
    desk::edit(&world.hub.store, &contact, "title", "Surveyor").await;
    world.live(10).await;
    assert_eq!(numbers().await, counted);
    let refused = plan(
        &world,
        "POST",
        "/composite",
        50,
        Mishap::Html { status: 404 },
    );
    world.wait(60_000);
    let run = world.sync().await;
    assert_eq!(run.state, RunState::Done);
    assert!(world.simulator.fired(refused) > 0);
    assert_eq!(numbers().await, counted);
    world.simulator.clear_faults();
    world.sync().await;
    assert_eq!(numbers().await[0].0, people("Contact"));
}

#[tokio::test]
async fn an_object_that_was_not_read_yet_is_not_in_step() {
    let world = World::new(64).await;
    let store = &world.hub.store;
    let mut reader = store.reader().await.unwrap();
    let mappings = mapping::all(&mut reader, world.connection).await.unwrap();
    drop(reader);
    let last = mappings.last().unwrap();
    let enable = async |enabled: bool| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let done = mapping::update(&mut tx, last.id, Some(enabled), None).await;
        assert!(done.unwrap());
        tx.commit().await.unwrap();
    };
    enable(false).await;
    world.sync().await;
    assert_eq!(status(&world).await.standing(), Standing::InStep);
    enable(true).await;
    assert_eq!(status(&world).await.standing(), Standing::Stopped);
    world.sync().await;
    assert_eq!(status(&world).await.standing(), Standing::InStep);
}
