//! Text search.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::org::OrgSettings;

use crate::support::{World, world};

async fn people(world: &World) {
    for (name, phone, email) in [
        ("Okonkwo-Lind", "(415) 555-0134", "ada.lind@example.com"),
        ("Lindqvist", "+44 20 7946 0000", "eva@lindqvist.example"),
    ] {
        let body = json!({"FirstName": "Ada", "LastName": name, "Phone": phone, "Email": email,
            "Title": "Head of Ops"});
        world
            .json(Method::POST, "v62.0/sobjects/Contact", body)
            .await;
    }
}

async fn names(world: &World, sosl: &str) -> Vec<String> {
    let query = url(sosl);
    let json = world.get(&format!("v62.0/search/?q={query}")).await.json();
    let rows = json["searchRecords"].as_array();
    let rows = rows.unwrap_or_else(|| panic!("{sosl}: {json}"));
    let name = |row: &Json| row["LastName"].as_str().unwrap_or("-").to_owned();
    let mut names: Vec<String> = rows.iter().map(name).collect();
    names.sort();
    names
}

fn url(text: &str) -> String {
    let bytes = text.bytes().map(|b| format!("%{b:02X}"));
    bytes.collect()
}

#[tokio::test]
async fn words_phrases_and_wildcards_find_records() {
    let world = world();
    people(&world).await;
    let both = ["Lindqvist", "Okonkwo-Lind"].as_slice();
    let cases = [
        ("{lind}", "NAME", &both[1..]),
        ("{lind*}", "NAME", both),
        ("{Lindqv?st}", "NAME", &both[..1]),
        ("{lind}", "ALL", &both[1..]),
        ("{ada AND lindqvist}", "ALL", &both[..1]),
        ("{ada lindqvist}", "NAME", &both[..1]),
        ("{okonkwo OR lindqvist}", "NAME", both),
        ("{ada AND NOT okonkwo}", "NAME", &both[..1]),
        ("{\"head of ops\"}", "ALL", both),
        ("{\"ops of head\"}", "ALL", &both[..0]),
        ("{(okonkwo OR nobody) AND ada}", "NAME", &both[1..]),
        ("{okonkwo\\-lind}", "NAME", &both[1..]),
        ("{ada.lind@example.com}", "EMAIL", &both[1..]),
        ("{lindqvist}", "PHONE", &both[..0]),
        ("{4155550134}", "PHONE", &both[1..]),
        ("{02079460000}", "PHONE", &both[..0]),
        ("{2079460000}", "SIDEBAR", &both[..1]),
    ];
    for (find, fields, expected) in cases {
        let sosl = format!("FIND {find} IN {fields} FIELDS RETURNING Contact(LastName)");
        assert_eq!(names(&world, &sosl).await, expected, "{sosl}");
    }
}

#[tokio::test]
async fn each_object_has_its_fields_conditions_order_and_number() {
    let world = world();
    people(&world).await;
    let sosl = "FIND {ada} RETURNING Contact(LastName, Account.Name WHERE LastName LIKE 'Lind%' \
                ORDER BY LastName LIMIT 5), Lead, Account(Id, Name)";
    assert_eq!(names(&world, sosl).await, ["Lindqvist"]);
    assert_eq!(
        names(&world, "find {ada} returning Contact(LastName limit 1)")
            .await
            .len(),
        1
    );
    assert_eq!(
        names(&world, "FIND {ada} RETURNING Contact(LastName) LIMIT 1")
            .await
            .len(),
        1
    );
    let all = world
        .get(&format!("v62.0/search?q={}", url("FIND {Okonkwo}")))
        .await
        .json();
    let row = &all["searchRecords"][0];
    assert_eq!(row["attributes"]["type"], "Contact");
    assert!(row["Id"].is_string());
}

#[tokio::test]
async fn before_version_37_the_answer_is_a_bare_list() {
    let world = world();
    people(&world).await;
    let query = url("FIND {Okonkwo}");
    let old = world.get(&format!("v36.0/search?q={query}")).await.json();
    assert_eq!(old.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn searches_that_cannot_be_read_are_malformed() {
    let world = world();
    let cases = [
        ("", "MALFORMED_SEARCH"),
        ("FIND x", "MALFORMED_SEARCH"),
        ("FIND {x}", "MALFORMED_SEARCH"),
        ("FIND {*a}", "MALFORMED_SEARCH"),
        ("FIND {ada} IN SOME FIELDS", "MALFORMED_SEARCH"),
        ("FIND {ada} RETURNING Contact(", "MALFORMED_SEARCH"),
        ("FIND {ada} RETURNING Contact(Id FROM)", "MALFORMED_SEARCH"),
        ("FIND {(ada}", "MALFORMED_SEARCH"),
        ("FIND {ada} LIMIT x", "MALFORMED_SEARCH"),
        ("FIND {ada} nonsense", "MALFORMED_SEARCH"),
        ("FIND {ada} RETURNING Contact(Nope)", "INVALID_FIELD"),
        ("FIND {ada} RETURNING Nope", "INVALID_TYPE"),
        ("FIND {ada} RETURNING CampaignMember", "INVALID_TYPE"),
        ("FIND {ada} WITH SNIPPET", "NOT_IMPLEMENTED"),
    ];
    for (sosl, code) in cases {
        let reply = world.get(&format!("v62.0/search?q={}", url(sosl))).await;
        assert_eq!(reply.code(), code, "{sosl}");
    }
    let reply = world
        .get(&format!("v62.0/search?q={}", url("FIND x")))
        .await;
    assert_eq!(
        reply.json()[0]["message"],
        "No search term found. The search term must be enclosed in braces."
    );
}

#[tokio::test]
async fn parameters_say_the_same_as_the_language() {
    let world = world();
    people(&world).await;
    let by_url = world
        .get("v62.0/parameterizedSearch/?q=Okonkwo&sobject=Contact&sobject=Lead&Contact.fields=Id,LastName&in=NAME")
        .await;
    assert_eq!(
        by_url.json()["searchRecords"][0]["LastName"],
        "Okonkwo-Lind"
    );
    let body = json!({"q": "ada", "in": "ALL", "fields": ["Id", "LastName"], "overallLimit": 10,
        "sobjects": [{"name": "Contact", "where": "LastName LIKE 'Okon%'", "limit": 3}, {"name": "Account", "fields": ["Name"]}]});
    let by_body = world
        .json(Method::POST, "v62.0/parameterizedSearch", body)
        .await;
    assert_eq!(by_body.status, StatusCode::OK);
    let json = by_body.json();
    assert_eq!(
        json["searchRecords"].as_array().map(Vec::len),
        Some(1),
        "{json}"
    );
    let nothing = world.get("v62.0/parameterizedSearch").await;
    assert_eq!(nothing.code(), "MALFORMED_SEARCH");
}

#[tokio::test]
async fn the_index_notices_changes_later_when_the_org_says_so() {
    let world = world();
    world.simulator.org().set_settings(OrgSettings {
        search_lag_seconds: 30,
        ..OrgSettings::default()
    });
    people(&world).await;
    let sosl = "FIND {Okonkwo} RETURNING Contact(LastName)";
    assert_eq!(names(&world, sosl).await.len(), 0);
    world.clock.advance(30_000);
    assert_eq!(names(&world, sosl).await, ["Okonkwo-Lind"]);
}
