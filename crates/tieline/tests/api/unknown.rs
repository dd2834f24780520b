//! The unknown sender, the number as it is typed, and addresses that lead nowhere.

use crate::corpus::Probe;
use crate::people::ask;
use crate::world::{Known, World};
use serde_json::{Value, json};
use tieline_testkit::postgres::Database;

const THEIRS: &str = "+447700900555";

async fn get(world: &World, known: &Known, path: &str) -> Value {
    let (status, body) = ask(world, known, "get", path, None).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn escaped(words: &str) -> String {
    url::form_urlencoded::byte_serialize(words.as_bytes()).collect()
}

#[tokio::test]
async fn an_unknown_sender_has_candidates_by_name_and_becomes_a_new_contact_in_one_act() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let answer = world.signed_form("MessageSid", "SM1", false).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let list = get(&world, &known, "/api/v1/conversations?q=900555").await;
        let one = format!(
            "/api/v1/conversations/{}",
            list["items"][0]["id"].as_str().unwrap()
        );
        let candidates = format!("{one}/candidates");
        let asked = async || {
            let found = get(&world, &known, &candidates).await;
            let items = found["items"].as_array().unwrap().iter();
            let names: Vec<String> = items.map(|it| it["name"].to_string()).collect();
            (found["reason"].clone(), names.join(", "))
        };
        assert_eq!(asked().await, (json!("nobody"), String::new()));

        let add = async |name: &str, id: Value| {
            let fields = json!({"last_name": name, "mobile_phone": THEIRS});
            let body = json!({"fields": fields, "conversation_id": id});
            ask(&world, &known, "post", "/api/v1/contacts", Some(body)).await
        };
        let (status, problem) = add("Nobody", json!(format!("conv_{:032x}", 7))).await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!("conversation_id"))
        );
        let gone = get(&world, &known, "/api/v1/contacts?q=nobody").await;
        assert_eq!(gone["total"], 0, "a refused contact is not half made");
        let birch = add("Birch", Value::Null).await.1["id"].clone();
        assert_eq!(asked().await, (Value::Null, "\"Birch\"".to_owned()));
        let ash = add("Ash", Value::Null).await.1["id"].clone();
        assert_eq!(
            asked().await,
            (json!("several"), "\"Ash\", \"Birch\"".to_owned())
        );

        let id = get(&world, &known, &one).await["id"].clone();
        let (status, cedar) = add("Cedar", id).await;
        assert_eq!(status, 201, "{cedar}");
        assert_eq!(
            get(&world, &known, &one).await["contact"]["id"],
            cedar["id"]
        );
        assert_eq!(asked().await.0, Value::Null);

        for gone in [birch, ash] {
            let path = format!("/api/v1/contacts/{}", gone.as_str().unwrap());
            assert_eq!(ask(&world, &known, "delete", &path, None).await.0, 204);
        }
        let nobody = Some(json!({"contact_id": null}));
        assert_eq!(ask(&world, &known, "patch", &one, nobody).await.0, 200);
        assert_eq!(asked().await, (json!("decided"), "\"Cedar\"".to_owned()));
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_number_says_how_it_is_read_as_it_is_typed_and_a_doubtful_one_is_not_texted_unasked() {
    let world = World::start(None).await;
    let known = world.people().await;
    let path = "/api/v1/numbers?country=";
    for (text, country, number, doubtful, reason) in [
        (
            "07700 900317",
            "GB",
            json!("+447700900317"),
            false,
            Value::Null,
        ),
        (
            "(415) 555-0142",
            "United States",
            json!("+14155550142"),
            false,
            Value::Null,
        ),
        (
            "07700 900317",
            "United States",
            json!("+447700900317"),
            true,
            Value::Null,
        ),
        (
            "(512) 555-0111",
            "GB",
            Value::Null,
            false,
            json!("not_valid_there"),
        ),
        ("123", "GB", Value::Null, false, json!("no_number")),
        // No country is that of the company.
        (
            "07700 900317",
            " ",
            json!("+447700900317"),
            false,
            Value::Null,
        ),
    ] {
        let read = get(
            &world,
            &known,
            &format!("{path}{}&text={}", escaped(country), escaped(text)),
        )
        .await;
        let said = (&read["number"], &read["doubtful"], &read["reason"]);
        assert_eq!(said, (&number, &json!(doubtful), &reason), "{text}: {read}");
    }
    let read = get(&world, &known, "/api/v1/numbers?text=02079460958").await;
    assert_eq!(
        (&read["display"], &read["country"], &read["kind"]),
        (&json!("+44 20 7946 0958"), &json!("GB"), &json!("landline"))
    );
    let nobody = format!("ct_{:032x}", 7);
    for (query, field) in [
        ("country=Atlantis", "country"),
        (&*format!("contact_id={nobody}"), "contact_id"),
    ] {
        let path = format!("/api/v1/numbers?text=1&{query}");
        let (status, problem) = ask(&world, &known, "get", &path, None).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)));
    }

    let fields =
        json!({"last_name": "Doubt", "country": "United States", "mobile_phone": "07700 900318"});
    let made = json!({"fields": fields});
    let (_, contact) = ask(&world, &known, "post", "/api/v1/contacts", Some(made)).await;
    assert_eq!(contact["points"][0]["doubtful"], true, "{contact}");
    let own = format!(
        "/api/v1/numbers?text=07700900318&contact_id={}",
        contact["id"].as_str().unwrap()
    );
    assert_eq!(get(&world, &known, &own).await["doubtful"], true);
    let begin = |address: Value| json!({"contact_id": contact["id"], "address": address});
    let conversations = "/api/v1/conversations";
    let (status, problem) = ask(
        &world,
        &known,
        "post",
        conversations,
        Some(begin(Value::Null)),
    )
    .await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &json!("address")),
        "{problem}"
    );
    assert_eq!(problem["fix"], "Ask, and give the number if it is right.");
    let named = Some(begin(json!("+447700900318")));
    assert_eq!(
        ask(&world, &known, "post", conversations, named).await.0,
        201
    );
    world.stop().await;
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_404_as_a_page_for_people_and_a_problem_for_programs() {
    let world = World::start(None).await;
    let known = world.people().await;
    let has_app = world.send(&known, &Probe::new("get", "/app")).await.status == 200;
    for (path, status) in [
        ("/app", 200),
        ("/app/inbox/conv_1", 200),
        ("/app/settings", 200),
        ("/app/nowhere", 404),
        ("/app/settings/deeper", 404),
        ("/app/sync/run_1/changes", 404),
        ("/app/app.js.map", 404),
    ] {
        let answer = world.send(&known, &Probe::new("get", path)).await;
        // A build without npm has no app.
        if has_app || status == 404 {
            assert_eq!(answer.status, status, "{path}");
        }
    }
    for (path, html) in [("/nowhere", true), ("/api/v1/nowhere", false)] {
        let answer = world.look(path).await;
        assert_eq!(
            (answer.status, answer.content_type.starts_with("text/html")),
            (404, html),
            "{path}"
        );
        let answer = world.send(&known, &Probe::new("get", path)).await;
        assert_eq!(
            (answer.status, &*answer.content_type),
            (404, "application/problem+json")
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_that_is_opened_with_somebody_is_with_them_also_where_it_stood_before() {
    let world = World::start(None).await;
    let known = world.people().await;
    let answer = world.signed_form("MessageSid", "SM1", false).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = get(&world, &known, "/api/v1/conversations?q=900555").await;
    let stood = &list["items"][0]["id"];
    for name in ["Ash", "Birch"] {
        let body = json!({"fields": {"last_name": name, "mobile_phone": THEIRS}});
        let (_, made) = ask(&world, &known, "post", "/api/v1/contacts", Some(body)).await;
        let body = json!({"contact_id": made["id"], "address": THEIRS});
        let path = "/api/v1/conversations";
        let (status, opened) = ask(&world, &known, "post", path, Some(body)).await;
        let found = (status, &opened["id"], &opened["contact"]["id"]);
        assert_eq!(found, (200, stood, &made["id"]), "{name}: {opened}");
    }
    world.stop().await;
}

#[tokio::test]
async fn somebody_is_written_to_at_their_first_number_or_the_first_that_is_beyond_doubt() {
    let world = World::start(None).await;
    let known = world.people().await;
    let numbers = ["+447700900461", "+447700900462", "+447700900463"];
    let of = |place: usize| format!("07700 90046{place}");
    for (country, mobile, home, taken) in [
        ("GB", of(1), of(2), numbers[0]),
        // Their mobile is one in another country only.
        ("United States", of(1), numbers[2].to_owned(), numbers[2]),
    ] {
        let fields = json!({"last_name": "Numbers", "country": country, "mobile_phone": mobile,
                            "phone": home, "home_phone": numbers[1]});
        let made = Some(json!({"fields": fields}));
        let (status, made) = ask(&world, &known, "post", "/api/v1/contacts", made).await;
        assert_eq!(status, 201, "{made}");
        let with = Some(json!({"contact_id": made["id"]}));
        let (status, begun) = ask(&world, &known, "post", "/api/v1/conversations", with).await;
        assert_eq!((status, &begun["address"]), (201, &json!(taken)), "{begun}");
    }
    world.stop().await;
}
