//! How an org is read: what it stamps earlier than it shows, and pages whose locator is over.

use super::waits::plan;
use super::world::World;
use crate::desk;
use std::collections::BTreeSet;
use tieline_domain::sync::run::RunState;
use tieline_simulator::Mishap;
use tieline_simulator::org::CommitLag;

fn create(world: &World, name: &str) {
    let body = [("LastName".to_owned(), name.into())].into_iter().collect();
    let org = world.simulator.org();
    org.create(&world.somebody(), "Contact", &body).unwrap();
}

async fn names(world: &World) -> Vec<String> {
    let contacts = desk::contacts(&world.hub.store, 2_000).await;
    contacts.into_iter().map(|it| it.name).collect()
}

#[tokio::test]
async fn what_an_org_stamps_earlier_than_it_shows_comes_in_with_the_next_run() {
    let world = World::new(171).await;
    world.sync().await;
    for seconds in [5, 120, 570] {
        // It was begun before the last run, and is committed after it.
        let lag = CommitLag { seconds, times: 1 };
        world.simulator.org().set_commit_lag(lag);
        let name = format!("Late {seconds}");
        create(&world, &name);
        assert_eq!(world.simulator.org().commit_lag().times, 0);
        world.sync().await;
        assert!(names(&world).await.contains(&name), "{name}");
        world.wait(20 * 60_000);
        world.sync().await;
    }
}

#[tokio::test]
async fn a_locator_that_is_over_is_asked_for_anew_behind_what_was_taken_in() {
    let world = World::of(172, 900).await;
    let org = world.simulator.org();
    let mut settings = org.settings();
    // The first page has 380 records.
    settings.page_jitter_percent = 89;
    org.set_settings(settings);
    let over = Mishap::Error {
        status: 404,
        code: "INVALID_QUERY_LOCATOR".to_owned(),
        message: "invalid query locator".to_owned(),
    };
    let over = plan(&world, "GET", "/query/", 1, over);
    let run = world.sync().await;
    assert_eq!(world.simulator.fired(over), 1, "there was a second page");
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let records = org.query(&world.somebody(), "SELECT Id FROM Contact", false);
    let records = records.ok().unwrap().len();
    let leads = org.query(&world.somebody(), "SELECT Id FROM Lead", false);
    let leads = leads.ok().unwrap().len();
    let known = desk::contacts(&world.hub.store, 2_000).await;
    assert_eq!(known.len(), records + leads, "each once");
    let ids: BTreeSet<_> = known.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), known.len());
}
