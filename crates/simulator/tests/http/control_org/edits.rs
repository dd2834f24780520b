//! What people do with records: bringing back, purging, converting, merging.

use http::StatusCode;
use serde_json::json;

use super::{CONTACT, PRIYA};
use crate::support::world;

#[tokio::test]
async fn a_deleted_record_comes_back_and_a_purged_one_does_not() {
    let world = world();
    let id = world.made("Contact", json!({"LastName": "Berg"})).await;
    let path = format!("{CONTACT}/{id}");
    let of = |act: &str| json!({"act": act, "object": "Contact", "id": id, "user": PRIYA});
    world.edit(of("delete")).await;
    assert_eq!(world.get(&path).await.code(), "ENTITY_IS_DELETED");
    assert_eq!(world.edit(of("undelete")).await["id"], json!(id));
    assert_eq!(world.get(&path).await.status, StatusCode::OK);
    let changes = world.look("/changes").await["changes"].clone();
    let last = changes.as_array().unwrap().last().unwrap();
    let priya = world.simulator.org().user_by_username(PRIYA).unwrap();
    assert_eq!(last["user"], json!(priya.id.to_string()), "{last}");
    assert_eq!(last["act"], "undelete", "{last}");
    world.edit(of("delete")).await;
    world.edit(of("purge")).await;
    let (status, text) = world.refused("/edits", of("undelete")).await;
    assert_eq!(status, 400);
    assert!(text.starts_with("edit: UNDELETE_FAILED"), "{text}");
    let living = world.made("Contact", json!({"LastName": "Sato"})).await;
    let purge = json!({"act": "purge", "object": "Contact", "id": living});
    world.edit(purge).await;
    let all = format!("SELECT Id FROM Contact WHERE Id = '{living}'");
    let path = format!("v62.0/queryAll?q={}", all.replace(' ', "+"));
    assert_eq!(world.get(&path).await.json()["totalSize"], 0);
}

#[tokio::test]
async fn a_lead_is_converted_and_the_answer_names_what_came_of_it() {
    let world = world();
    let lead = json!({"LastName": "Berg", "Company": "Berg Ltd"});
    let lead = world.made("Lead", lead).await;
    let done = world
        .edit(json!({"act": "convert", "object": "Lead", "id": lead, "conversion": {"opportunity_name": "First"}}))
        .await;
    let row = world
        .get(&format!("v62.0/sobjects/Lead/{lead}"))
        .await
        .json();
    assert_eq!(row["IsConverted"], true);
    for (field, made) in [
        ("ConvertedAccountId", "account_id"),
        ("ConvertedContactId", "contact_id"),
        ("ConvertedOpportunityId", "opportunity_id"),
    ] {
        assert!(done[made].is_string(), "{done}");
        assert_eq!(row[field], done[made], "{field}");
    }
    let other = json!({"LastName": "Sato", "Company": "Sato Ltd"});
    let other = world.made("Lead", other).await;
    let done = world
        .edit(json!({"act": "convert", "object": "Lead", "id": other,
            "conversion": {"account_id": row["ConvertedAccountId"], "do_not_create_opportunity": true}}))
        .await;
    assert_eq!(done["account_id"], row["ConvertedAccountId"]);
    assert!(done["opportunity_id"].is_null());
}

#[tokio::test]
async fn a_merge_names_the_losers_and_what_hung_on_them() {
    let world = world();
    let master = world.made("Contact", json!({"LastName": "Berg"})).await;
    let loser = world.made("Contact", json!({"LastName": "Berg"})).await;
    let task = world
        .made("Task", json!({"Subject": "Call", "WhoId": loser}))
        .await;
    let done = world
        .edit(json!({"act": "merge", "object": "Contact", "id": master, "losers": [loser], "fields": {"Title": "Chief"}}))
        .await;
    assert_eq!(
        done,
        json!({"id": master, "merged": [loser], "updated_related": [task]})
    );
    let row = world.get(&format!("{CONTACT}/{master}")).await.json();
    assert_eq!(row["Title"], "Chief");
    let row = world.get(&format!("v62.0/sobjects/Task/{task}")).await;
    assert_eq!(row.json()["WhoId"], json!(master));
    let gone = world.get(&format!("{CONTACT}/{loser}")).await;
    assert_eq!(gone.code(), "ENTITY_IS_DELETED");
}

#[tokio::test]
async fn acts_of_all_kinds_are_taken_back_together() {
    let world = world();
    let master = world.made("Contact", json!({"LastName": "Berg"})).await;
    let loser = world.made("Contact", json!({"LastName": "Berg"})).await;
    let lead = json!({"LastName": "Berg", "Company": "Berg Ltd"});
    let lead = world.made("Lead", lead).await;
    let binned = world.made("Contact", json!({"LastName": "Old"})).await;
    let old = json!({"object": "Contact", "id": binned});
    world.edit(old.clone()).await;
    let logged = world.simulator.org().changes().len();
    let purge = json!({"object": "Contact", "id": binned, "act": "purge"});
    let edits = json!([
        {"act": "convert", "object": "Lead", "id": lead},
        {"act": "merge", "object": "Contact", "id": master, "losers": [loser]},
        purge,
        {"object": "Contact", "fields": {}},
    ]);
    let together = json!({"edits": edits, "transaction": true});
    let (status, text) = world.refused("/edits", together).await;
    assert_eq!((status, text.starts_with("edits: ")), (400, true), "{text}");
    assert_eq!(world.simulator.org().changes().len(), logged);
    let path = format!("v62.0/sobjects/Lead/{lead}");
    assert_eq!(world.get(&path).await.json()["IsConverted"], false);
    let path = format!("{CONTACT}/{loser}");
    assert_eq!(world.get(&path).await.status, StatusCode::OK);
    let undelete = json!({"object": "Contact", "id": binned, "act": "undelete"});
    assert_eq!(world.edit(undelete).await["id"], json!(binned));
}
