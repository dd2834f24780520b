//! Events of what happens to records beside plain writing: conversion, merge, the recycle bin,
//! queues, and what an administrator added.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{FieldType, LeadConvert, MergeRequest, NewField, NewObject, RecordId};

use crate::support::{CONTACTS, Event, LATEST, UNAUTHENTICATED, World, silent, world};
use crate::wire::{TopicInfo, TopicRequest};

const ALL: &str = "/data/ChangeEvents";

/// Entity, kind and number of records of each.
fn told(events: &[Event]) -> Vec<(&str, &str, usize)> {
    let each = events.iter().map(|event| {
        let name = event.header["entityName"].as_str().unwrap();
        (name, event.kind(), event.record_ids().len())
    });
    each.collect()
}

fn lead(world: &World) -> RecordId {
    world.create(
        "Lead",
        json!({"LastName": "Ortiz", "Company": "Ortiz Pumps"}),
    )
}

fn convert(world: &World, lead: &RecordId, deal: bool) {
    let asked = LeadConvert {
        lead_id: lead.to_string(),
        converted_status: world.org().converted_status().unwrap(),
        do_not_create_opportunity: !deal,
        ..LeadConvert::default()
    };
    world.org().convert_lead(&world.call, &asked).unwrap();
}

#[tokio::test]
async fn mistake_24_a_conversion_is_told_record_by_record_in_one_transaction() {
    let world = world();
    for deal in [false, true] {
        let lead = lead(&world);
        let mut line = world.subscribe(ALL, LATEST, 100).await;
        convert(&world, &lead, deal);
        let events = world.events(&mut line).await;
        let mut expected = vec![("Account", "CREATE", 1), ("Contact", "CREATE", 1)];
        expected.extend(deal.then_some(("Opportunity", "CREATE", 1)));
        expected.push(("Lead", "UPDATE", 1));
        assert_eq!(told(&events), expected);
        let keys = events.iter().map(|event| &event.header["transactionKey"]);
        let mut keys: Vec<String> = keys.map(Json::to_string).collect();
        keys.dedup();
        assert_eq!(keys.len(), 1);
        let order = events.iter().map(|event| &event.header["sequenceNumber"]);
        let expected: Vec<Json> = (1..=events.len()).map(|n| json!(n)).collect();
        assert!(order.eq(expected.iter()));
        let update = events.last().unwrap();
        assert_eq!(update.record_ids(), [lead.to_string()]);
        for (field, there) in [
            ("IsConverted", true),
            ("ConvertedContactId", true),
            ("ConvertedOpportunityId", deal),
            ("LastModifiedDate", false),
        ] {
            let named = update.changed.iter().any(|name| name == field);
            assert_eq!(named, there, "{field}: {:?}", update.changed);
        }
    }
}

#[tokio::test]
async fn mistake_23_a_merge_is_one_event_of_the_losers_and_an_update_of_the_winner() {
    let world = world();
    let ids: Vec<RecordId> = (0..3)
        .map(|n| world.contact(&format!("Twin {n}")))
        .collect();
    let mut line = world.subscribe(CONTACTS, LATEST, 100).await;
    let request = MergeRequest {
        object: "Contact".to_owned(),
        master: ids[0].to_string(),
        fields: crate::support::body(json!({"Title": "Chief"})),
        losers: ids[1..].iter().map(RecordId::to_string).collect(),
    };
    world.org().merge(&world.call, &request).unwrap();
    let events = world.events(&mut line).await;
    assert_eq!(
        told(&events),
        [("Contact", "DELETE", 2), ("Contact", "UPDATE", 1)]
    );
    assert_eq!(events[1].record_ids(), [ids[0].to_string()]);
    let mut changed = events[1].changed.clone();
    changed.sort();
    assert_eq!(changed, ["LastModifiedDate", "Title"]);
}

#[tokio::test]
async fn mistake_21_an_undelete_is_told_with_the_whole_record_and_a_purge_is_not() {
    let world = world();
    let id = world.create("Contact", json!({"LastName": "Berg", "Title": "Chief"}));
    let ids = [id.to_string()];
    let mut line = world.subscribe(CONTACTS, LATEST, 100).await;
    let delete = || world.org().delete_many(&world.call, &ids, true).unwrap();
    delete();
    assert_eq!(world.events(&mut line).await[0].kind(), "DELETE");
    world.org().undelete(&world.call, &ids).unwrap();
    let back = &world.events(&mut line).await[0];
    assert_eq!(
        (back.kind(), &back.fields["Title"]),
        ("UNDELETE", &json!("Chief"))
    );
    assert_eq!(back.fields["Name"]["LastName"], "Berg");
    delete();
    world.events(&mut line).await;
    let gone = world.org().empty_recycle_bin(&world.call, &ids).unwrap();
    assert!(gone[0].errors.is_empty());
    silent(&mut line).await;
    let other = world.contact("Other");
    let next = world.events(&mut line).await;
    assert_eq!(next[0].record_ids(), [other.to_string()]);
}

#[tokio::test]
async fn mistake_37_a_formula_is_in_no_event_and_makes_none() {
    let world = world();
    let formula = NewField::formula("Shout__c", FieldType::Text, "UPPER(LastName)");
    world.org().add_field("Contact", &formula).unwrap();
    let text = NewField::new("Nickname__c", FieldType::Text);
    world.org().add_field("Contact", &text).unwrap();
    let id = world.contact("Berg");
    let mut line = world.subscribe(CONTACTS, LATEST, 100).await;
    world.update(
        "Contact",
        &id,
        json!({"LastName": "Dahl", "Nickname__c": "D"}),
    );
    let event = &world.events(&mut line).await[0];
    assert_eq!(event.fields["Nickname__c"], "D");
    let fields = event.fields.as_object().unwrap();
    assert!(!fields.contains_key("Shout__c"), "{fields:?}");
}

#[tokio::test]
async fn records_of_a_custom_object_are_told_like_others() {
    let world = world();
    let org = world.org();
    org.add_object(&NewObject::new("Gadget__c")).unwrap();
    let size = NewField {
        precision: Some(4),
        scale: Some(0),
        ..NewField::new("Size__c", FieldType::Number)
    };
    org.add_field("Gadget__c", &size).unwrap();
    let mut line = world
        .subscribe("/data/Gadget__ChangeEvent", LATEST, 100)
        .await;
    let id = world.create("Gadget__c", json!({"Name": "One", "Size__c": 3}));
    let made = &world.events(&mut line).await[0];
    assert_eq!(
        (made.kind(), &made.header["entityName"]),
        ("CREATE", &json!("Gadget__c"))
    );
    assert_eq!(
        (&made.fields["Name"], &made.fields["Size__c"]),
        (&json!("One"), &json!(3.0))
    );
    world.update("Gadget__c", &id, json!({"Size__c": null}));
    assert_eq!(world.events(&mut line).await[0].nulled, ["Size__c"]);
}

#[tokio::test]
async fn mistake_40_a_queue_as_owner_stands_in_events() {
    let world = world();
    let org = world.org();
    let soql = "SELECT Id FROM Group WHERE Type = 'Queue'";
    let found = org.query(&world.call, soql, false).unwrap();
    let queue = org.rows(&world.call, &found, 0..1)[0]["Id"].clone();
    let lead = lead(&world);
    let mut line = world.subscribe("/data/LeadChangeEvent", LATEST, 10).await;
    world.update("Lead", &lead, json!({"OwnerId": queue}));
    let event = &world.events(&mut line).await[0];
    assert_eq!(event.fields["OwnerId"], queue);
    assert!(event.changed.iter().any(|name| name == "OwnerId"));
}

#[tokio::test]
async fn without_the_api_permission_nothing_can_be_subscribed() {
    let world = world();
    let profile = world.org().users()[0].profile.clone();
    let asked = TopicRequest {
        topic_name: CONTACTS.to_owned(),
    };
    for (granted, code) in [(true, None), (false, Some(UNAUTHENTICATED))] {
        world
            .org()
            .set_system_permission(&profile, "ApiEnabled", granted)
            .unwrap();
        let answer = world.ask::<TopicInfo>("GetTopic", &asked).await;
        assert_eq!(answer.err().map(|ended| ended.code), code);
    }
}
