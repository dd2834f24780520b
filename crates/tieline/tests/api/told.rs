//! What people and programs are told of themselves, of others and of whom they may write to: each
//! word of it as it holds, and another once it does not.

use crate::corpus::Probe;
use crate::people::ask;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tieline_access::StaffChange;

const THEIRS: &str = "+447700900555";

async fn get(world: &World, known: &Known, path: &str) -> Value {
    let (status, body) = ask(world, known, "get", path, None).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

async fn done(world: &World, known: &Known, method: &str, path: &str, body: Value) -> Value {
    let body = (body != Value::Null).then_some(body);
    let (status, answer) = ask(world, known, method, path, body).await;
    assert!((200..300).contains(&status), "{method} {path}: {answer}");
    answer
}

fn items(list: &Value) -> &Vec<Value> {
    list["items"].as_array().unwrap()
}

#[tokio::test]
async fn whom_one_may_write_to_is_told_with_its_reason_wherever_they_are_shown() {
    let world = World::start(None).await;
    let known = world.people().await;
    let fields = json!({"fields": {"last_name": "Stopper", "mobile_phone": THEIRS}});
    let contact = done(&world, &known, "post", "/api/v1/contacts", fields).await;
    let contact = contact["id"].as_str().unwrap().to_owned();
    let one = format!("/api/v1/contacts/{contact}");
    for (text, allowed, source) in [
        ("Hello", true, Value::Null),
        ("STOP", false, json!("keyword")),
        ("START", true, json!("keyword")),
    ] {
        let form = [("MessageSid", text), ("Body", text)];
        let answer = world.signed_fields(&form, false).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let list = get(&world, &known, "/api/v1/conversations?limit=100").await;
        let listed = items(&list).iter().find(|it| it["address"] == THEIRS);
        let id = listed.unwrap()["id"].as_str().unwrap();
        assert_eq!(world.parts(id).await, 1, "who writes takes part: {text}");
        let gate = &listed.unwrap()["gate"];
        let whole = get(&world, &known, &one).await;
        let consent = &whole["points"][0]["consent"];
        let row = get(&world, &known, "/api/v1/contacts?q=stopper").await;
        assert_eq!(&items(&row)[0]["points"][0]["consent"], consent);
        assert_eq!(consent["source"], source, "{text}");
        assert_eq!(gate["allowed"], allowed, "{text}: {gate}");
        if allowed {
            let nothing = [&gate["code"], &gate["since"], &gate["reason"]];
            assert_eq!(nothing, [&Value::Null; 3], "{text}");
        } else {
            assert_eq!(gate["code"], "opted_out");
            assert_eq!(gate["since"], consent["since"]);
            assert!(gate["reason"].is_string() && gate["since"].is_i64());
            let path = format!("/api/v1/conversations/{id}/messages");
            let hello = Some(json!({"text": "Hello"}));
            let (status, problem) = ask(&world, &known, "post", &path, hello).await;
            assert_eq!(
                (status, &problem["code"]),
                (422, &gate["code"]),
                "{problem}"
            );
        }
        let out = get(&world, &known, "/api/v1/contacts?opted_out=true&q=stopper").await;
        assert_eq!(items(&out).len(), usize::from(!allowed), "{text}");
    }
    world.stop().await;
}

#[tokio::test]
async fn ones_own_session_is_marked_and_nobody_elses_is() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    let again = world.people().await;
    let own = get(&world, &priya, "/api/v1/sessions").await;
    let current = items(&own).iter().filter(|it| it["current"] == true);
    let current: Vec<&str> = current.map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!((current.len(), items(&own).len() > 1), (1, true), "{own}");
    let of_tom = world.staff("tom").await.id;
    let theirs = get(&world, &priya, &format!("/api/v1/staff/{of_tom}/sessions")).await;
    assert!(!items(&theirs).is_empty());
    assert!(items(&theirs).iter().all(|it| it["current"] == false));
    // The others end, and this one goes on.
    done(&world, &priya, "delete", "/api/v1/sessions", Value::Null).await;
    let left = get(&world, &priya, "/api/v1/sessions").await;
    let ids = items(&left).iter().map(|it| it["id"].as_str().unwrap());
    assert_eq!(ids.collect::<Vec<_>>(), current);
    let (status, _) = ask(&world, &again, "get", "/api/v1/me", None).await;
    assert_eq!(status, 401);
    let (status, _) = ask(&world, &tom, "get", "/api/v1/me", None).await;
    assert_eq!(status, 200, "nobody else's");
    world.stop().await;
}

#[tokio::test]
async fn one_session_is_ended_or_all_of_somebodys_and_no_other() {
    let world = World::start(None).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let (priya, tom) = (world.people().await, world.colleague().await);
        let mut ids = Vec::new();
        for known in [&priya, &tom] {
            let own = get(&world, known, "/api/v1/sessions").await;
            let current = items(&own).iter().find(|it| it["current"] == true);
            ids.push(current.unwrap()["id"].as_str().unwrap().to_owned());
        }
        open.push((priya, tom, ids));
    }
    let [first, second, third] = &open[..] else {
        unreachable!("three")
    };
    let of_tom = format!("/api/v1/staff/{}/sessions", world.staff("tom").await.id);
    let ends = async |path: &str| done(&world, &third.0, "delete", path, Value::Null).await;
    let live = async || {
        let mut live = Vec::new();
        for (priya, tom, _) in &open {
            for known in [priya, tom] {
                let (status, _) = ask(&world, known, "get", "/api/v1/me", None).await;
                live.push(status == 200);
            }
        }
        live
    };
    ends(&format!("/api/v1/sessions/{}", first.2[0])).await;
    assert_eq!(live().await, [false, true, true, true, true, true]);
    ends(&format!("{of_tom}/{}", second.2[1])).await;
    assert_eq!(live().await, [false, true, true, false, true, true]);
    ends(&of_tom).await;
    assert_eq!(live().await, [false, false, true, false, true, false]);
    world.stop().await;
}

#[tokio::test]
async fn one_is_told_ones_inboxes_the_colleagues_who_are_there_and_who_has_a_password() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    let me = get(&world, &tom, "/api/v1/me").await;
    let inbox = &me["inboxes"][0];
    assert_eq!(inbox["id"], priya.ids["InboxId"].as_str());
    assert_eq!(inbox["address"], tieline::demo::OUR_NUMBER);
    let colleagues = async |known: &Known| {
        let me = get(&world, known, "/api/v1/me").await;
        let names = me["staff_list"].as_array().unwrap().clone();
        let names = names.iter().map(|it| it["name"].as_str().unwrap());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(colleagues(&tom).await, ["Priya Nair", "Tom Aldridge"]);
    let inboxes = get(&world, &priya, "/api/v1/inboxes").await;
    let shown = &items(&inboxes)[0];
    assert_eq!(shown["addresses"], json!([tieline::demo::OUR_NUMBER]));
    assert_eq!(shown["members"].as_array().unwrap().len(), 2);

    world.take_out_of_inboxes("tom").await;
    let me = get(&world, &tom, "/api/v1/me").await;
    assert_eq!(me["inboxes"], json!([]), "he is in none");
    let none = ["all", "mine", "nobody", "ours", "theirs", "unread"].map(|name| (name, 0));
    assert_eq!(me["counts"], json!(BTreeMap::from(none)));
    let seat = format!(
        "/api/v1/inboxes/{}/members/{}",
        priya.ids["InboxId"],
        world.staff("tom").await.id
    );
    for (method, inboxes) in [("put", 1), ("delete", 0)] {
        done(&world, &priya, method, &seat, Value::Null).await;
        let me = get(&world, &tom, "/api/v1/me").await;
        assert_eq!(me["inboxes"].as_array().unwrap().len(), inboxes, "{method}");
    }
    let of_tom = world.staff("tom").await.id;
    let has_password = async || {
        let all = get(&world, &priya, "/api/v1/staff").await;
        let his = items(&all).iter().find(|it| it["name"] == "Tom Aldridge");
        his.unwrap()["has_password"].clone()
    };
    assert_eq!(has_password().await, false);
    let password = json!({"password": "correct horse battery"});
    let path = format!("/api/v1/staff/{of_tom}/password");
    done(&world, &priya, "put", &path, password).await;
    assert_eq!(has_password().await, true);
    let gone = StaffChange {
        active: Some(false),
        ..StaffChange::default()
    };
    world.change_staff("tom", gone).await;
    assert_eq!(colleagues(&priya).await, ["Priya Nair"], "he has left");
    world.stop().await;
}

#[tokio::test]
async fn each_inbox_has_its_own_numbers_and_members() {
    let world = World::start(None).await;
    let known = world.people().await;
    let second = json!(world.second_inbox("tom").await);
    let all = get(&world, &known, "/api/v1/inboxes").await;
    let it = items(&all).iter().find(|it| it["id"] == second).unwrap();
    assert_eq!(it["addresses"], json!([]));
    let members = it["members"].as_array().unwrap().iter();
    let members: Vec<&Value> = members.map(|it| &it["name"]).collect();
    assert_eq!(members, ["Tom Aldridge"]);
    let tom = world.colleague().await;
    let me = get(&world, &tom, "/api/v1/me").await;
    let inboxes = me["inboxes"].as_array().unwrap().iter();
    let numbers: BTreeMap<&str, &Value> = inboxes
        .map(|it| (it["id"].as_str().unwrap(), &it["address"]))
        .collect();
    let ours = json!(tieline::demo::OUR_NUMBER);
    let first = known.ids["InboxId"].as_str();
    let expected = [(first, &ours), (second.as_str().unwrap(), &Value::Null)];
    assert_eq!(numbers, BTreeMap::from(expected));
    // Who may review sees those that are not theirs as well.
    let seen = async || {
        let me = get(&world, &known, "/api/v1/me").await;
        me["inboxes"].as_array().unwrap().len()
    };
    assert_eq!(seen().await, 1);
    world.make_reviewer("priya").await;
    assert_eq!(seen().await, 2);
    world.stop().await;
}

#[tokio::test]
async fn what_is_changed_of_a_user_is_told_and_the_rest_stays() {
    let world = World::start(None).await;
    let known = world.people().await;
    let nora = world.newcomer().await;
    let path = format!("/api/v1/staff/{nora}");
    let mut expected = json!({
        "id": nora, "name": "Nora Newcomer", "email": "nora@harrow-vale.example", "role": "staff",
        "reviewer": false, "active": true, "has_password": false, "signed_out": [],
    });
    for (name, value) in [
        ("name", json!("Nora Old")),
        ("reviewer", json!(true)),
        ("role", json!("user_administrator")),
        ("active", json!(false)),
    ] {
        let mut change = json!({});
        change[name] = value.clone();
        expected[name] = value;
        let told = done(&world, &known, "patch", &path, change).await;
        assert_eq!(told, expected);
        let all = get(&world, &known, "/api/v1/staff").await;
        assert!(items(&all).contains(&expected), "{all}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_key_says_who_made_it_what_it_reaches_and_when_it_was_revoked() {
    let world = World::start(None).await;
    let known = world.people().await;
    let inbox = known.ids["InboxId"].as_str();
    let made = |name: &str, reach: Value| {
        let mut body = json!({"name": name, "rights": ["read_conversations"]});
        for (field, value) in reach.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    };
    let some = made("Some", json!({"inboxes": [inbox]}));
    // In the year 2100.
    let end = json!(4_102_444_800_000_i64);
    let all = made("All", json!({"all_inboxes": true, "expires_at": end}));
    for body in [&some, &all] {
        done(&world, &known, "post", "/api/v1/keys", body.clone()).await;
    }
    let both = made("Both", json!({"inboxes": [inbox], "all_inboxes": true}));
    let refused = ask(&world, &known, "post", "/api/v1/keys", Some(both)).await;
    assert_eq!((refused.0, &refused.1["field"]), (422, &json!("inboxes")));
    let find = async |name: &str| {
        let list = get(&world, &known, "/api/v1/keys").await;
        let found = items(&list).iter().find(|it| it["name"] == name);
        found.unwrap().clone()
    };
    let (some, all) = (find("Some").await, find("All").await);
    assert_eq!(some["created_by"]["name"], "Priya Nair");
    let reaches = |key: &Value| (key["all_inboxes"].clone(), key["inboxes"].clone());
    assert_eq!(reaches(&some), (json!(false), json!([inbox])));
    assert_eq!(reaches(&all), (json!(true), json!([])));
    assert_eq!(some["revoked_at"], Value::Null);
    assert_eq!(
        (&some["expires_at"], &all["expires_at"]),
        (&Value::Null, &end)
    );
    assert_eq!(all["last_used_at"], Value::Null);
    let path = format!("/api/v1/keys/{}", some["id"].as_str().unwrap());
    let revoked = world.send(&known, &Probe::new("delete", &path)).await;
    assert_eq!(revoked.status, 204);
    assert!(find("Some").await["revoked_at"].is_i64());
    assert_eq!(find("All").await["revoked_at"], Value::Null);
    world.stop().await;
}

/// All numbers of an answer's part, added, but for what was found equal.
fn sum(of: &Value) -> i64 {
    match of {
        Value::Number(number) => number.as_i64().unwrap(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| *name != "unchanged");
            fields.map(|(_, it)| sum(it)).sum()
        }
        _ => 0,
    }
}

#[tokio::test]
async fn a_run_says_whether_it_found_something_and_the_calls_add_up() {
    let world = World::start(None).await;
    let known = world.people().await;
    let runs = async || {
        let list = get(&world, &known, "/api/v1/sync/runs").await;
        items(&list).clone()
    };
    let seen = |runs: &[Value], nothing: bool| {
        let ended = |it: &&Value| it["finished_at"].is_i64() && it["found_nothing"] == nothing;
        runs.iter().any(|it| ended(&it))
    };
    for tries in 0.. {
        let runs = runs().await;
        if seen(&runs, true) && seen(&runs, false) {
            break;
        }
        assert!(tries < 200, "{runs:?}");
        let start = Probe {
            key: Some(format!("run {tries}").into_bytes()),
            ..Probe::new("post", "/api/v1/sync/runs")
        };
        let started = world.send(&known, &start).await.status;
        assert_eq!(started, 202);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for run in runs().await {
        let ended = run["finished_at"].is_i64() && run["error"].is_null();
        let nothing = ended && sum(&run["counts"]) == 0;
        assert_eq!(run["found_nothing"], nothing, "{run}");
        let by_her = run["by"]["name"] == "Priya Nair";
        assert_eq!(by_her, run["trigger"] == "staff", "{run}");
    }
    let status = get(&world, &known, "/api/v1/sync").await;
    let api = &status["api"];
    assert_eq!(api["used_24h"], sum(&api["by_purpose"]));
    assert!(sum(&api["by_purpose"]) > 0);
    assert_eq!(
        status["state"] == "waiting",
        status["waiting_since"].is_i64()
    );
    world.stop().await;
}

#[tokio::test]
async fn a_contact_is_told_alike_in_a_row_and_as_a_whole_and_with_their_conversation() {
    let world = World::start(None).await;
    let known = world.people().await;
    for (last_name, mobile, shown) in [
        ("Rower", None, "phone"),
        ("Rider", Some("07700 900322"), "mobile_phone"),
    ] {
        let fields = json!({
            "first_name": "Ann", "last_name": last_name, "company": "Oars Ltd", "title": "Cox",
            "email": "ann@oars.example", "phone": "020 7946 0958", "mobile_phone": mobile,
        });
        let body = json!({"fields": fields});
        let made = done(&world, &known, "post", "/api/v1/contacts", body).await;
        let one = format!("/api/v1/contacts/{}", made["id"].as_str().unwrap());
        let whole = get(&world, &known, &one).await;
        let list = get(&world, &known, &format!("/api/v1/contacts?q={last_name}")).await;
        let row = &items(&list)[0];
        assert_eq!(
            (list["total"].as_i64(), &row["phone"]),
            (Some(1), &whole["fields"][shown])
        );
        for name in ["company", "title", "email"] {
            assert_eq!(
                (&row[name], &whole["fields"][name]),
                (&fields[name], &fields[name])
            );
        }
        for name in ["id", "name", "points", "unreadable"] {
            assert_eq!(row[name], whole[name], "{name}");
        }
    }
    let ids = &known.ids;
    let whole = get(
        &world,
        &known,
        &format!("/api/v1/contacts/{}", ids["ContactId"]),
    )
    .await;
    let talk = format!("/api/v1/conversations/{}", ids["ConversationId"]);
    let talk = get(&world, &known, &talk).await;
    let expected = ["id", "channel", "address", "last_at"].map(|name| (name, talk[name].clone()));
    assert_eq!(whole["conversations"], json!([BTreeMap::from(expected)]));
    assert_eq!(
        talk["contact"],
        json!({"id": whole["id"], "name": whole["name"]})
    );
    world.stop().await;
}

#[tokio::test]
async fn a_contact_that_is_restored_is_back_wherever_it_was_and_wishes_for_what_it_wished() {
    let world = World::start(None).await;
    let known = world.people().await;
    let fields = json!({"fields": {"last_name": "Returner", "mobile_phone": THEIRS}});
    let contact = done(&world, &known, "post", "/api/v1/contacts", fields).await;
    let id = contact["id"].as_str().unwrap().to_owned();
    let form = [("MessageSid", "SM-stop"), ("Body", "STOP")];
    assert_eq!(world.signed_fields(&form, false).await.status, 200);
    let one = format!("/api/v1/contacts/{id}");
    let mut before = None;
    for (method, path, is_there) in [
        ("get", "", true),
        ("delete", "", false),
        ("post", "/restore", true),
    ] {
        let path = format!("{one}{path}");
        done(&world, &known, method, &path, Value::Null).await;
        for list in ["limit=100", "q=returner", "q=07700900555", "opted_out=true"] {
            let list = get(&world, &known, &format!("/api/v1/contacts?{list}")).await;
            let listed = items(&list).iter().any(|it| it["id"] == id.as_str());
            assert_eq!(listed, is_there, "{method}: {list}");
        }
        let whole = get(&world, &known, &one).await;
        assert_eq!(whole["deleted_at"].is_null(), is_there, "{method}: {whole}");
        let list = get(&world, &known, "/api/v1/conversations?limit=100").await;
        let with = items(&list).iter().find(|it| it["address"] == THEIRS);
        let with = with.expect("the conversation stays");
        let tied = with["contact"]["id"] == id.as_str();
        assert_eq!(tied, is_there, "{method}: {with}");
        assert_eq!(with["gate"]["code"], "opted_out", "{method}");
        if is_there {
            let points = whole["points"].clone();
            assert_eq!(points[0]["address"], THEIRS, "{method}");
            assert_eq!(points[0]["consent"]["state"], "opted_out", "{method}");
            assert_eq!(*before.get_or_insert(points.clone()), points, "{method}");
        }
    }
    world.stop().await;
}
