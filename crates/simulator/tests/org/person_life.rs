//! Persons as accounts through deletion, merge and conversion: their two records stay together.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{LeadConvert, LeadConvertResult, MergeRequest, MergeResult, RecordId};

use super::support::{TestOrg, body, org};

type Errors = Vec<tieline_simulator::org::ApiError>;

fn persons() -> TestOrg {
    let t = org();
    t.org.enable_person_accounts();
    t
}

fn person(t: &TestOrg, last: &str, more: Json) -> (RecordId, RecordId) {
    let mut fields = body(json!({"LastName": last}));
    fields.extend(body(more));
    let account = t.create("Account", Json::Object(fields));
    let contact = t.get("Account", &account)["PersonContactId"].clone();
    (account, RecordId::parse(contact.as_str().unwrap()).unwrap())
}

fn merge(
    t: &TestOrg,
    object: &str,
    ids: [&RecordId; 2],
    fields: Json,
) -> Result<MergeResult, Errors> {
    let request = MergeRequest {
        object: object.to_owned(),
        master: ids[0].to_string(),
        fields: body(fields),
        losers: vec![ids[1].to_string()],
    };
    t.org.merge(&t.call, &request)
}

fn is_there(t: &TestOrg, object: &str, id: &RecordId) -> bool {
    t.org.get(&t.call, object, &id.to_string(), None).is_ok()
}

#[test]
fn a_person_goes_and_comes_back_with_the_contact() {
    let t = persons();
    let (account, contact) = person(&t, "Lovelace", json!({"PersonEmail": "ada@x.example"}));
    let id = account.to_string();
    t.org.delete(&t.call, "Account", &id).unwrap();
    assert!(!is_there(&t, "Account", &account) && !is_there(&t, "Contact", &contact));
    let alone = t.org.undelete(&t.call, &[contact.to_string()]).unwrap();
    assert_eq!(alone[0].errors[0].code, "UNDELETE_FAILED");
    let back = t.org.undelete(&t.call, std::slice::from_ref(&id)).unwrap();
    assert!(back[0].errors.is_empty(), "{back:?}");
    assert_eq!(t.get("Contact", &contact)["AccountId"], json!(id));
    t.update("Contact", &contact, json!({"Title": "Countess"}))
        .unwrap();
    assert_eq!(t.get("Account", &account)["PersonTitle"], json!("Countess"));
    t.org.delete(&t.call, "Account", &id).unwrap();
    t.org.empty_recycle_bin(&t.call, &[id]).unwrap();
    let left = t.rows_of(
        &format!("SELECT Id FROM Contact WHERE Id = '{contact}'"),
        true,
    );
    assert!(left.is_empty(), "the contact is purged with the account");
}

#[test]
fn mistake_23_merged_persons_have_merged_contacts() {
    let t = persons();
    let (winner, kept) = person(&t, "Lovelace", json!({}));
    let (loser, lost) = person(&t, "Lovelace", json!({"PersonMobilePhone": "1"}));
    let task = t.create(
        "Task",
        json!({"Subject": "Call", "WhoId": lost.to_string()}),
    );
    let fields = json!({"PersonMobilePhone": "1", "FirstName": "Ada"});
    let merged = merge(&t, "Account", [&winner, &loser], fields).unwrap();
    assert_eq!((merged.id, merged.merged), (winner, vec![loser]));
    let soql = format!("SELECT Id, MasterRecordId FROM Contact WHERE Id = '{lost}'");
    let row = &t.rows_of(&soql, true)[0];
    assert_eq!(row["MasterRecordId"], json!(kept.to_string()));
    assert_eq!(t.get("Task", &task)["WhoId"], json!(kept.to_string()));
    let contact = t.get("Contact", &kept);
    assert_eq!(
        (&contact["Name"], &contact["MobilePhone"]),
        (&json!("Ada Lovelace"), &json!("1")),
        "the winner's contact follows"
    );
    let count = format!("SELECT count() FROM Contact WHERE AccountId = '{winner}'");
    assert_eq!(t.count(&count), 1);
    let back = t.org.undelete(&t.call, &[loser.to_string()]).unwrap();
    assert!(back[0].errors.is_empty(), "{back:?}");
    let contact = t.get("Contact", &lost);
    assert_eq!(
        (&contact["AccountId"], &contact["MasterRecordId"]),
        (&json!(loser.to_string()), &Json::Null)
    );
}

#[test]
fn persons_merge_with_persons_only_and_by_their_accounts() {
    let t = persons();
    let (a, of_a) = person(&t, "A", json!({}));
    let (_, of_b) = person(&t, "B", json!({}));
    let firm = t.create("Account", json!({"Name": "Firm"}));
    for (object, ids) in [
        ("Account", [&a, &firm]),
        ("Account", [&firm, &a]),
        ("Contact", [&of_a, &of_b]),
    ] {
        assert!(merge(&t, object, ids, json!({})).is_err(), "{object}");
    }
    assert!(is_there(&t, "Account", &firm) && is_there(&t, "Contact", &of_b));
}

#[test]
fn mistake_24_a_lead_becomes_the_person_that_was_there() {
    let t = persons();
    let (account, contact) = person(&t, "Ortiz", json!({}));
    let lead = t.create(
        "Lead",
        json!({"LastName": "Ortiz", "Company": "Self", "MobilePhone": "+1 212 555 0101"}),
    );
    let asked = LeadConvert {
        lead_id: lead.to_string(),
        account_id: Some(account.to_string()),
        converted_status: t.org.converted_status().unwrap(),
        do_not_create_opportunity: true,
        ..LeadConvert::default()
    };
    let LeadConvertResult { contact_id, .. } = t.org.convert_lead(&t.call, &asked).unwrap();
    assert_eq!(contact_id, Some(contact));
    let mobile = json!("+1 212 555 0101");
    assert_eq!(t.get("Contact", &contact)["MobilePhone"], mobile);
    assert_eq!(t.get("Account", &account)["PersonMobilePhone"], mobile);
}
