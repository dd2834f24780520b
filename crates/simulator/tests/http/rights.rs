//! Rights as a program meets them over HTTP.

use axum::body::Body;
use http::{Method, Request, StatusCode};
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

#[tokio::test]
async fn without_the_api_permission_bulk_and_soap_are_closed_as_well() {
    let world = world();
    let org = world.simulator.org();
    let job = json!({"object": "Contact", "operation": "insert"});
    let soap = async || {
        let session = &world.access.access_token;
        let text = format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:u=\"urn:partner.soap.sforce.com\">\
             <e:Header><u:SessionHeader><u:sessionId>{session}</u:sessionId></u:SessionHeader></e:Header>\
             <e:Body><u:getUserInfo/></e:Body></e:Envelope>"
        );
        let request = Request::post("/services/Soap/u/62.0")
            .header("content-type", "text/xml")
            .body(Body::from(text));
        world.send(request.unwrap()).await
    };
    assert_eq!(soap().await.status, StatusCode::OK);
    org.set_system_permission("System Administrator", "ApiEnabled", false)
        .unwrap();
    let bulk = world.json(Method::POST, "v62.0/jobs/ingest", job).await;
    assert_eq!(bulk.code(), "API_CURRENTLY_DISABLED");
    let refused = soap().await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(refused.text().contains("API_DISABLED_FOR_ORG"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_in_the_words_of_each_api() {
    let world = world();
    let large = || Body::from(vec![b' '; 150 * 1_024 * 1_024 + 1]);
    let request = world.request(Method::POST, "v62.0/sobjects/Contact");
    let reply = world.send(request.body(large()).unwrap()).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "REQUEST_ENTITY_TOO_LARGE")
    );
    let request = Request::post("/services/Soap/u/62.0").body(large());
    let reply = world.send(request.unwrap()).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.text().contains("soapenv:Fault"), "{}", reply.text());
}
