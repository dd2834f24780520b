//! Rights as a program meets them over HTTP.

use http::{Method, StatusCode};
use serde_json::json;
use tieline_simulator::org::Sharing;

use crate::support::world;

#[tokio::test]
async fn without_the_api_permission_every_resource_is_403() {
    let world = world();
    let org = world.simulator.org();
    org.set_system_permission("System Administrator", "ApiEnabled", false)
        .unwrap();
    let reply = world.get("v62.0/sobjects").await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::FORBIDDEN, "API_CURRENTLY_DISABLED")
    );
    org.set_system_permission("System Administrator", "ApiEnabled", true)
        .unwrap();
    assert_eq!(world.get("v62.0/sobjects").await.status, StatusCode::OK);
}

#[tokio::test]
async fn permission_sets_are_made_assigned_and_taken_away_over_rest() {
    let world = world();
    let made = world
        .json(
            Method::POST,
            "v62.0/sobjects/PermissionSet",
            json!({"Name": "Texting", "Label": "Texting"}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let user = world.simulator.org().users()[2].id.to_string();
    let assignment = json!({"PermissionSetId": made.json()["id"], "AssigneeId": user});
    let path = "v62.0/sobjects/PermissionSetAssignment";
    let given = world.json(Method::POST, path, assignment).await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.text());
    let path = format!("{path}/{}", given.json()["id"].as_str().unwrap());
    let taken = world.json(Method::DELETE, &path, json!({})).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_administrator_sees_private_records_and_the_query_over_rights_works_in_a_url() {
    let world = world();
    world
        .simulator
        .org()
        .set_sharing("Contact", Sharing::Private)
        .unwrap();
    let count = "v62.0/query?q=SELECT+count()+FROM+Contact";
    assert_eq!(world.get(count).await.json()["totalSize"], json!(20));
    let user = world.call().user;
    let soql = format!(
        "v62.0/query?q=SELECT+SobjectType,PermissionsModifyAllRecords+FROM+ObjectPermissions+\
         WHERE+SobjectType='Contact'+AND+ParentId+IN+(SELECT+PermissionSetId+FROM+\
         PermissionSetAssignment+WHERE+AssigneeId='{user}')"
    );
    let reply = world.get(&soql).await.json();
    assert_eq!(reply["totalSize"], json!(1), "{reply}");
    assert_eq!(
        reply["records"][0]["PermissionsModifyAllRecords"],
        json!(true)
    );
    assert_eq!(
        reply["records"][0]["attributes"]["type"],
        json!("ObjectPermissions")
    );
}
