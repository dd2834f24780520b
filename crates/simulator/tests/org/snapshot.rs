//! An org that is put back is what it was, whatever was set up or thrown away since.

use serde_json::json;
use tieline_simulator::org::{DuplicateSetting, NewValidationRule, ObjectAccess};

use super::support::{body, org};

#[test]
fn bin_rules_and_permission_sets_come_back_with_a_snapshot() {
    let t = org();
    let gone = t.create("Contact", json!({"LastName": "Gone"}));
    t.org.delete(&t.call, "Contact", &gone.to_string()).unwrap();
    let rule = NewValidationRule::new("No_X", "LastName = 'X'", "No X here");
    t.org.add_validation_rule("Contact", &rule).unwrap();
    t.org.create_permission_set("Texting", "Texting").unwrap();
    let user = t.org.users()[2].id;
    t.org.assign_permission_set("Texting", &user).unwrap();
    let kept = t.org.snapshot();
    let bin = t.org.recycle_bin(&t.call);
    let log = t.org.changes().len();

    t.org
        .empty_recycle_bin(&t.call, &[gone.to_string()])
        .unwrap();
    t.org.clear_rules("Contact").unwrap();
    let blocking = DuplicateSetting::blocking();
    t.org
        .set_duplicate_rule("Standard_Contact_Duplicate_Rule", blocking)
        .unwrap();
    t.org.unassign_permission_set("Texting", &user).unwrap();
    t.org
        .set_object_access("System Administrator", "Lead", ObjectAccess::NONE)
        .unwrap();
    let after = t.create("Contact", json!({"LastName": "X"}));

    t.org.restore(&kept);
    assert_eq!(t.org.recycle_bin(&t.call), bin);
    assert_eq!(t.org.changes().len(), log);
    assert!(t.org.describe(&t.call, "Lead").is_ok());
    let assigned = "SELECT count() FROM PermissionSetAssignment \
                    WHERE PermissionSet.Name = 'Texting'";
    assert_eq!(t.count(assigned), 1);
    assert_eq!(
        t.refused("Contact", json!({"LastName": "X"})).message,
        "No X here"
    );
    let twin = body(json!({"LastName": "Twin", "FirstName": "A", "Email": "a@x.example"}));
    let first = t.org.create(&t.call, "Contact", &twin).unwrap();
    assert_eq!(first, after, "ids are given out again");
    t.org
        .create(&t.call, "Contact", &twin)
        .expect("the duplicate rule is off again");
    let back = t.org.undelete(&t.call, &[gone.to_string()]).unwrap();
    assert!(back[0].errors.is_empty(), "{back:?}");
}
