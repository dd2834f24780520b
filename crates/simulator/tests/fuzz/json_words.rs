//! Random bodies made of the words that the resources look for, and random addresses.

use crate::run;
use crate::targets::{composite, get, rest};
use http::Method;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Any JSON, with keys and texts that the resources look for.
fn json_soup() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "GET",
            "POST",
            "PATCH",
            "DELETE",
            "a",
            "Contact",
            "Account",
            "Id",
            "Name",
            "ada*",
            "@{a.id}",
            "@{a[0].Id}",
            "@{",
            "003000000000000AAA",
            "v62.0/limits",
            "",
            "/services/data/v62.0/sobjects/Contact",
            "/services/data/v62.0/sobjects/Contact/@{a.id}",
            "/services/data/v62.0/query?q=SELECT+Id+FROM+Contact+WHERE+Id='@{a.id}'",
            "/services/data/v62.0/composite/sobjects",
            "2026-11-24",
            "true",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text.prop_map(Json::from),
    ];
    let key = prop::sample::select(vec![
        "compositeRequest",
        "batchRequests",
        "records",
        "allOrNone",
        "haltOnError",
        "method",
        "url",
        "referenceId",
        "body",
        "richInput",
        "httpHeaders",
        "attributes",
        "type",
        "ids",
        "fields",
        "q",
        "in",
        "sobjects",
        "name",
        "where",
        "limit",
        "LastName",
        "Email",
        "AccountId",
        "Birthdate",
        "Id",
        "MailingAddress",
        "If-None-Match",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn any_json_gets_an_answer_of_the_api() {
    run(150, json_soup(), |body| {
        composite(body.to_string().as_bytes());
    });
}

#[test]
fn any_subrequests_get_an_answer_of_the_api() {
    let subrequest = (
        prop::sample::select(vec!["GET", "POST", "PATCH", "DELETE", "PUT"]),
        prop::sample::select(vec![
            "sobjects/Contact",
            "sobjects/Contact/@{r0.id}",
            "sobjects/Account/@{r1.id}/Contacts",
            "query?q=SELECT+Id+FROM+Contact",
            "composite/sobjects",
            "composite/sobjects/Contact",
            "composite/sobjects?ids=@{r0.id}",
            "sobjects/Contact/@{r2.records[0].Id}/Account",
            "sobjects/Contact/Email/@{r0.id}",
            "limits",
            "sobjects",
            "search?q=FIND+{ada}",
            "sobjects/Contact/updated?start=@{r0.id}",
            "sobjects/Contact/listviews/x/results",
        ]),
        json_soup(),
    );
    let whole = (any::<bool>(), prop::collection::vec(subrequest, 1..8));
    run(200, whole, |(all_or_none, subrequests)| {
        let shown = subrequests
            .into_iter()
            .enumerate()
            .map(|(n, (method, path, body))| {
                let url = format!("/services/data/v62.0/{path}");
                json!({"method": method, "url": url, "referenceId": format!("r{n}"), "body": body})
            });
        let shown: Vec<Json> = shown.collect();
        let body = json!({"allOrNone": all_or_none, "compositeRequest": shown});
        rest(Method::POST, "composite", body.to_string().as_bytes());
    });
}

#[test]
fn any_address_gets_an_answer_of_the_api() {
    let segment = prop_oneof![
        "[a-zA-Z0-9%_.~@-]{0,20}",
        prop::sample::select(vec![
            "sobjects",
            "Contact",
            "Account",
            "query",
            "queryAll",
            "search",
            "composite",
            "limits",
            "recordCount",
            "listviews",
            "describe",
            "updated",
            "deleted",
            "recent",
            "Id",
            "batch",
            "003000000000000AAA",
            "parameterizedSearch",
            "results",
            "0r8xx0000000000001-1",
        ])
        .prop_map(str::to_owned),
    ];
    let query = "[a-zA-Z]{0,6}(=[a-zA-Z0-9%+*.:-]{0,20})?(&(q|start|end|limit|fields|ids)=[a-zA-Z0-9%+:{}-]{0,20}){0,3}";
    let whole = (prop::collection::vec(segment, 0..6), query);
    run(800, whole, |(segments, query)| {
        get(&format!("{}?{query}", segments.join("/")));
    });
}
