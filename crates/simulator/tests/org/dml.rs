//! Creating, changing, deleting.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{Act, ApiError, ExternalKey, Upserted};

use super::support::{body, org};

fn keys(error: &ApiError) -> (u16, &str, &str) {
    (error.status, error.code, &error.message)
}

#[test]
fn mistake_14_both_forms_of_an_id_are_taken_and_the_long_one_is_given() {
    let t = org();
    let id = t.create("Contact", json!({"LastName": "Long"}));
    for text in [id.short().to_owned(), id.to_string()] {
        let record = t.org.get(&t.call, "contact", &text, None).unwrap();
        assert_eq!(record["Id"], json!(id.to_string()));
        assert_eq!(id.to_string().len(), 18);
    }
    let wrong = t
        .org
        .get(&t.call, "Contact", "003nothing", None)
        .unwrap_err();
    let text = "Provided external ID field does not exist or is not accessible: 003nothing";
    assert_eq!(keys(&wrong), (404, "NOT_FOUND", text));
}

#[test]
fn mistake_15_email_is_kept_in_lower_case() {
    let t = org();
    let id = t.create(
        "Contact",
        json!({"LastName": "Myers", "Email": "Chloe.Myers@Example.com"}),
    );
    assert_eq!(
        t.get("Contact", &id)["Email"],
        json!("chloe.myers@example.com")
    );
}

#[test]
fn mistake_16_text_is_trimmed_and_numbers_and_flags_may_be_text() {
    let t = org();
    let fields = json!({"Name": "  Trim Ltd \n", "Site": "   ", "NumberOfEmployees": "10000", "AnnualRevenue": "5"});
    let id = t.create("Account", fields);
    let account = t.get("Account", &id);
    assert_eq!(account["Name"], json!("Trim Ltd"));
    assert_eq!(account["Site"], Json::Null);
    assert_eq!(account["NumberOfEmployees"].to_string(), "10000");
    assert_eq!(account["AnnualRevenue"].to_string(), "5.0");
    let contact = t.create("Contact", json!({"LastName": "Flag", "DoNotCall": "true"}));
    assert_eq!(t.get("Contact", &contact)["DoNotCall"], json!(true));
}

#[test]
fn mistake_17_names_addresses_and_system_fields_cannot_be_written() {
    let t = org();
    let named = t.refused(
        "Contact",
        json!({"LastName": "A", "Name": "B", "CreatedDate": "2020-01-01T00:00:00Z"}),
    );
    assert_eq!(named.code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(
        named.fields,
        Some(vec!["Name".to_owned(), "CreatedDate".to_owned()])
    );
    assert!(
        named
            .message
            .starts_with("Unable to create/update fields: Name, CreatedDate. Please check")
    );
    let address = t.refused(
        "Contact",
        json!({"LastName": "A", "MailingAddress": {"city": "Leeds"}}),
    );
    assert_eq!(address.code, "JSON_PARSER_ERROR");
    assert!(
        address
            .message
            .starts_with("Cannot deserialize instance of address from START_OBJECT")
    );
}

#[test]
fn what_is_wrong_with_a_value_is_said_as_a_real_org_says_it() {
    let t = org();
    let long = "x".repeat(81);
    let cases = [
        (
            json!({}),
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]".to_owned(),
            vec!["LastName"],
        ),
        (
            json!({"LastName": " "}),
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]".to_owned(),
            vec!["LastName"],
        ),
        (
            json!({"LastName": "A", "Email": "123"}),
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: 123".to_owned(),
            vec!["Email"],
        ),
        (
            json!({"LastName": long}),
            "STRING_TOO_LONG",
            format!("Last Name: data value too large: {long} (max length=80)"),
            vec!["LastName"],
        ),
        (
            json!({"LastName": "A", "CleanStatus": "Shiny"}),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Clean Status: bad value for restricted picklist field: Shiny".to_owned(),
            vec!["CleanStatus"],
        ),
        (
            json!({"LastName": "A", "Interests__c": "Events;Chess"}),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Interests: bad value for restricted picklist field: Chess".to_owned(),
            vec!["Interests__c"],
        ),
        (
            json!({"LastName": "A", "AccountId": "001000000000000"}),
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id".to_owned(),
            vec!["AccountId"],
        ),
        (
            json!({"LastName": "A", "AccountId": "nonsense"}),
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: nonsense".to_owned(),
            vec!["AccountId"],
        ),
    ];
    for (fields, code, message, named) in cases {
        let error = t.refused("Contact", fields);
        assert_eq!(
            (error.status, error.code, error.message.as_str()),
            (400, code, message.as_str())
        );
        assert_eq!(error.fields.unwrap(), named);
    }
    let unknown = t.refused("Contact", json!({"LastName": "A", "foo": 1}));
    assert_eq!(
        keys(&unknown),
        (
            400,
            "INVALID_FIELD",
            "No such column 'foo' on sobject of type Contact"
        )
    );
    assert_eq!(unknown.fields, None);
    assert_eq!(
        t.refused("Contact", json!({"LastName": "A", "DoNotCall": "maybe"}))
            .code,
        "JSON_PARSER_ERROR"
    );
    assert_eq!(
        t.refused("Contact", json!({"LastName": "A", "Id": "003000000000000"}))
            .code,
        "INVALID_FIELD"
    );
    assert_eq!(
        t.refused("Lead", json!({})).message,
        "Required fields are missing: [LastName, Company]"
    );
}

#[test]
fn a_unique_value_is_refused_with_the_short_id_of_its_holder() {
    let t = org();
    let first = t.create("Contact", json!({"LastName": "A", "External_Id__c": "K-1"}));
    let error = t.refused("Contact", json!({"LastName": "B", "External_Id__c": "k-1"}));
    let text = format!(
        "duplicate value found: External_Id__c duplicates value on record with id: {}",
        first.short()
    );
    assert_eq!(keys(&error), (400, "DUPLICATE_VALUE", text.as_str()));
    t.update("Contact", &first, json!({"External_Id__c": "K-1"}))
        .unwrap();
}

#[test]
fn a_parent_can_be_named_by_its_external_id() {
    let t = org();
    let account = t.create("Account", json!({"Name": "P", "External_Id__c": "acc-9"}));
    let fields = json!({"LastName": "Child", "Account": {"External_Id__c": "acc-9"}});
    let contact = t.create("Contact", fields);
    assert_eq!(
        t.get("Contact", &contact)["AccountId"],
        json!(account.to_string())
    );
    let missing = t.refused(
        "Contact",
        json!({"LastName": "C", "Account": {"External_Id__c": "none"}}),
    );
    assert_eq!(missing.code, "INVALID_FIELD");
}

#[test]
fn mistake_20_equal_values_still_move_all_three_marks() {
    let t = org();
    let id = t.create("Contact", json!({"LastName": "Same"}));
    t.clock.advance(5_000);
    t.update("Contact", &id, json!({"LastName": "Same"}))
        .unwrap();
    let record = t.get("Contact", &id);
    assert_eq!(record["CreatedDate"], json!("2026-11-24T12:00:00.000+0000"));
    assert_eq!(
        record["LastModifiedDate"],
        json!("2026-11-24T12:00:05.000+0000")
    );
    assert_eq!(
        record["SystemModstamp"],
        json!("2026-11-24T12:00:05.000+0000")
    );
}

#[test]
fn mistake_20_the_orgs_own_change_moves_the_system_mark_alone() {
    let t = org();
    let boss = t.create("Contact", json!({"LastName": "Boss"}));
    let id = t.create(
        "Contact",
        json!({"LastName": "Aide", "ReportsToId": boss.to_string()}),
    );
    t.clock.advance(60_000);
    t.org.delete(&t.call, "Contact", &boss.to_string()).unwrap();
    let record = t.get("Contact", &id);
    assert_eq!(record["ReportsToId"], Json::Null);
    assert_eq!(
        record["LastModifiedDate"],
        json!("2026-11-24T12:00:00.000+0000")
    );
    assert_eq!(
        record["SystemModstamp"],
        json!("2026-11-24T12:01:00.000+0000")
    );
}

#[test]
fn mistake_21_a_deleted_record_is_gone_for_get_and_still_there_for_query_all() {
    let t = org();
    let id = t.create(
        "Contact",
        json!({"LastName": "Gone", "Email": "gone@example.com"}),
    );
    t.org.delete(&t.call, "Contact", &id.to_string()).unwrap();
    let error = t
        .org
        .get(&t.call, "Contact", &id.to_string(), None)
        .unwrap_err();
    assert_eq!(
        keys(&error),
        (404, "ENTITY_IS_DELETED", "entity is deleted")
    );
    assert_eq!(error.fields, Some(vec![]));
    let soql = "SELECT Id, IsDeleted FROM Contact WHERE Email = 'gone@example.com'";
    assert!(t.rows(soql).is_empty());
    assert_eq!(t.rows_of(soql, true)[0]["IsDeleted"], json!(true));
}

#[test]
fn mistake_22_deleting_twice_is_an_error() {
    let t = org();
    let id = t.create("Lead", json!({"LastName": "Once", "Company": "C"}));
    t.org.delete(&t.call, "Lead", &id.to_string()).unwrap();
    let again = t.org.delete(&t.call, "Lead", &id.to_string()).unwrap_err();
    assert_eq!((again[0].status, again[0].code), (404, "ENTITY_IS_DELETED"));
}

#[test]
fn deleting_an_account_takes_its_contacts_deals_and_activities_along() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Doomed"}));
    let child = t.create(
        "Account",
        json!({"Name": "Branch", "ParentId": account.to_string()}),
    );
    let contact = t.create(
        "Contact",
        json!({"LastName": "C", "AccountId": account.to_string()}),
    );
    let deal = json!({"Name": "D", "AccountId": account.to_string(), "StageName": "Prospecting", "CloseDate": "2027-01-01"});
    let deal = t.create("Opportunity", deal);
    let task = t.create(
        "Task",
        json!({"Subject": "Call", "WhoId": contact.to_string()}),
    );
    t.org
        .delete(&t.call, "Account", &account.to_string())
        .unwrap();
    for (object, id) in [("Contact", contact), ("Opportunity", deal), ("Task", task)] {
        let error = t
            .org
            .get(&t.call, object, &id.to_string(), None)
            .unwrap_err();
        assert_eq!(error.code, "ENTITY_IS_DELETED", "{object}");
    }
    assert_eq!(t.get("Account", &child)["ParentId"], Json::Null);
    let log = t.org.changes();
    let cascaded = log
        .iter()
        .filter(|c| c.act == Act::Delete && c.by_system)
        .count();
    assert_eq!(cascaded, 3);
}

#[test]
fn an_account_with_won_deals_cannot_be_deleted() {
    let t = org();
    let id = t.id_of("SELECT Id FROM Account WHERE Name = 'GenePoint'");
    let error = t
        .org
        .delete(&t.call, "Account", &id.to_string())
        .unwrap_err();
    assert_eq!(error[0].code, "DELETE_FAILED");
}

#[test]
fn mistake_25_a_campaign_member_is_one_person_once() {
    let t = org();
    let campaign = t.create("Campaign", json!({"Name": "Spring"}));
    let contact = t.create(
        "Contact",
        json!({"LastName": "C", "Email": "c@example.com"}),
    );
    let lead = t.create("Lead", json!({"LastName": "L", "Company": "Co"}));
    let both = json!({"CampaignId": campaign.to_string(), "ContactId": contact.to_string(), "LeadId": lead.to_string()});
    let member = t.create("CampaignMember", both.clone());
    let record = t.get("CampaignMember", &member);
    assert_eq!(record["LeadId"], Json::Null);
    assert_eq!(
        (&record["Status"], &record["HasResponded"]),
        (&json!("Sent"), &json!(false))
    );
    assert_eq!(
        (&record["Email"], &record["Type"]),
        (&json!("c@example.com"), &json!("Contact"))
    );
    let again = t.refused("CampaignMember", both);
    assert_eq!(
        keys(&again),
        (400, "DUPLICATE_VALUE", "Already a campaign member.")
    );
    let moved = t
        .update(
            "CampaignMember",
            &member,
            json!({"ContactId": contact.to_string()}),
        )
        .unwrap_err();
    assert_eq!(moved[0].code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let answered = t
        .update("CampaignMember", &member, json!({"HasResponded": true}))
        .unwrap_err();
    assert_eq!(answered[0].code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    t.update("CampaignMember", &member, json!({"Status": "Responded"}))
        .unwrap();
    assert_eq!(
        t.get("CampaignMember", &member)["HasResponded"],
        json!(true)
    );
    assert_eq!(t.get("Campaign", &campaign)["NumberOfResponses"], json!(1));
    let key = ExternalKey {
        object: "CampaignMember",
        field: "Id",
        value: &member.to_string(),
    };
    assert!(
        t.org
            .upsert(&t.call, key, &body(json!({"Status": "Sent"})), false)
            .is_err()
    );
}

#[test]
fn an_activity_of_a_lead_has_no_other_relation() {
    let t = org();
    let lead = t.create("Lead", json!({"LastName": "L", "Company": "Co"}));
    let account = t.create("Account", json!({"Name": "A"}));
    let contact = t.create(
        "Contact",
        json!({"LastName": "C", "AccountId": account.to_string()}),
    );
    let error = t.refused(
        "Task",
        json!({"WhoId": lead.to_string(), "WhatId": account.to_string()}),
    );
    assert_eq!(error.code, "FIELD_INTEGRITY_EXCEPTION");
    let task = t.create(
        "Task",
        json!({"WhoId": contact.to_string(), "Status": "Completed", "Priority": "High"}),
    );
    let record = t.get("Task", &task);
    assert_eq!(record["AccountId"], json!(account.to_string()));
    assert_eq!(
        (&record["IsClosed"], &record["IsHighPriority"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(record["TaskSubtype"], json!("Task"));
    let wrong = t.refused("Task", json!({"WhoId": account.to_string()}));
    assert_eq!(wrong.code, "MALFORMED_ID");
}

#[test]
fn an_event_needs_a_start_and_one_of_end_and_duration() {
    let t = org();
    let start = "2026-12-01T10:00:00Z";
    let event = t.create(
        "Event",
        json!({"Subject": "Meeting", "StartDateTime": start, "DurationInMinutes": 45}),
    );
    assert_eq!(
        t.get("Event", &event)["EndDateTime"],
        json!("2026-12-01T10:45:00.000+0000")
    );
    t.update(
        "Event",
        &event,
        json!({"EndDateTime": "2026-12-01T11:30:00Z"}),
    )
    .unwrap();
    assert_eq!(t.get("Event", &event)["DurationInMinutes"], json!(90));
    assert_eq!(
        t.refused("Event", json!({"DurationInMinutes": 5})).code,
        "REQUIRED_FIELD_MISSING"
    );
    assert_eq!(
        t.refused("Event", json!({"StartDateTime": start})).code,
        "REQUIRED_FIELD_MISSING"
    );
    let both = json!({"StartDateTime": start, "DurationInMinutes": 5, "EndDateTime": "2026-12-01T11:00:00Z"});
    assert_eq!(t.refused("Event", both).code, "FIELD_INTEGRITY_EXCEPTION");
}

#[test]
fn a_stage_decides_probability_and_whether_a_deal_is_won() {
    let t = org();
    let deal = json!({"Name": "D", "StageName": "Value Proposition", "CloseDate": "2027-02-03", "Amount": 200});
    let id = t.create("Opportunity", deal);
    let record = t.get("Opportunity", &id);
    assert_eq!(
        (&record["Probability"], &record["ExpectedRevenue"]),
        (&json!(50.0), &json!(100.0))
    );
    assert_eq!(
        (&record["FiscalYear"], &record["FiscalQuarter"]),
        (&json!(2027), &json!(1))
    );
    t.update("Opportunity", &id, json!({"StageName": "Closed Won"}))
        .unwrap();
    let record = t.get("Opportunity", &id);
    assert_eq!(
        (&record["IsWon"], &record["IsClosed"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn nobody_who_has_left_can_be_made_an_owner() {
    let t = org();
    let gone = t.as_user("helen.carter@acme.example").user;
    let error = t.refused(
        "Contact",
        json!({"LastName": "A", "OwnerId": gone.to_string()}),
    );
    let text = format!(
        "operation performed with inactive user [{}] as owner",
        gone.short()
    );
    assert_eq!(keys(&error), (400, "INACTIVE_OWNER_OR_USER", text.as_str()));
    let priya = t.as_user("priya.shah@acme.example").user;
    let id = t.create(
        "Contact",
        json!({"LastName": "A", "OwnerId": priya.to_string()}),
    );
    t.org.set_user_active(&t.call, &priya, false).unwrap();
    assert!(!t.org.user(&priya).unwrap().active);
    t.update(
        "Contact",
        &id,
        json!({"Title": "Still owned by somebody who left"}),
    )
    .unwrap();
}

#[test]
fn a_converted_lead_cannot_be_changed() {
    let t = org();
    let id = t.create(
        "Lead",
        json!({"LastName": "L", "Company": "Co", "IsConverted": true}),
    );
    let error = t.update("Lead", &id, json!({"Title": "CEO"})).unwrap_err();
    assert_eq!(error[0].code, "CANNOT_UPDATE_CONVERTED_LEAD");
}

#[test]
fn upsert_creates_then_updates_and_leaves_several_alone() {
    let t = org();
    let key = ExternalKey {
        object: "Contact",
        field: "External_Id__c",
        value: "x-1",
    };
    let fields = body(json!({"LastName": "Up"}));
    let Upserted::Created(id) = t.org.upsert(&t.call, key, &fields, false).unwrap() else {
        panic!("the first upsert creates")
    };
    let again = t.org.upsert(&t.call, key, &fields, false).unwrap();
    assert_eq!(again, Upserted::Updated(id));
    let by_email = ExternalKey {
        object: "Contact",
        field: "Email",
        value: "two@example.com",
    };
    for name in ["A", "B"] {
        t.create(
            "Contact",
            json!({"LastName": name, "Email": "two@example.com"}),
        );
    }
    let several = t.org.upsert(&t.call, by_email, &fields, false).unwrap();
    assert!(matches!(several, Upserted::Ambiguous(ids) if ids.len() == 2));
    let bad = ExternalKey {
        field: "Title",
        ..key
    };
    assert_eq!(
        t.org.upsert(&t.call, bad, &fields, false).unwrap_err()[0].code,
        "NOT_FOUND"
    );
    let absent = ExternalKey {
        value: "x-2",
        ..key
    };
    assert_eq!(
        t.org.upsert(&t.call, absent, &fields, true).unwrap_err()[0].code,
        "NOT_FOUND"
    );
}

#[test]
fn a_collection_answers_each_record_in_order() {
    let t = org();
    let records = [
        json!({"attributes": {"type": "Contact"}, "LastName": "One"}),
        json!({"attributes": {"type": "Contact"}, "FirstName": "No last name"}),
        json!({"attributes": {"type": "Account"}, "Name": "Mixed"}),
    ];
    let results = t.org.create_many(&t.call, &records, false).unwrap();
    assert!(results[0].id.is_some() && results[2].id.is_some());
    assert_eq!(results[1].errors[0].code, "REQUIRED_FIELD_MISSING");
    let too_many = vec![records[0].clone(); 201];
    assert_eq!(
        t.org
            .create_many(&t.call, &too_many, false)
            .unwrap_err()
            .status,
        400
    );
}

#[test]
fn mistake_13_all_or_none_takes_everything_back_and_says_so() {
    let t = org();
    let before = (
        t.count("SELECT count() FROM Contact"),
        t.org.changes().len(),
    );
    let records = [
        json!({"attributes": {"type": "Contact"}, "LastName": "One", "Email": "one@all.example"}),
        json!({"attributes": {"type": "Contact"}}),
    ];
    let results = t.org.create_many(&t.call, &records, true).unwrap();
    assert_eq!(
        results[0].errors[0].code,
        "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    );
    assert_eq!(results[1].errors[0].code, "REQUIRED_FIELD_MISSING");
    assert_eq!(
        (
            t.count("SELECT count() FROM Contact"),
            t.org.changes().len()
        ),
        before
    );
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Email = 'one@all.example'"),
        0
    );
}

#[test]
fn a_planned_failure_hits_one_record_of_a_collection() {
    let t = org();
    let record = json!({"attributes": {"type": "Contact"}, "LastName": "One"});
    let text = "unable to obtain exclusive access to this record";
    let lock = ApiError::record("UNABLE_TO_LOCK_ROW", text, &[]);
    let call = tieline_simulator::org::Call {
        refuse: Some((1, lock.clone())),
        ..t.call.clone()
    };
    let results = t.org.create_many(&call, &vec![record; 3], false).unwrap();
    let failed: Vec<bool> = results.iter().map(|r| !r.errors.is_empty()).collect();
    assert_eq!(failed, [false, true, false]);
    assert_eq!(results[1].errors, [lock]);
    assert!(!results[1].errors[0].is_permanent());
}

#[test]
fn collections_update_upsert_delete_and_retrieve() {
    let t = org();
    let id = t.create("Contact", json!({"LastName": "One", "Title": "Old"}));
    let change = json!({"attributes": {"type": "Contact"}, "Id": id.to_string(), "Title": "New"});
    let results = t
        .org
        .update_many(
            &t.call,
            &[change, json!({"attributes": {"type": "Contact"}})],
            false,
        )
        .unwrap();
    assert_eq!(results[0].id, Some(id));
    assert_eq!(results[1].errors[0].code, "MISSING_ARGUMENT");
    let upserts = [
        json!({"External_Id__c": "e1", "LastName": "E"}),
        json!({"External_Id__c": "e1", "LastName": "F"}),
    ];
    let results = t
        .org
        .upsert_many(&t.call, ("Contact", "External_Id__c"), &upserts, false)
        .unwrap();
    assert_eq!(
        (results[0].created, results[1].created),
        (Some(true), Some(false))
    );
    let ids = [id.to_string(), "003000000000000AAA".to_owned()];
    let names = ["Title".to_owned()];
    let read = t
        .org
        .retrieve_many(&t.call, "Contact", &ids, &names)
        .unwrap();
    assert_eq!(read[0]["Title"], json!("New"));
    assert_eq!(read[1], Json::Null);
    let deleted = t.org.delete_many(&t.call, &ids, false).unwrap();
    assert!(deleted[0].errors.is_empty() && !deleted[1].errors.is_empty());
}

#[test]
fn the_log_tells_who_changed_what_with_which_client() {
    let t = org();
    let mut call = t.as_user("priya.shah@acme.example");
    call.client = Some("mirror".to_owned());
    let id = t.create("Contact", json!({"LastName": "Log", "Title": "Old"}));
    let seq = t.org.changes().last().unwrap().seq;
    t.org
        .update(
            &call,
            "Contact",
            &id.to_string(),
            &body(json!({"Title": "New", "LastName": "Log"})),
        )
        .unwrap();
    let change = &t.org.changes_after(seq)[0];
    assert_eq!(
        (change.user.as_str(), change.client.as_deref()),
        (call.user.to_string().as_str(), Some("mirror"))
    );
    assert_eq!(
        (change.object.as_str(), change.act, change.fields.len()),
        ("Contact", Act::Update, 1)
    );
    assert_eq!(
        (&change.fields[0].old, &change.fields[0].new),
        (&json!("Old"), &json!("New"))
    );
}
