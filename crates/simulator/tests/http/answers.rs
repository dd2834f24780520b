//! What the engine insists on, as a program sees it over HTTP: statuses, codes and shapes.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::org::FieldAccess;

use crate::support::{Reply, World, world};

const CONTACT: &str = "v62.0/sobjects/Contact";

async fn query(world: &World, soql: &str) -> Reply {
    let soql: String = soql.bytes().map(|b| format!("%{b:02X}")).collect();
    world.get(&format!("v62.0/query?q={soql}")).await
}

async fn made(world: &World, object: &str, fields: Json) -> String {
    let path = format!("v62.0/sobjects/{object}");
    let reply = world.json(Method::POST, &path, fields).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn refused(world: &World, path: &str, fields: Json) -> (StatusCode, String) {
    let reply = world.json(Method::POST, path, fields).await;
    (reply.status, reply.code())
}

#[tokio::test]
async fn mistake_14_a_short_id_in_the_path_is_answered_with_the_long_one() {
    let world = world();
    let id = made(&world, "Contact", json!({"LastName": "Berg"})).await;
    assert_eq!(id.len(), 18);
    let row = world.get(&format!("{CONTACT}/{}", &id[..15])).await.json();
    assert_eq!(row["Id"], json!(id));
    let url = format!("/services/data/{CONTACT}/{id}");
    assert_eq!(row["attributes"]["url"], json!(url));
    let wrong_check = format!("{}000", &id[..15]);
    let reply = world.get(&format!("{CONTACT}/{wrong_check}")).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mistake_15_and_16_values_come_back_as_the_org_keeps_them() {
    let world = world();
    let fields = json!({"LastName": " Berg ", "Email": "Ada.Berg@X.Example", "Title": "  ",
        "DoNotCall": "true"});
    let id = made(&world, "Contact", fields).await;
    let row = world.get(&format!("{CONTACT}/{id}")).await.json();
    for (field, kept) in [
        ("LastName", json!("Berg")),
        ("Email", json!("ada.berg@x.example")),
        ("Title", Json::Null),
        ("DoNotCall", json!(true)),
        ("CreatedDate", json!("2026-11-24T12:00:00.000+0000")),
    ] {
        assert_eq!(row[field], kept, "{field}");
    }
}

#[tokio::test]
async fn mistake_17_fields_that_follow_from_others_cannot_be_written() {
    let world = world();
    for field in ["Name", "CreatedDate", "SystemModstamp", "IsDeleted"] {
        let mut fields = json!({"LastName": "Berg"});
        fields[field] = json!("x");
        let reply = world.json(Method::POST, CONTACT, fields).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{field}");
        assert_eq!(reply.code(), "INVALID_FIELD_FOR_INSERT_UPDATE", "{field}");
        assert_eq!(reply.json()[0]["fields"], json!([field]));
    }
    let address = json!({"LastName": "Berg", "MailingAddress": {"city": "Oslo"}});
    assert_eq!(
        refused(&world, CONTACT, address).await,
        (StatusCode::BAD_REQUEST, "JSON_PARSER_ERROR".to_owned())
    );
}

#[tokio::test]
async fn mistake_18_a_hidden_field_is_in_no_describe_query_or_record() {
    let world = world();
    let id = made(
        &world,
        "Contact",
        json!({"LastName": "B", "Title": "Chief"}),
    )
    .await;
    world
        .simulator
        .org()
        .set_field_access(
            "System Administrator",
            "Contact",
            "Title",
            FieldAccess::Hidden,
        )
        .unwrap();
    let describe = world.get(&format!("{CONTACT}/describe")).await.json();
    let fields = describe["fields"].as_array().unwrap();
    assert!(fields.iter().all(|field| field["name"] != "Title"));
    let row = world.get(&format!("{CONTACT}/{id}")).await.json();
    assert!(row.get("Title").is_none());
    let asked = query(&world, "SELECT Title FROM Contact").await;
    assert_eq!(asked.code(), "INVALID_FIELD");
}

#[tokio::test]
async fn mistake_20_a_patch_with_equal_values_moves_the_stamps() {
    let world = world();
    let id = made(&world, "Contact", json!({"LastName": "Berg"})).await;
    let path = format!("{CONTACT}/{id}");
    world.clock.advance(60_000);
    world
        .json(Method::PATCH, &path, json!({"LastName": "Berg"}))
        .await;
    let row = world.get(&path).await.json();
    for field in ["LastModifiedDate", "SystemModstamp"] {
        assert_eq!(row[field], json!("2026-11-24T12:01:00.000+0000"), "{field}");
    }
    assert_eq!(row["CreatedDate"], json!("2026-11-24T12:00:00.000+0000"));
}

#[tokio::test]
async fn mistake_22_a_deleted_record_says_so_to_every_method() {
    let world = world();
    let id = made(&world, "Contact", json!({"LastName": "Berg"})).await;
    let path = format!("{CONTACT}/{id}");
    let gone = world.json(Method::DELETE, &path, Json::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    for method in [Method::DELETE, Method::GET, Method::PATCH] {
        let reply = world
            .json(method.clone(), &path, json!({"LastName": "B"}))
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::NOT_FOUND, "ENTITY_IS_DELETED"),
            "{method}"
        );
    }
}

#[tokio::test]
async fn mistake_25_a_person_is_in_a_campaign_once() {
    let world = world();
    let campaign = made(&world, "Campaign", json!({"Name": "Fair"})).await;
    let contact = made(&world, "Contact", json!({"LastName": "Berg"})).await;
    let member = json!({"CampaignId": campaign, "ContactId": contact});
    let id = made(&world, "CampaignMember", member.clone()).await;
    let path = "v62.0/sobjects/CampaignMember";
    assert_eq!(
        refused(&world, path, member).await,
        (StatusCode::BAD_REQUEST, "DUPLICATE_VALUE".to_owned())
    );
    let responded = json!({"HasResponded": true});
    let reply = world
        .json(Method::PATCH, &format!("{path}/{id}"), responded)
        .await;
    assert_eq!(reply.code(), "INVALID_FIELD_FOR_INSERT_UPDATE");
}

#[tokio::test]
async fn mistake_28_a_count_is_a_number_and_no_children_are_null() {
    let world = world();
    let counted = query(&world, "SELECT count() FROM Contact").await.json();
    assert_eq!(counted["records"], json!([]));
    assert!(counted["totalSize"].as_u64().unwrap() > 0);
    let account = made(&world, "Account", json!({"Name": "Alone"})).await;
    let soql = format!("SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Id = '{account}'");
    let rows = query(&world, &soql).await.json();
    assert_eq!(rows["records"][0]["Contacts"], Json::Null);
    let sums = query(&world, "SELECT COUNT(Id) n FROM Contact")
        .await
        .json();
    let attributes = json!({"type": "AggregateResult"});
    assert_eq!(sums["records"][0]["attributes"], attributes);
}

#[tokio::test]
async fn mistake_29_a_wrong_query_is_400_and_points_at_its_place() {
    let world = world();
    made(
        &world,
        "Contact",
        json!({"LastName": "Berg", "Title": "Chief"}),
    )
    .await;
    let found = query(&world, "SELECT Id FROM Contact WHERE Title = 'CHIEF'").await;
    assert_eq!(found.json()["totalSize"], 1);
    for (soql, code) in [
        ("SELECT Nothing FROM Contact", "INVALID_FIELD"),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
        ),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
    ] {
        let reply = query(&world, soql).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{soql}");
        assert_eq!(reply.code(), code, "{soql}");
        let text = reply.json()[0]["message"].as_str().unwrap().to_owned();
        let points = text.contains("ERROR at Row:1:Column:") && text.contains('^');
        assert!(points || code == "MALFORMED_QUERY", "{text}");
    }
}
