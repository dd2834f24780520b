//! The SOAP subset as old programs use it.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{BASE_URL, Reply, World, world};
use tieline_simulator::SignInSettings;

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

fn envelope(header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<env:Envelope xmlns:env=\"{ENVELOPE}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:urn=\"urn:partner.soap.sforce.com\">\
         <env:Header>{header}</env:Header><env:Body>{body}</env:Body></env:Envelope>"
    )
}

async fn post(world: &World, path: &str, text: String) -> Reply {
    let request = Request::post(format!("/services/Soap/{path}"))
        .header("content-type", "text/xml")
        .header("soapaction", "\"\"")
        .body(Body::from(text));
    world.send(request.unwrap()).await
}

async fn login(world: &World, password: &str) -> Reply {
    let call = format!(
        "<n1:login xmlns:n1=\"urn:partner.soap.sforce.com\"><n1:username>{}</n1:username>\
         <n1:password>{password}</n1:password></n1:login>",
        world.access.username
    );
    let options = "<urn:CallOptions><urn:client>RestForce</urn:client></urn:CallOptions>";
    post(world, "u/59.0", envelope(options, &call)).await
}

/// A call of the administrator's session.
async fn call(world: &World, body: &str) -> Reply {
    let session = &world.access.access_token;
    let header =
        format!("<urn:SessionHeader><urn:sessionId>{session}</urn:sessionId></urn:SessionHeader>");
    post(world, "u/59.0/", envelope(&header, body)).await
}

/// Every text of a tag, found by its literal name as old programs do.
fn tags(reply: &Reply, name: &str) -> Vec<String> {
    let text = reply.text();
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = text.split(&open).skip(1);
    parts
        .filter_map(|part| part.split_once(&close))
        .map(|(inside, _)| inside.to_owned())
        .collect()
}

fn tag(reply: &Reply, name: &str) -> String {
    let found = tags(reply, name);
    assert!(!found.is_empty(), "no {name} in {}", reply.text());
    found[0].clone()
}

async fn made(world: &World, object: &str, fields: Json) -> String {
    let path = format!("v62.0/sobjects/{object}");
    let reply = world.json(Method::POST, &path, fields).await;
    reply.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn mistake_07_the_login_result_has_its_children_in_order_and_without_prefix() {
    let world = world();
    let password = format!("{}{}", world.access.password, world.access.security_token);
    let reply = login(&world, &password).await;
    assert_eq!(reply.status, StatusCode::OK);
    let text = reply.text();
    let document = roxmltree::Document::parse(&text).unwrap();
    let result = document
        .descendants()
        .find(|node| node.tag_name().name() == "result")
        .unwrap();
    let names = |node: roxmltree::Node<'_, '_>| -> Vec<String> {
        let children = node.children().filter(roxmltree::Node::is_element);
        children
            .map(|child| child.tag_name().name().to_owned())
            .collect()
    };
    let expected = [
        "metadataServerUrl",
        "passwordExpired",
        "sandbox",
        "serverUrl",
        "sessionId",
        "userId",
        "userInfo",
    ];
    assert_eq!(names(result), expected);
    let info = names(result.last_element_child().unwrap());
    assert_eq!(info[8], "organizationId");
    let org = &world.access.org_id[..15];
    assert_eq!(
        tag(&reply, "serverUrl"),
        format!("{BASE_URL}/services/Soap/u/59.0/{org}")
    );
    assert_eq!(tag(&reply, "passwordExpired"), "false");
    let session = tag(&reply, "sessionId");
    let rest = Request::get("/services/data/v59.0/limits")
        .header("authorization", format!("Bearer {session}"))
        .body(Body::empty());
    assert_eq!(world.send(rest.unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn mistake_07_a_fault_is_a_500_with_literal_tags() {
    let world = world();
    let reply = login(&world, "wrong").await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(tag(&reply, "faultcode"), "INVALID_LOGIN");
    assert_eq!(tag(&reply, "sf:exceptionCode"), "INVALID_LOGIN");
    let text = "Invalid username, password, security token; or user locked out.";
    assert_eq!(tag(&reply, "sf:exceptionMessage"), text);
    assert_eq!(tag(&reply, "faultstring"), format!("INVALID_LOGIN: {text}"));
}

#[tokio::test]
async fn a_login_may_need_the_token_and_an_old_password_opens_nothing() {
    let world = world();
    let password = world.access.password.clone();
    assert_eq!(login(&world, &password).await.status, StatusCode::OK);
    let strict = SignInSettings {
        security_token_required: true,
        ..SignInSettings::default()
    };
    world.simulator.set_sign_in_settings(strict);
    let refused = login(&world, &password).await;
    assert_eq!(
        tag(&refused, "sf:exceptionCode"),
        "LOGIN_MUST_USE_SECURITY_TOKEN"
    );
    let both = format!("{password}{}", world.access.security_token);
    world.simulator.expire_password(world.call().user);
    let reply = login(&world, &both).await;
    assert_eq!(
        (reply.status, tag(&reply, "passwordExpired").as_str()),
        (StatusCode::OK, "true")
    );
    let rest = Request::get("/services/data/v59.0/limits")
        .header(
            "authorization",
            format!("Bearer {}", tag(&reply, "sessionId")),
        )
        .body(Body::empty());
    assert_eq!(
        world.send(rest.unwrap()).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn what_cannot_be_answered_gets_a_fault_that_says_why() {
    let world = world();
    let stranger = envelope("", "<urn:getUserInfo/>");
    let reply = post(&world, "u/59.0", stranger.clone()).await;
    assert_eq!(tag(&reply, "sf:exceptionCode"), "INVALID_SESSION_ID");
    let reply = call(&world, "<urn:describeEverything/>").await;
    assert!(tag(&reply, "faultstring").contains("No operation available for request"));
    for path in ["u/20.0", "u/x", "m/59.0", "u"] {
        let reply = post(&world, path, stranger.clone()).await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        tag(&reply, "faultstring");
    }
}

#[tokio::test]
async fn the_session_of_a_login_tells_who_it_is_and_ends_with_logout() {
    let world = world();
    let reply = call(&world, "<urn:getUserInfo/>").await;
    assert_eq!(tag(&reply, "userName"), world.access.username);
    let reply = call(&world, "<urn:getServerTimestamp/>").await;
    assert_eq!(tag(&reply, "timestamp"), "2026-11-24T12:00:00.000Z");
    assert_eq!(call(&world, "<urn:logout/>").await.status, StatusCode::OK);
    let reply = call(&world, "<urn:getServerTimestamp/>").await;
    assert_eq!(tag(&reply, "sf:exceptionCode"), "INVALID_SESSION_ID");
}

#[tokio::test]
async fn mistake_24_leads_are_converted_by_soap() {
    let world = world();
    let lead = made(
        &world,
        "Lead",
        json!({"LastName": "Ortiz", "Company": "A & B <Pumps>"}),
    )
    .await;
    let one = |lead: &str, status: &str| {
        format!(
            "<urn:leadConverts><urn:accountId xsi:nil=\"true\"/><urn:convertedStatus>{status}</urn:convertedStatus>\
             <urn:doNotCreateOpportunity>true</urn:doNotCreateOpportunity><urn:leadId>{lead}</urn:leadId></urn:leadConverts>"
        )
    };
    let both = one(&lead, "Closed - Converted") + &one(&lead, "Closed - Converted");
    let reply = call(
        &world,
        &format!("<urn:convertLead>{both}</urn:convertLead>"),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(tags(&reply, "success"), ["true", "false"]);
    assert_eq!(tag(&reply, "statusCode"), "CANNOT_UPDATE_CONVERTED_LEAD");
    let account = tag(&reply, "accountId");
    let row = world
        .get(&format!("v62.0/sobjects/Account/{account}"))
        .await
        .json();
    assert_eq!(row["Name"], json!("A & B <Pumps>"));
}

#[tokio::test]
async fn mistake_23_records_are_merged_deleted_undeleted_and_purged_by_soap() {
    let world = world();
    let a = made(&world, "Contact", json!({"LastName": "A", "Title": "old"})).await;
    let b = made(&world, "Contact", json!({"LastName": "B"})).await;
    let merge = format!(
        "<urn:merge><urn:request><urn:masterRecord><urn:type>Contact</urn:type><urn:Id>{a}</urn:Id>\
         <urn:fieldsToNull>Title</urn:fieldsToNull><urn:Department>Ops</urn:Department></urn:masterRecord>\
         <urn:recordToMergeIds>{b}</urn:recordToMergeIds></urn:request></urn:merge>"
    );
    let reply = call(&world, &merge).await;
    assert_eq!(
        (tag(&reply, "id"), tag(&reply, "mergedRecordIds")),
        (a.clone(), b.clone())
    );
    let row = world
        .get(&format!("v62.0/sobjects/Contact/{a}"))
        .await
        .json();
    assert_eq!(
        (&row["Title"], &row["Department"]),
        (&Json::Null, &json!("Ops"))
    );
    let loser = format!("v62.0/sobjects/Contact/{b}");
    assert_eq!(world.get(&loser).await.code(), "ENTITY_IS_DELETED");
    let act =
        |operation: &str| format!("<urn:{operation}><urn:ids>{b}</urn:ids></urn:{operation}>");
    for (operation, then) in [
        ("undelete", StatusCode::OK),
        ("delete", StatusCode::NOT_FOUND),
        ("emptyRecycleBin", StatusCode::NOT_FOUND),
    ] {
        let reply = call(&world, &act(operation)).await;
        assert_eq!(tag(&reply, "success"), "true", "{operation}");
        assert_eq!(world.get(&loser).await.status, then, "{operation}");
    }
    assert_eq!(world.get(&loser).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn records_are_written_by_soap_with_a_result_each() {
    let world = world();
    let reply = call(
        &world,
        "<urn:create><urn:sObjects xsi:type=\"urn:Contact\"><urn:LastName>Soap</urn:LastName></urn:sObjects>\
         <urn:sObjects><urn:type>Contact</urn:type></urn:sObjects></urn:create>",
    )
    .await;
    assert_eq!(tags(&reply, "success"), ["true", "false"]);
    assert_eq!(tag(&reply, "statusCode"), "REQUIRED_FIELD_MISSING");
    let id = tag(&reply, "id");
    let update = format!(
        "<urn:update><urn:sObjects><urn:type>Contact</urn:type><urn:Id>{id}</urn:Id>\
         <urn:DoNotCall>true</urn:DoNotCall></urn:sObjects></urn:update>"
    );
    assert_eq!(tag(&call(&world, &update).await, "success"), "true");
    let row = world
        .get(&format!("v62.0/sobjects/Contact/{id}"))
        .await
        .json();
    assert_eq!(row["DoNotCall"], json!(true));
}
