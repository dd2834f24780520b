//! What changes look like as events.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{Call, FieldAccess, ObjectAccess, Origin};

use crate::support::{CONTACTS, EARLIEST, LATEST, body, world};
use crate::wire::{TopicInfo, TopicRequest};

#[tokio::test]
async fn mistake_37_an_update_carries_changed_fields_as_bits_and_nothing_else() {
    let world = world();
    let id = world.create("Contact", json!({"LastName": "Berg", "Title": "Chief"}));
    let mut line = world.subscribe(CONTACTS, LATEST, 10).await;
    world.update(
        "Contact",
        &id,
        json!({"Title": null, "Phone": "+47 22 00 00 00"}),
    );
    let events = world.events(&mut line).await;
    let event = &events[0];
    assert_eq!(event.kind(), "UPDATE");
    assert_eq!(event.record_ids(), [id.to_string()]);
    assert_eq!(
        event.header["changeOrigin"],
        "com/salesforce/api/rest/60.0;client=tieline"
    );
    assert_eq!(event.header["sequenceNumber"], 1);
    let mut changed = event.changed.clone();
    changed.sort();
    assert_eq!(changed, ["LastModifiedDate", "Phone", "Title"]);
    assert_eq!(event.nulled, ["Title"]);
    let fields = event.fields.as_object().unwrap();
    let held: Vec<_> = fields
        .iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(n, _)| n)
        .collect();
    assert_eq!(held.len(), 2, "{held:?}");
    assert!(!fields.contains_key("SystemModstamp") && !fields.contains_key("IsDeleted"));
    assert!(
        fields.contains_key("OwnerId"),
        "an unchanged field stands there as null"
    );
}

#[tokio::test]
async fn mistake_37_equal_changes_of_one_transaction_are_one_event_of_many_records() {
    let world = world();
    let ids: Vec<_> = (0..4).map(|n| world.contact(&format!("Row {n}"))).collect();
    let mut line = world.subscribe(CONTACTS, LATEST, 100).await;
    let row = |at: usize, title: &str| json!({"attributes": {"type": "Contact"}, "Id": ids[at].to_string(), "Title": title});
    let rows: Vec<Json> = vec![
        row(0, "Same"),
        row(1, "Other"),
        row(2, "Same"),
        row(3, "Same"),
    ];
    world.org().update_many(&world.call, &rows, false).unwrap();
    let events = world.events(&mut line).await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].record_ids().len(), 3);
    assert_eq!(events[0].fields["Title"], "Same");
    assert_eq!(events[1].record_ids(), [ids[1].to_string()]);
    assert_eq!(events[1].header["sequenceNumber"], 2);
    assert_eq!(
        events[0].header["transactionKey"],
        events[1].header["transactionKey"]
    );
    world.update("Contact", &ids[0], json!({"Title": "Later"}));
    let later = world.events(&mut line).await;
    assert_ne!(
        later[0].header["transactionKey"],
        events[0].header["transactionKey"]
    );
}

#[tokio::test]
async fn a_created_record_comes_with_all_it_has_and_no_bitmaps() {
    let world = world();
    world.create(
        "Contact",
        json!({"FirstName": "Liv", "LastName": "Berg", "MailingCity": "Oslo", "Birthdate": "1980-02-03"}),
    );
    let event = &world.earliest(CONTACTS).await[0];
    assert_eq!(event.kind(), "CREATE");
    assert!(event.changed.is_empty());
    assert_eq!(event.fields["Name"]["FirstName"], "Liv");
    assert_eq!(event.fields["Name"]["LastName"], "Berg");
    assert_eq!(event.fields["MailingAddress"]["City"], "Oslo");
    assert_eq!(event.fields["OtherAddress"], Json::Null);
    assert_eq!(event.fields["Birthdate"], 318_384_000_000_i64);
    assert_eq!(event.fields["CreatedDate"], crate::support::NOON_MS);
    assert_eq!(event.fields["DoNotCall"], false);
}

#[tokio::test]
async fn parts_of_a_name_or_address_are_told_by_nested_bits() {
    let world = world();
    let id = world.create(
        "Contact",
        json!({"LastName": "Berg", "MailingCity": "Oslo"}),
    );
    let mut line = world.subscribe(CONTACTS, LATEST, 10).await;
    world.update(
        "Contact",
        &id,
        json!({"FirstName": "Liv", "MailingStreet": "Storgata 1"}),
    );
    let event = &world.events(&mut line).await[0];
    let mut changed = event.changed.clone();
    changed.sort();
    assert_eq!(
        changed,
        [
            "LastModifiedDate",
            "MailingAddress.Street",
            "Name.FirstName"
        ]
    );
    assert_eq!(event.fields["Name"]["LastName"], Json::Null);
    assert_eq!(event.fields["MailingAddress"]["City"], Json::Null);
}

#[tokio::test]
async fn mistake_37_a_person_in_a_page_leaves_no_origin() {
    let world = world();
    let call = Call {
        origin: Origin::Page,
        ..world.call.clone()
    };
    let made = world
        .org()
        .create(&call, "Contact", &body(json!({"LastName": "Berg"})));
    made.unwrap();
    assert_eq!(world.earliest(CONTACTS).await[0].header["changeOrigin"], "");
}

#[tokio::test]
async fn deleted_records_share_an_event_without_fields() {
    let world = world();
    let ids: Vec<String> = (0..3)
        .map(|n| world.contact(&format!("Row {n}")).to_string())
        .collect();
    let mut line = world.subscribe(CONTACTS, LATEST, 10).await;
    world.org().delete_many(&world.call, &ids, true).unwrap();
    let events = world.events(&mut line).await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].kind(), events[0].record_ids().len()),
        ("DELETE", 3)
    );
    let fields = events[0].fields.as_object().unwrap();
    assert!(fields.values().all(Json::is_null));
}

#[tokio::test]
async fn what_was_taken_back_makes_no_event() {
    let world = world();
    let row = |name: Json| json!({"attributes": {"type": "Contact"}, "LastName": name});
    let rows = [row(json!("Good")), row(Json::Null)];
    world.org().create_many(&world.call, &rows, true).unwrap();
    world.contact("After");
    let events = world.earliest(CONTACTS).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].fields["Name"]["LastName"], "After");
}

#[tokio::test]
async fn an_object_that_is_not_selected_makes_no_events() {
    let world = world();
    world.org().deselect_for_events("contact").unwrap();
    world.contact("Unseen");
    world.org().select_for_events("Contact").unwrap();
    world.contact("Seen");
    let events = world.earliest(CONTACTS).await;
    assert_eq!(events.len(), 1);
    assert!(world.org().select_for_events("Profile").is_err());
}

#[tokio::test]
async fn channels_of_several_objects_carry_those_in_order() {
    let world = world();
    world
        .org()
        .define_event_channel("People", &["Contact", "Lead"])
        .unwrap();
    world.contact("One");
    world.create("Account", json!({"Name": "Firm"}));
    world.create("Lead", json!({"LastName": "Two", "Company": "Firm"}));
    let entities = |events: &[crate::support::Event]| -> Vec<String> {
        let name = |e: &crate::support::Event| e.header["entityName"].as_str().unwrap().to_owned();
        events.iter().map(name).collect()
    };
    assert_eq!(
        entities(&world.earliest("/data/People__chn").await),
        ["Contact", "Lead"]
    );
    assert_eq!(
        entities(&world.earliest("/data/ChangeEvents").await),
        ["Contact", "Account", "Lead"]
    );
}

#[tokio::test]
async fn a_reader_sees_no_field_or_object_beyond_its_rights() {
    let world = world();
    let profile = world.org().users()[0].profile.clone();
    let hide = |field: &str| {
        world
            .org()
            .set_field_access(&profile, "Contact", field, FieldAccess::Hidden)
    };
    let id = world.create("Contact", json!({"LastName": "Berg", "Title": "Chief"}));
    world.update("Contact", &id, json!({"Title": "Boss", "Phone": "1"}));
    hide("Title").unwrap();
    let again = &world.earliest(CONTACTS).await[1];
    assert_eq!(again.fields["Title"], Json::Null);
    assert!(!again.changed.contains(&"Title".to_owned()));
    assert!(again.changed.contains(&"Phone".to_owned()));
    world
        .org()
        .set_object_access(&profile, "Contact", ObjectAccess::NONE)
        .unwrap();
    let mut line = world.subscribe(CONTACTS, EARLIEST, 10).await;
    let ended = line.next::<crate::wire::FetchResponse>().await.unwrap_err();
    assert_eq!(ended.code, 7, "{ended:?}");
}

#[tokio::test]
async fn a_topic_names_its_schema_and_unknown_ones_are_not_found() {
    let world = world();
    let asked = |name: &str| TopicRequest {
        topic_name: name.to_owned(),
    };
    let info: TopicInfo = world.ask("GetTopic", &asked(CONTACTS)).await.unwrap();
    assert!(info.can_subscribe && !info.can_publish);
    let schema: Json = serde_json::from_str(&world.schema(&info.schema_id).await).unwrap();
    assert_eq!(schema["name"], "ContactChangeEvent");
    assert_eq!(schema["namespace"], "com.sforce.eventbus");
    assert_eq!(schema["fields"][0]["name"], "ChangeEventHeader");
    for name in [
        "/data/NothingChangeEvent",
        "/data/ProfileChangeEvent",
        "/event/None__e",
        "Contact",
        "/data/None__chn",
    ] {
        let ended = world
            .ask::<TopicInfo>("GetTopic", &asked(name))
            .await
            .unwrap_err();
        assert_eq!(ended.code, 5, "{name}: {ended:?}");
        assert!(ended.error_code.starts_with("sfdc.platform.eventbus.grpc."));
    }
}
