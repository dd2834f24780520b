//! What the running user may see and do, and how programs ask about it.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{Call, FieldAccess, ObjectAccess, RecordAccess, RecordId, Sharing};

use super::support::{TestOrg, body, org, org_with};

const PRIYA: &str = "priya.shah@acme.example";
const MARC: &str = "marc.dubois@acme.example";

/// A user whose profile gives nothing but the API.
fn bare_user(t: &TestOrg) -> Call {
    let profile = t.id_of("SELECT Id FROM Profile WHERE Name LIKE 'Minimum Access%'");
    let id = t.create(
        "User",
        json!({
            "LastName": "Robot", "Username": "robot@acme.example", "Email": "robot@acme.example",
            "Alias": "robot", "ProfileId": profile.to_string(), "TimeZoneSidKey": "GMT",
            "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
        }),
    );
    Call::of(id)
}

fn rows(t: &TestOrg, call: &Call, soql: &str) -> Vec<Json> {
    let answer = t.org.query(call, soql, false);
    let answer = answer.unwrap_or_else(|e| panic!("{soql}: {e}"));
    t.org.rows(call, &answer, 0..answer.len())
}

fn field_names(t: &TestOrg, call: &Call, object: &str) -> Vec<String> {
    let described = t.org.describe(call, object).unwrap();
    let fields = described["fields"].as_array().unwrap().iter();
    fields
        .map(|f| f["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn mistake_18_rights_are_the_union_of_profile_and_permission_sets() {
    let t = org();
    let robot = bare_user(&t);
    assert_eq!(
        t.org.describe(&robot, "Contact").unwrap_err().code,
        "NOT_FOUND"
    );
    t.org.create_permission_set("Texting", "Texting").unwrap();
    t.org
        .set_object_access("Texting", "Contact", ObjectAccess::READ)
        .unwrap();
    t.org
        .set_field_access("Texting", "Contact", "MobilePhone", FieldAccess::ReadOnly)
        .unwrap();
    assert_eq!(
        t.org.describe(&robot, "Contact").unwrap_err().code,
        "NOT_FOUND",
        "a set that nobody was given changes nothing"
    );
    t.org.assign_permission_set("Texting", &robot.user).unwrap();
    let names = field_names(&t, &robot, "Contact");
    for (field, there) in [
        ("Id", true),
        ("LastName", true),
        ("MobilePhone", true),
        ("HomePhone", false),
        ("HasOptedOutOfEmail", false),
    ] {
        assert_eq!(names.iter().any(|n| n == field), there, "{field}");
    }
    let described = t.org.describe(&robot, "Contact").unwrap();
    assert_eq!(described["createable"], json!(false));
    t.org
        .unassign_permission_set("Texting", &robot.user)
        .unwrap();
    assert!(t.org.describe(&robot, "Contact").is_err());
}

#[test]
fn a_permission_set_adds_fields_and_never_takes_any() {
    let t = org();
    let priya = t.as_user(PRIYA);
    let before = field_names(&t, &priya, "Contact");
    t.org.create_permission_set("Consent", "Consent").unwrap();
    t.org
        .set_field_access(
            "Consent",
            "Contact",
            "HasOptedOutOfEmail",
            FieldAccess::Full,
        )
        .unwrap();
    t.org.assign_permission_set("Consent", &priya.user).unwrap();
    let mut after = field_names(&t, &priya, "Contact");
    after.retain(|name| !before.contains(name));
    assert_eq!(after, ["HasOptedOutOfEmail"]);
}

#[test]
fn the_semi_join_over_assignments_tells_object_and_field_rights() {
    let t = org();
    let priya = t.as_user(PRIYA);
    let user = priya.user;
    t.org.create_permission_set("Consent", "Consent").unwrap();
    t.org
        .set_field_access("Consent", "Lead", "DoNotCall", FieldAccess::ReadOnly)
        .unwrap();
    t.org.assign_permission_set("Consent", &user).unwrap();
    let mine = format!(
        "ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}')"
    );
    let soql = format!(
        "SELECT SobjectType, PermissionsRead, PermissionsViewAllRecords FROM ObjectPermissions \
         WHERE {mine} AND SobjectType IN ('Contact', 'Lead') ORDER BY SobjectType"
    );
    let objects = rows(&t, &priya, &soql);
    assert_eq!(objects.len(), 2, "{objects:?}");
    assert_eq!(objects[0]["SobjectType"], json!("Contact"));
    assert_eq!(objects[0]["PermissionsRead"], json!(true));
    assert_eq!(objects[0]["PermissionsViewAllRecords"], json!(false));
    let soql = format!(
        "SELECT Field, PermissionsEdit, Parent.Name FROM FieldPermissions \
         WHERE {mine} AND Field IN ('Lead.DoNotCall', 'Lead.Rating') ORDER BY Field"
    );
    let fields = rows(&t, &priya, &soql);
    let told: Vec<_> = fields
        .iter()
        .map(|f| (f["Field"].clone(), f["PermissionsEdit"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("Lead.DoNotCall"), json!(false)),
            (json!("Lead.Rating"), json!(true))
        ]
    );
    assert_eq!(fields[0]["Parent"]["Name"], json!("Consent"));
}

#[test]
fn profiles_are_permission_sets_too_and_carry_the_system_permissions() {
    let t = org();
    let soql = "SELECT Profile.Name, PermissionsApiEnabled, PermissionsModifyAllData \
                FROM PermissionSet WHERE IsOwnedByProfile = true ORDER BY Profile.Name";
    let sets = t.rows(soql);
    assert_eq!(sets.len(), 5);
    assert_eq!(sets[4]["Profile"]["Name"], json!("System Administrator"));
    assert_eq!(sets[4]["PermissionsModifyAllData"], json!(true));
    assert_eq!(sets[1]["PermissionsModifyAllData"], json!(false));
    assert!(
        sets.iter()
            .all(|s| s["PermissionsApiEnabled"] == json!(true))
    );
}

#[test]
fn system_permissions_come_from_the_profile_or_a_set() {
    let t = org();
    let priya = t.as_user(PRIYA).user;
    assert!(t.org.has_permission(&priya, "ApiEnabled"));
    assert!(!t.org.has_permission(&priya, "BulkApiHardDelete"));
    t.org.create_permission_set("Hard", "Hard").unwrap();
    t.org
        .set_system_permission("Hard", "BulkApiHardDelete", true)
        .unwrap();
    t.org.assign_permission_set("Hard", &priya).unwrap();
    assert!(t.org.has_permission(&priya, "BulkApiHardDelete"));
    t.org
        .set_system_permission("Standard User", "ApiEnabled", false)
        .unwrap();
    assert!(!t.org.has_permission(&priya, "ApiEnabled"));
    assert!(t.org.set_system_permission("Hard", "Fly", true).is_err());
}

#[test]
fn a_new_user_and_one_with_another_profile_have_the_set_of_their_profile() {
    let t = org();
    let robot = bare_user(&t).user;
    let soql = format!(
        "SELECT PermissionSet.Profile.Name FROM PermissionSetAssignment WHERE AssigneeId = '{robot}'"
    );
    let name = |t: &TestOrg| t.column(&soql, "PermissionSet.Profile.Name");
    assert_eq!(name(&t), [json!("Minimum Access - API Only Integrations")]);
    let standard = t.id_of("SELECT Id FROM Profile WHERE Name = 'Standard User'");
    t.update("User", &robot, json!({"ProfileId": standard.to_string()}))
        .unwrap();
    assert_eq!(name(&t), [json!("Standard User")]);
}

#[test]
fn rights_are_given_by_plain_records_as_well() {
    let t = org();
    let robot = bare_user(&t);
    let set = t.create("PermissionSet", json!({"Name": "Deals", "Label": "Deals"}));
    let assignment =
        json!({"PermissionSetId": set.to_string(), "AssigneeId": robot.user.to_string()});
    t.create("PermissionSetAssignment", assignment.clone());
    let twice = t.refused("PermissionSetAssignment", assignment);
    assert_eq!(twice.code, "DUPLICATE_VALUE");
    let right = |sobject: &str| json!({"ParentId": set.to_string(), "SobjectType": sobject, "PermissionsRead": true});
    let id = t.create("ObjectPermissions", right("Opportunity"));
    let soql = format!("SELECT Id FROM ObjectPermissions WHERE ParentId = '{set}'");
    assert_eq!(t.column(&soql, "Id"), [json!(id.to_string())]);
    t.create(
        "FieldPermissions",
        json!({"ParentId": set.to_string(), "SobjectType": "Opportunity",
               "Field": "Opportunity.NextStep", "PermissionsRead": true}),
    );
    let found = rows(&t, &robot, "SELECT NextStep FROM Opportunity LIMIT 1");
    assert_eq!(found.len(), 1);
    let hidden = t.org.query(&robot, "SELECT Amount FROM Opportunity", false);
    assert!(hidden.is_err());
    let by_other = t
        .org
        .create(&t.as_user(PRIYA), "ObjectPermissions", &body(right("Lead")));
    assert_eq!(
        by_other.unwrap_err()[0].code,
        "INSUFFICIENT_ACCESS_OR_READONLY"
    );
}

#[test]
fn campaigns_need_a_marketing_user() {
    let t = org();
    let priya = t.as_user(PRIYA);
    let campaign = body(json!({"Name": "Autumn"}));
    let refused = t.org.create(&priya, "Campaign", &campaign).unwrap_err();
    assert_eq!(refused[0].code, "INSUFFICIENT_ACCESS_OR_READONLY");
    let described = t.org.describe(&priya, "Campaign").unwrap();
    assert_eq!(described["createable"], json!(false));
    t.update(
        "User",
        &priya.user,
        json!({"UserPermissionsMarketingUser": true}),
    )
    .unwrap();
    t.org.create(&priya, "Campaign", &campaign).unwrap();
}

#[test]
fn entity_and_field_definitions_show_what_the_user_may_know_of() {
    let t = org();
    let robot = bare_user(&t);
    let soql = "SELECT QualifiedApiName, KeyPrefix, IsQueryable, PluralLabel FROM EntityDefinition \
                WHERE QualifiedApiName IN ('Contact', 'Lead', 'User') ORDER BY QualifiedApiName";
    let names = |rows: &[Json]| -> Vec<Json> {
        rows.iter().map(|r| r["QualifiedApiName"].clone()).collect()
    };
    let all = t.rows(soql);
    assert_eq!(names(&all), ["Contact", "Lead", "User"].map(|n| json!(n)));
    assert_eq!(all[0]["KeyPrefix"], json!("003"));
    assert_eq!(all[0]["PluralLabel"], json!("Contacts"));
    assert_eq!(names(&rows(&t, &robot, soql)), [json!("User")]);
    let soql = "SELECT QualifiedApiName, DataType FROM FieldDefinition \
                WHERE EntityDefinition.QualifiedApiName = 'Contact'";
    let by_id = soql.replace("EntityDefinition.QualifiedApiName", "EntityDefinitionId");
    assert_eq!(t.rows(&by_id).len(), t.rows(soql).len());
    let priya = rows(&t, &t.as_user(PRIYA), soql);
    let admin = t.rows(soql);
    assert_eq!(admin.len() - priya.len(), 3, "the opt-out fields");
    assert!(rows(&t, &robot, soql).is_empty());
    let refused = t.query_error("SELECT QualifiedApiName FROM FieldDefinition");
    assert_eq!(refused.code, "MALFORMED_QUERY");
}

fn contact_of(t: &TestOrg, username: &str) -> RecordId {
    let owner = t.as_user(username);
    let fields = body(json!({"LastName": "Sato"}));
    t.org.create(&owner, "Contact", &fields).unwrap()
}

#[test]
fn private_records_are_seen_by_owners_those_they_are_shared_with_and_administrators() {
    let t = org();
    t.org.set_sharing("Contact", Sharing::Private).unwrap();
    let (priya, marc) = (t.as_user(PRIYA), t.as_user(MARC));
    let contact = contact_of(&t, PRIYA);
    let soql = "SELECT count() FROM Contact WHERE LastName = 'Sato'";
    let count = |call: &Call| t.org.query(call, soql, false).unwrap().total_size();
    assert_eq!((count(&priya), count(&marc), count(&t.call)), (1, 0, 1));
    let id = contact.to_string();
    let seen = t.org.get(&marc, "Contact", &id, None);
    assert_eq!(seen.unwrap_err().code, "NOT_FOUND");
    let change = body(json!({"Title": "CFO"}));
    let code = |outcome: Result<(), Vec<tieline_simulator::org::ApiError>>| match outcome {
        Ok(()) => "done",
        Err(errors) => errors[0].code,
    };
    let hidden = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY";
    assert_eq!(code(t.org.update(&marc, "Contact", &id, &change)), hidden);
    let task = body(json!({"WhoId": id, "Subject": "Call"}));
    assert_eq!(
        t.org.create(&marc, "Task", &task).unwrap_err()[0].code,
        hidden
    );
    t.org.share(&contact, &marc.user, RecordAccess::Read);
    assert_eq!(count(&marc), 1);
    let closed = "INSUFFICIENT_ACCESS_OR_READONLY";
    assert_eq!(code(t.org.update(&marc, "Contact", &id, &change)), closed);
    t.org.share(&contact, &marc.user, RecordAccess::Edit);
    assert_eq!(code(t.org.update(&marc, "Contact", &id, &change)), "done");
    assert_eq!(code(t.org.delete(&marc, "Contact", &id)), closed);
    assert_eq!(code(t.org.delete(&priya, "Contact", &id)), "done");
}

#[test]
fn contacts_controlled_by_their_account_are_seen_with_it() {
    let t = org();
    t.org.set_sharing("Account", Sharing::Private).unwrap();
    t.org
        .set_sharing("Contact", Sharing::ControlledByParent)
        .unwrap();
    let marc = t.as_user(MARC);
    let count = |soql: &str| t.org.query(&marc, soql, false).unwrap().total_size();
    assert_eq!(count("SELECT count() FROM Contact"), 0);
    let account = t.id_of("SELECT Id FROM Account WHERE Name = 'Edge Communications'");
    t.org.share(&account, &marc.user, RecordAccess::Read);
    let under = count(&format!(
        "SELECT count() FROM Contact WHERE AccountId = '{account}'"
    ));
    assert!(under > 0);
    assert_eq!(count("SELECT count() FROM Contact"), under);
}

#[test]
fn user_record_access_answers_for_named_records_only() {
    let t = org();
    t.org.set_sharing("Contact", Sharing::Private).unwrap();
    let (own, other) = (contact_of(&t, MARC), contact_of(&t, PRIYA));
    let user = t.as_user(MARC).user;
    let soql = format!(
        "SELECT RecordId, HasReadAccess, HasEditAccess, HasDeleteAccess, MaxAccessLevel \
         FROM UserRecordAccess WHERE UserId = '{user}' AND RecordId IN ('{own}', '{other}')"
    );
    let told = t.rows(&soql);
    let of = |id: &RecordId| {
        let id = json!(id.to_string());
        told.iter().find(|r| r["RecordId"] == id).unwrap().clone()
    };
    assert_eq!(of(&own)["MaxAccessLevel"], json!("All"));
    assert_eq!(of(&own)["HasDeleteAccess"], json!(true));
    assert_eq!(of(&other)["MaxAccessLevel"], json!("None"));
    assert_eq!(of(&other)["HasReadAccess"], json!(false));
    for refused in [
        "SELECT RecordId FROM UserRecordAccess".to_owned(),
        format!("SELECT RecordId FROM UserRecordAccess WHERE UserId = '{user}'"),
    ] {
        assert_eq!(t.query_error(&refused).code, "MALFORMED_QUERY");
    }
}

#[test]
fn a_right_given_in_a_request_that_failed_is_not_given() {
    let t = org();
    let robot = bare_user(&t);
    let set = t.create("PermissionSet", json!({"Name": "Deals", "Label": "Deals"}));
    t.org.assign_permission_set("Deals", &robot.user).unwrap();
    let right = json!({
        "attributes": {"type": "ObjectPermissions"}, "ParentId": set.to_string(),
        "SobjectType": "Opportunity", "PermissionsRead": true,
    });
    let wrong = json!({"attributes": {"type": "Contact"}});
    let query = || t.org.query(&robot, "SELECT Id FROM Opportunity", false);
    t.org
        .create_many(&t.call, &[right.clone(), wrong], true)
        .unwrap();
    assert!(query().is_err());
    t.org.create_many(&t.call, &[right], true).unwrap();
    assert!(query().is_ok());
}

#[test]
fn a_converted_lead_is_changed_only_with_the_permission() {
    let t = org_with(11, 50, 300);
    let lead = t.id_of("SELECT Id FROM Lead WHERE IsConverted = true LIMIT 1");
    let change = json!({"Title": "CFO"});
    let refused = t.update("Lead", &lead, change.clone()).unwrap_err();
    assert_eq!(refused[0].code, "CANNOT_UPDATE_CONVERTED_LEAD");
    t.org
        .set_system_permission("System Administrator", "AllowViewEditConvertedLeads", true)
        .unwrap();
    t.update("Lead", &lead, change).unwrap();
}
