//! Work that gave up is seen, tried again and dropped by administrators alone, and each act is audited.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::time::Duration;
use tieline_testkit::postgres::Database;

/// The jobs that gave up, once there are so many.
async fn jobs(world: &World, known: &Known, number: usize) -> Vec<Value> {
    for _ in 0..200 {
        let answer = world.send(known, &Probe::new("get", "/api/v1/jobs")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let list: Value = serde_json::from_str(&answer.body).unwrap();
        let items = list["items"].as_array().unwrap().clone();
        if items.len() == number {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there are never {number} jobs that gave up");
}

#[tokio::test]
async fn work_that_gave_up_is_listed_tried_again_and_dropped() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        world.add_broken_job().await;
        let dead = jobs(&world, &known, 1).await.remove(0);
        assert_eq!(dead["kind"], "sync.soon");
        assert!(dead["error"].is_string(), "{dead}");
        assert!(
            dead.get("payload").is_none(),
            "what it carries stays inside"
        );

        let path = format!("/api/v1/jobs/{}", dead["id"].as_str().unwrap());
        let colleague = world.colleague().await;
        for probe in [
            Probe::new("get", "/api/v1/jobs"),
            Probe::new("delete", &path),
        ] {
            assert_eq!(world.send(&colleague, &probe).await.status, 403);
        }
        let mut retry = Probe::new("post", &format!("{path}/retry"));
        retry.key = Some(b"once more".to_vec());
        assert_eq!(world.send(&known, &retry).await.status, 204);
        // It cannot succeed, so it is there again.
        jobs(&world, &known, 1).await;
        // Once it can, it is done and gone; what is not tried again stays.
        world.mend_broken_jobs().await;
        world.add_broken_job().await;
        let two = jobs(&world, &known, 2).await;
        assert_eq!(two[1]["id"], dead["id"], "the newest first");
        retry.key = Some(b"and now".to_vec());
        assert_eq!(world.send(&known, &retry).await.status, 204);
        let left = jobs(&world, &known, 1).await;
        assert_eq!(left[0]["id"], two[0]["id"]);
        let path = format!("/api/v1/jobs/{}", two[0]["id"].as_str().unwrap());
        assert_eq!(
            world
                .send(&known, &Probe::new("delete", &path))
                .await
                .status,
            204
        );
        assert_eq!(
            world
                .send(&known, &Probe::new("delete", &path))
                .await
                .status,
            404
        );
        jobs(&world, &known, 0).await;

        let answer = world
            .send(&known, &Probe::new("get", "/api/v1/audit"))
            .await;
        let audit: Value = serde_json::from_str(&answer.body).unwrap();
        let audited = |act: &str| {
            let lines = audit["items"].as_array().unwrap().iter();
            let of_it = lines.filter(|it| it["act"] == act);
            let told = of_it.map(|it| (it["target"].clone(), it["staff"]["name"].clone()));
            told.collect::<Vec<_>>()
        };
        let by_her = |job: &Value| (job["id"].clone(), json!("Priya Nair"));
        assert_eq!(audited("retry_job"), [by_her(&dead), by_her(&dead)]);
        assert_eq!(audited("drop_job"), [by_her(&two[0])]);
        world.stop().await;
    }
    database.remove().await;
}
