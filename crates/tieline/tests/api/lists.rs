//! Lists of conversations and contacts: what belongs to one now, in which order, and how many.

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

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|it| it["id"].as_str().unwrap()).collect()
}

/// A text that came in; its conversation.
async fn texted(world: &World, known: &Known) -> String {
    let answer = world.signed_form("MessageSid", "SM1", false).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = get(world, known, "/api/v1/conversations").await;
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|it| it["address"] == THEIRS).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_list_tells_which_of_the_named_belong_to_it_now_in_its_order_and_how_many_it_holds() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let (asked, ours) = (texted(&world, &known).await, &known.ids["ConversationId"]);
        let named = format!("ids={ours},{asked}");
        let path = |query: &str| format!("/api/v1/conversations?{query}");
        let both = get(&world, &known, &path(&named)).await;
        assert_eq!(ids(&both), [&asked, ours], "ours to answer come first");
        assert_eq!(both["next_cursor"], Value::Null);
        let all = get(&world, &known, &path("limit=100")).await;
        assert_eq!(
            (&both["total"], &both["counts"]),
            (&all["total"], &all["counts"])
        );
        assert_eq!(all["total"], all["counts"]["all"]);
        let one = get(&world, &known, &path(&format!("ids={ours}"))).await;
        assert_eq!((ids(&one).len(), &one["total"]), (1, &all["total"]));
        let places = all["items"].as_array().unwrap().iter();
        let places: Vec<&str> = places.map(|it| it["place"].as_str().unwrap()).collect();
        assert!(places.len() > 1 && places.is_sorted(), "{places:?}");

        let first = get(&world, &known, &path("limit=1")).await;
        assert_eq!(first["next_cursor"], places[0]);
        let behind = format!("limit=100&cursor={}", places[0]);
        let behind = get(&world, &known, &path(&behind)).await;
        assert_eq!(ids(&behind), ids(&all)[1..]);

        let one = format!("/api/v1/conversations/{ours}");
        let closed = Some(json!({"status": "closed"}));
        assert_eq!(ask(&world, &known, "patch", &one, closed).await.0, 200);
        for (query, wanted, total) in [
            ("view=all", vec![&asked], all["total"].as_i64().unwrap() - 1),
            ("view=closed", vec![ours], 1),
            ("view=all&q=555", vec![&asked], 1),
            ("view=all&q=nonsense", vec![], 0),
            ("view=mine", vec![], 0),
        ] {
            let list = get(&world, &known, &path(&format!("{query}&{named}"))).await;
            assert_eq!(
                (ids(&list), &list["total"]),
                (wanted.iter().map(|it| it.as_str()).collect(), &json!(total)),
                "{query}"
            );
        }
        let one = format!("/api/v1/conversations/{asked}");
        let hers = Some(json!({"assigned_to": known.ids["StaffId"]}));
        assert_eq!(ask(&world, &known, "patch", &one, hers).await.0, 200);
        for (view, wanted) in [("mine", vec![asked.as_str()]), ("nobody", vec![])] {
            let list = get(&world, &known, &path(&format!("view={view}&{named}"))).await;
            assert_eq!(ids(&list), wanted, "{view}");
        }
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_choice_that_is_none_is_refused_by_its_field() {
    let world = World::start(None).await;
    let known = world.people().await;
    let id = &known.ids["ConversationId"];
    let many = vec![id.as_str(); 101].join(",");
    let place = "0".repeat(49);
    for (query, field) in [
        ("ids=conv_1".to_owned(), "ids"),
        (format!("ids={many}"), "ids"),
        (format!("ids={id}&cursor={place}"), "cursor"),
        ("cursor=ours~1~conv_1".to_owned(), "cursor"),
    ] {
        let path = format!("/api/v1/conversations?{query}");
        let (status, problem) = ask(&world, &known, "get", &path, None).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{query}");
    }
    let none = get(&world, &known, "/api/v1/conversations?ids=").await;
    assert!(ids(&none).is_empty(), "{none}");
    world.stop().await;
}

#[tokio::test]
async fn of_contacts_that_are_named_no_others_are_told_and_they_are_no_page() {
    let world = World::start(None).await;
    let known = world.people().await;
    // Not those that stand first anyway.
    let second = world.people().await.ids["ContactId"].clone();
    let third = world.people().await.ids["ContactId"].clone();
    let page = get(&world, &known, "/api/v1/contacts?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
    for named in [vec![third.as_str()], vec![third.as_str(), &second]] {
        let path = format!("/api/v1/contacts?ids={}", named.join(","));
        let list = get(&world, &known, &path).await;
        let mut found = ids(&list);
        found.sort_unstable();
        let mut wanted = named.clone();
        wanted.sort_unstable();
        assert_eq!((found, &list["next_cursor"]), (wanted, &Value::Null));
        let both = format!("{path}&cursor={cursor}");
        let (status, problem) = ask(&world, &known, "get", &both, None).await;
        assert_eq!((status, &problem["field"]), (422, &json!("cursor")));
    }
    world.stop().await;
}
