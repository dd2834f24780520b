//! When both sides speak of one field, or of one person: who is heard, and who is not taken for another.

use super::reckoning::{create, edit, journal, named, update};
use super::waits::{CREATES, add, count, plan, runs};
use super::world::World;
use tieline_domain::access::Actor;
use tieline_domain::sync::change::{ChangeAct, ChangeState};
use tieline_domain::sync::run::RunState;
use tieline_domain::sync::standing::Standing;
use tieline_simulator::org::Call;
use tieline_simulator::{ErrorEntry, Mishap};
use tieline_storage::connection;
use tieline_storage::sync_run::SyncRun;

/// Both sides change the title of one person, each to its own name, before a run.
async fn both_change(policy: &str, later: &str) -> (World, SyncRun) {
    let world = World::new(131).await;
    let id = create(&world, "Contact", &[("LastName", "Both"), ("Title", "Was")]);
    world.sync().await;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let sql = format!("update field_mapping set policy = '{policy}' where field = 'Title'");
    tx.run(&sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    for side in ["hub", "org", "hub"]
        .into_iter()
        .skip(usize::from(later == "hub"))
        .take(2)
    {
        world.wait(5_000);
        match side {
            "hub" => edit(&world, "Both", "hub").await,
            _ => update(&world, "Contact", &id, &[("Title", "org")]),
        }
    }
    let run = world.sync().await;
    world.live(30).await;
    (world, run)
}

async fn title(world: &World) -> String {
    named(world, "Both")
        .await
        .unwrap()
        .fields
        .get("title")
        .unwrap()
        .clone()
}

#[tokio::test]
async fn of_two_edits_of_one_field_the_one_stays_that_its_policy_names() {
    for (policy, later, stays) in [
        ("salesforce", "hub", "org"),
        ("tieline", "org", "hub"),
        ("newest", "hub", "hub"),
        ("newest", "org", "org"),
    ] {
        let (world, run) = both_change(policy, later).await;
        assert_eq!(title(&world).await, stays, "{policy}, {later}");
        let theirs = format!("LastName = 'Both' AND Title = '{stays}'");
        assert_eq!(count(&world, &theirs), 1, "{policy}, {later}");
        let counts = run.counts.total();
        let moved = (counts.to_hub.updated, counts.to_org.updated);
        let expected = (i64::from(stays == "org"), i64::from(stays == "hub"));
        assert_eq!(
            (moved, counts.conflicts),
            (expected, 0),
            "{policy}, {later}"
        );
    }
}

#[tokio::test]
async fn where_somebody_is_to_decide_both_sides_keep_theirs_and_it_is_told() {
    let (world, run) = both_change("ask", "hub").await;
    assert_eq!(title(&world).await, "hub");
    assert_eq!(count(&world, "LastName = 'Both' AND Title = 'org'"), 1);
    assert_eq!(run.counts.total().conflicts, 1);
    let rows = journal(&world, &run).await;
    let conflicts: Vec<_> = rows
        .iter()
        .filter(|it| it.act == ChangeAct::Conflict)
        .collect();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].state, ChangeState::Skipped);
    let sides = [&conflicts[0].before, &conflicts[0].after];
    let sides = sides.map(|it| it.as_ref().unwrap()["title"].clone());
    assert_eq!(sides, ["hub", "org"]);
    let status = world.hub.sync.status(world.connection).await.unwrap();
    let told = (status.to_decide(), status.standing());
    assert_eq!(told, (1, Standing::ToDecide));
}

#[tokio::test]
async fn a_namesake_that_somebody_else_makes_is_not_taken_for_the_lost_create() {
    let world = World::new(132).await;
    world.sync().await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutBeforeCommit {});
    add(&world, "", "Stranger").await;
    world.live(3).await;
    assert_eq!(world.simulator.fired(cut), 1);
    let mut reader = world.hub.store.reader().await.unwrap();
    let row = connection::by_id(&mut reader, world.connection).await;
    let ours = row.unwrap().user_id;
    drop(reader);
    let users = world.simulator.org().users();
    let another = users.iter().find(|it| it.id.to_string() != ours).unwrap();
    let body = [("LastName", "Stranger"), ("Title", "Another")];
    let body = body.map(|(name, value)| (name.to_owned(), value.into()));
    let (org, call) = (world.simulator.org(), Call::of(another.id));
    org.create(&call, "Contact", &body.into_iter().collect())
        .unwrap();
    world.live(12 * 60).await;
    assert_eq!(
        count(&world, "LastName = 'Stranger'"),
        2,
        "ours was sent again"
    );
    let ours = count(&world, "LastName = 'Stranger' AND Title = null");
    assert_eq!(ours, 1);
}

#[tokio::test]
async fn runs_that_fail_in_a_row_wait_longer_each_time_and_anew_after_one_that_came_to_its_end() {
    let world = World::new(133).await;
    world.sync().await;
    let busy = || {
        let entry = |code: &str| ErrorEntry {
            code: code.to_owned(),
            message: "planned".to_owned(),
            fields: None,
        };
        let entries = vec![entry("UNABLE_TO_LOCK_ROW"), entry("QUERY_TIMEOUT")];
        let errors = Mishap::Errors {
            status: 400,
            entries,
        };
        plan(&world, "GET", "/query", u32::MAX, errors)
    };
    for _ in 0..2 {
        world.wait(60_000);
        let before = world.hub.store.now();
        busy();
        add(&world, "", "Waiting").await;
        world.live(50).await;
        world.simulator.clear_faults();
        world.live(20).await;
        let mut all = runs(&world).await;
        all.reverse();
        all.retain(|it| it.started_at > before);
        let failed = all
            .iter()
            .take_while(|it| it.state == RunState::Failed)
            .count();
        assert!(failed >= 4, "{failed}");
        assert_eq!(all[failed].state, RunState::Done);
        let waited = |n: usize| all[n].started_at.since(all[n - 1].finished_at.unwrap());
        // Half of it is chance; the world goes by seconds.
        for (n, (least, most)) in [
            (2_000, 5_000),
            (4_000, 9_000),
            (7_500, 16_000),
            (7_500, 16_000),
        ]
        .into_iter()
        .enumerate()
        {
            let ms = waited(n + 1);
            assert!(
                (least..=most).contains(&ms),
                "{ms} ms after {} failures",
                n + 1
            );
        }
        let error = all[0].error.as_ref().unwrap();
        assert!(error.text.contains("UNABLE_TO_LOCK_ROW"), "{error:?}");
        assert!(error.fix.starts_with("Nothing to do"), "{error:?}");
    }
}
