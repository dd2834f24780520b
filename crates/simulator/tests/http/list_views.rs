//! Saved views.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::org::{ListView, ListViewScope};

use crate::support::{World, world};

async fn find(world: &World, object: &str, name: &str) -> Json {
    let path = format!("v62.0/sobjects/{object}/listviews");
    let json = world.get(&path).await.json();
    let views = json["listviews"].as_array().unwrap();
    views
        .iter()
        .find(|v| v["developerName"] == name)
        .unwrap()
        .clone()
}

async fn follow(world: &World, url: &Json) -> Json {
    let path = url.as_str().unwrap().trim_start_matches("/services/data/");
    world.get(path).await.json()
}

#[tokio::test]
async fn every_object_people_work_with_has_its_usual_views() {
    let world = world();
    for (object, label) in [
        ("account", "My Accounts"),
        ("Contact", "Birthdays This Month"),
        ("Lead", "Today's Leads"),
        ("Campaign", "All Active Campaigns"),
        ("Opportunity", "Closing This Month"),
    ] {
        let json = world
            .get(&format!("v62.0/sobjects/{object}/listviews"))
            .await
            .json();
        let views = json["listviews"].as_array().unwrap();
        assert_eq!(json["size"], views.len());
        assert_eq!(
            (&json["done"], &json["nextRecordsUrl"]),
            (&json!(true), &Json::Null)
        );
        assert!(
            views.iter().any(|view| view["label"] == label),
            "{object}: {json}"
        );
        let recent = views
            .iter()
            .find(|view| view["soqlCompatible"] == false)
            .unwrap();
        assert!(
            recent["label"]
                .as_str()
                .unwrap()
                .starts_with("Recently Viewed")
        );
    }
    let none = world.get("v62.0/sobjects/CampaignMember/listviews").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_query_of_each_view_runs_and_finds_what_its_results_show() {
    let world = world();
    for object in ["Account", "Campaign", "Contact", "Lead", "Opportunity"] {
        let path = format!("v62.0/sobjects/{object}/listviews");
        let list = world.get(&path).await.json();
        for view in list["listviews"].as_array().unwrap() {
            let results = follow(&world, &view["resultsUrl"]).await;
            assert_eq!(results["developerName"], view["developerName"], "{results}");
            if view["soqlCompatible"] == false {
                assert_eq!(view["describeUrl"], Json::Null);
                continue;
            }
            let describe = follow(&world, &view["describeUrl"]).await;
            let soql = describe["query"].as_str().unwrap();
            let found = world.simulator.org().query(&world.call(), soql, false);
            let found = found.unwrap_or_else(|error| panic!("{soql}: {error}"));
            assert_eq!(results["size"], found.len().min(25), "{soql}");
            assert_eq!(results["done"], found.len() <= 25);
            assert!(results.get("totalSize").is_none());
            let last: Vec<&Json> = describe["columns"]
                .as_array()
                .unwrap()
                .iter()
                .rev()
                .take(4)
                .collect();
            assert!(last.iter().all(|column| column["hidden"] == true));
        }
    }
}

#[tokio::test]
async fn values_are_texts_and_picklists_are_labels() {
    let world = world();
    let view = find(&world, "Account", "AllAccounts").await;
    let describe = follow(&world, &view["describeUrl"]).await;
    let soql = describe["query"].as_str().unwrap();
    assert_eq!(
        soql,
        "SELECT Name, Site, BillingState, Phone, toLabel(Type), Owner.Alias, Id, CreatedDate, \
         LastModifiedDate, SystemModstamp FROM Account ORDER BY Name ASC NULLS FIRST, Id ASC NULLS \
         FIRST"
    );
    assert_eq!(
        (&describe["scope"], &describe["whereCondition"]),
        (&Json::Null, &Json::Null)
    );
    let first = &describe["columns"][0];
    assert_eq!(
        (&first["sortDirection"], &first["sortIndex"]),
        (&json!("ascending"), &json!(0))
    );
    let results = follow(&world, &view["resultsUrl"]).await;
    let cells = results["records"][0]["columns"].as_array().unwrap();
    let value = |path: &str| {
        let cell = cells.iter().find(|cell| cell["fieldNameOrPath"] == path);
        cell.unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert!(
        value("CreatedDate").contains(" GMT 20"),
        "{}",
        value("CreatedDate")
    );
    assert_eq!(value("Id").len(), 18);
    assert!(!value("Owner.Alias").is_empty());
}

#[tokio::test]
async fn conditions_are_told_in_parts() {
    let world = world();
    let view = find(&world, "Account", "NewThisWeek").await;
    let describe = follow(&world, &view["describeUrl"]).await;
    let expected = json!({"field": "CreatedDate", "operator": "equals", "values": ["THIS_WEEK"]});
    assert_eq!(describe["whereCondition"], expected);
    let mine = find(&world, "Lead", "MyUnreadLeads").await;
    let describe = follow(&world, &mine["describeUrl"]).await;
    assert_eq!(describe["scope"], "mine");
    assert_eq!(describe["whereCondition"]["conjunction"], "and");
}

#[tokio::test]
async fn list_views_are_records_too() {
    let world = world();
    let soql = "SELECT+Id,Name,DeveloperName,SobjectType,IsSoqlCompatible+FROM+ListView+WHERE+\
                SobjectType='Contact'+AND+IsSoqlCompatible=true+AND+DeveloperName='MyContacts'";
    let json = world.get(&format!("v62.0/query?q={soql}")).await.json();
    assert_eq!(json["totalSize"], 1);
    let view = find(&world, "Contact", "MyContacts").await;
    assert_eq!(json["records"][0]["Id"], view["id"]);
}

#[tokio::test]
async fn an_administrator_may_define_and_change_views() {
    let world = world();
    let org = world.simulator.org();
    let view = |filter: &str| ListView {
        object: "Contact".to_owned(),
        developer_name: "Directors".to_owned(),
        label: "Directors".to_owned(),
        soql_compatible: true,
        scope: ListViewScope::Everything,
        columns: vec!["Name".to_owned(), "Title".to_owned()],
        filter: filter.to_owned(),
        order: vec!["LastName DESC".to_owned()],
    };
    let id = org
        .define_list_view(&world.call(), view("Title = 'Director'"))
        .unwrap();
    let again = org
        .define_list_view(&world.call(), view("Title = 'VP'"))
        .unwrap();
    assert_eq!(id, again);
    let wrong = org.define_list_view(&world.call(), view("Nope = 1"));
    assert_eq!(wrong.unwrap_err().code, "INVALID_FIELD");
    let body = json!({"LastName": "Vik", "Title": "VP"});
    world
        .json(Method::POST, "v62.0/sobjects/Contact", body)
        .await;
    let shown = find(&world, "Contact", "Directors").await;
    let results = follow(&world, &shown["resultsUrl"]).await;
    assert_eq!(results["records"][0]["columns"][1]["value"], "VP");
    let recent = world
        .get("v62.0/sobjects/Contact/listviews/recent")
        .await
        .json();
    assert_eq!(recent["listviews"][0]["developerName"], "Directors");
}

#[tokio::test]
async fn recently_viewed_shows_what_the_user_changed_last() {
    let world = world();
    let body = json!({"LastName": "Vik"});
    world
        .json(Method::POST, "v62.0/sobjects/Contact", body)
        .await;
    let view = find(&world, "Contact", "RecentlyViewedContacts").await;
    let results = follow(&world, &view["resultsUrl"]).await;
    assert_eq!(results["records"][0]["columns"][0]["value"], "Vik");
    let url = format!("{}/describe", view["url"].as_str().unwrap());
    assert!(follow(&world, &json!(url)).await.is_array());
    let window = format!("{}?limit=x", view["resultsUrl"].as_str().unwrap());
    assert!(follow(&world, &json!(window)).await.is_array());
}
