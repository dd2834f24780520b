//! Rules and rights where records are converted, merged and brought back.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{
    ApiError, Call, DuplicateSetting, LeadConvert, MergeRequest, NewValidationRule, RecordId,
    Sharing,
};

use super::support::{TestOrg, body, org};

const PRIYA: &str = "priya.shah@acme.example";

fn convert(t: &TestOrg, call: &Call, lead: &RecordId) -> Result<(), Vec<ApiError>> {
    let asked = LeadConvert {
        lead_id: lead.to_string(),
        converted_status: t.org.converted_status().unwrap(),
        ..LeadConvert::default()
    };
    t.org.convert_lead(call, &asked).map(drop)
}

fn merge(t: &TestOrg, call: &Call, ids: &[RecordId], fields: Json) -> Result<(), Vec<ApiError>> {
    let request = MergeRequest {
        object: "Contact".to_owned(),
        master: ids[0].to_string(),
        fields: body(fields),
        losers: ids[1..].iter().map(RecordId::to_string).collect(),
    };
    t.org.merge(call, &request).map(drop)
}

fn lead(t: &TestOrg) -> RecordId {
    let fields = json!({"FirstName": "Lena", "LastName": "Ortiz", "Company": "Ortiz Pumps",
        "Email": "lena@ortiz.example"});
    t.create("Lead", fields)
}

#[test]
fn mistake_40_rules_of_the_contact_stop_a_conversion_and_nothing_is_left_of_it() {
    let t = org();
    let lead = lead(&t);
    let rule = NewValidationRule::new("Phone", "ISBLANK(MobilePhone)", "A mobile, please");
    t.org.add_validation_rule("Contact", &rule).unwrap();
    let before = t.org.changes().len();
    let errors = convert(&t, &t.call, &lead).unwrap_err();
    assert_eq!(
        (errors[0].code, errors[0].message.as_str()),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A mobile, please")
    );
    assert_eq!(t.org.changes().len(), before);
    assert_eq!(t.get("Lead", &lead)["IsConverted"], json!(false));
    t.org.clear_rules("Contact").unwrap();
    convert(&t, &t.call, &lead).unwrap();
}

#[test]
fn mistake_34_the_records_that_are_merged_are_no_duplicates_of_each_other() {
    let t = org();
    let twin = json!({"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@x.example"});
    let ids = [
        t.create("Contact", twin.clone()),
        t.create("Contact", twin.clone()),
    ];
    let third = t.create("Contact", twin);
    let rule = "Standard_Contact_Duplicate_Rule";
    t.org
        .set_duplicate_rule(rule, DuplicateSetting::blocking())
        .unwrap();
    let fields = json!({"Email": "ada@x.example"});
    let refused = merge(&t, &t.call, &ids, fields.clone()).unwrap_err();
    assert_eq!(refused[0].code, "DUPLICATES_DETECTED", "the third is one");
    assert!(t.get("Contact", &ids[1])["Id"].is_string(), "taken back");
    t.org
        .delete(&t.call, "Contact", &third.to_string())
        .unwrap();
    merge(&t, &t.call, &ids, fields).unwrap();
}

#[test]
fn converting_and_merging_take_the_rights_to_the_records() {
    let t = org();
    for object in ["Lead", "Contact"] {
        t.org.set_sharing(object, Sharing::Read).unwrap();
    }
    let priya = t.as_user(PRIYA);
    let lead = lead(&t);
    let mine = |call: &Call| {
        t.org
            .create(call, "Contact", &body(json!({"LastName": "M"})))
    };
    let (own, second) = (mine(&priya).unwrap(), mine(&priya).unwrap());
    let other = t.create("Contact", json!({"LastName": "O"}));
    assert_eq!(
        convert(&t, &priya, &lead).unwrap_err()[0].code,
        "INSUFFICIENT_ACCESS_OR_READONLY"
    );
    for ids in [[own, other], [other, own]] {
        let errors = merge(&t, &priya, &ids, json!({})).unwrap_err();
        assert_eq!(errors[0].code, "INSUFFICIENT_ACCESS_OR_READONLY");
    }
    merge(&t, &priya, &[own, second], json!({})).unwrap();
    let gone = [other.to_string()];
    t.org.delete_many(&t.call, &gone, true).unwrap();
    let refused = t.org.undelete(&priya, &gone).unwrap();
    assert_eq!(refused[0].errors[0].code, "INSUFFICIENT_ACCESS_OR_READONLY");
    assert!(t.org.undelete(&t.call, &gone).unwrap()[0].errors.is_empty());
}

#[test]
fn converting_takes_a_permission_of_its_own() {
    let t = org();
    let lead = lead(&t);
    let profile = t.org.users()[0].profile.clone();
    let set = |granted| {
        let set = t
            .org
            .set_system_permission(&profile, "ConvertLeads", granted);
        set.unwrap();
    };
    set(false);
    assert!(convert(&t, &t.call, &lead).is_err());
    set(true);
    convert(&t, &t.call, &lead).unwrap();
}

#[test]
fn mistake_40_describe_says_that_queues_own_leads_and_not_contacts() {
    let t = org();
    for (object, expected) in [
        ("Lead", json!(["Group", "User"])),
        ("Contact", json!(["User"])),
    ] {
        let describe = t.org.describe(&t.call, object).unwrap();
        let fields = describe["fields"].as_array().unwrap();
        let owner = fields.iter().find(|f| f["name"] == "OwnerId").unwrap();
        assert_eq!(owner["referenceTo"], expected, "{object}");
    }
}
