//! What becomes of records: converted, merged, deleted, brought back, thrown away, handed over.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{
    Act, Cause, LeadConvert, MergeRequest, RecordId, RecordedChange, SaveResult,
};

use super::support::{NOON_MS, TestOrg, body, org};

const DAY_MS: i64 = 86_400_000;
const CONVERTED: &str = "Closed - Converted";

fn lead(t: &TestOrg, more: Json) -> RecordId {
    let mut fields = json!({"FirstName": "Lena", "LastName": "Ortiz", "Company": "Ortiz Pumps",
        "Phone": "+1 212 555 0100", "MobilePhone": "+1 212 555 0101", "Email": "lena@ortiz.example",
        "City": "Leeds", "Industry": "Machinery", "LeadSource": "Web"});
    let all = fields.as_object_mut().unwrap();
    all.extend(body(more));
    t.create("Lead", fields)
}

fn to(lead: &RecordId) -> LeadConvert {
    LeadConvert {
        lead_id: lead.to_string(),
        converted_status: CONVERTED.to_owned(),
        ..LeadConvert::default()
    }
}

fn code(results: &[SaveResult]) -> &str {
    results[0].errors.first().map_or("fine", |error| error.code)
}

fn since(t: &TestOrg, seq: usize) -> Vec<RecordedChange> {
    t.org.changes_after(seq as u64)
}

fn member(t: &TestOrg, fields: Json) -> RecordId {
    t.create("CampaignMember", fields)
}

#[test]
fn mistake_24_a_converted_lead_stays_and_points_at_what_became_of_it() {
    let t = org();
    let lead = lead(&t, json!({}));
    let before = t.org.changes().len();
    let made = t.org.convert_lead(&t.call, &to(&lead)).unwrap();
    let row = t.get("Lead", &lead);
    assert_eq!(row["IsConverted"], json!(true));
    assert_eq!(row["Status"], json!(CONVERTED));
    assert_eq!(row["ConvertedDate"], json!("2026-11-24"), "a date, no time");
    assert_eq!(row["IsDeleted"], json!(false));
    let ids = [made.account_id, made.contact_id, made.opportunity_id].map(Option::unwrap);
    let names = ["Account", "Contact", "Opportunity"];
    for (object, id) in names.iter().zip(ids) {
        assert_eq!(row[format!("Converted{object}Id")], json!(id.to_string()));
    }
    let contact = t.get("Contact", &ids[1]);
    for (field, value) in [
        ("AccountId", json!(ids[0].to_string())),
        ("LastName", json!("Ortiz")),
        ("MobilePhone", json!("+1 212 555 0101")),
        ("MailingCity", json!("Leeds")),
    ] {
        assert_eq!(contact[field], value, "{field}");
    }
    let account = t.get("Account", &ids[0]);
    assert_eq!(account["Name"], json!("Ortiz Pumps"));
    assert_eq!(account["Industry"], json!("Machinery"));
    let deal = t.get("Opportunity", &ids[2]);
    assert_eq!(deal["Name"], json!("Ortiz Pumps"));
    assert_eq!(deal["CloseDate"], json!("2026-12-31"));

    let log = since(&t, before);
    let acts: Vec<(&str, Act)> = log.iter().map(|c| (c.object.as_str(), c.act)).collect();
    assert_eq!(
        acts,
        [
            ("Account", Act::Create),
            ("Contact", Act::Create),
            ("Opportunity", Act::Create),
            ("Lead", Act::Update)
        ]
    );
    assert!(log.iter().all(|c| c.transaction == log[0].transaction));
    assert_eq!(log[3].cause, Some(Cause::Converted));
}

#[test]
fn mistake_24_activities_and_memberships_go_along_and_the_lead_is_closed() {
    let t = org();
    let lead = lead(&t, json!({}));
    let campaign = t.create("Campaign", json!({"Name": "Fair"}));
    let member = member(
        &t,
        json!({"CampaignId": campaign.to_string(), "LeadId": lead.to_string()}),
    );
    let task = |status: &str| {
        let fields = json!({"Subject": "Call", "Status": status, "WhoId": lead.to_string()});
        t.create("Task", fields)
    };
    let (open, done) = (task("Not Started"), task("Completed"));
    t.clock.set(NOON_MS + 60_000);
    let modified = t.get("Task", &open)["LastModifiedDate"].clone();
    let made = t.org.convert_lead(&t.call, &to(&lead)).unwrap();
    let contact = json!(made.contact_id.unwrap().to_string());
    let moved = t.get("Task", &open);
    assert_eq!(moved["WhoId"], contact);
    assert_eq!(
        moved["WhatId"],
        json!(made.opportunity_id.unwrap().to_string())
    );
    assert_eq!(moved["LastModifiedDate"], modified, "the org's own change");
    assert_ne!(moved["SystemModstamp"], modified);
    assert_eq!(t.get("Task", &done)["WhoId"], json!(lead.to_string()));
    let member = t.get("CampaignMember", &member);
    assert_eq!(member["ContactId"], contact);
    assert_eq!(member["LeadId"], json!(lead.to_string()));
    let totals = t.get("Campaign", &campaign);
    assert_eq!(totals["NumberOfConvertedLeads"], json!(1));

    let refused = t.update("Lead", &lead, json!({"Title": "x"})).unwrap_err();
    assert_eq!(refused[0].code, "CANNOT_UPDATE_CONVERTED_LEAD");
    let permission = "AllowViewEditConvertedLeads";
    t.org
        .set_system_permission("System Administrator", permission, true)
        .unwrap();
    t.update("Lead", &lead, json!({"Title": "x"})).unwrap();
}

#[test]
fn converting_into_what_is_there_fills_only_what_is_empty() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Here first", "Phone": "1"}));
    let contact = t.create(
        "Contact",
        json!({"LastName": "Old", "AccountId": account.to_string(), "LeadSource": "Other"}),
    );
    let lead = lead(&t, json!({}));
    let asked = LeadConvert {
        account_id: Some(account.to_string()),
        contact_id: Some(contact.to_string()),
        do_not_create_opportunity: true,
        ..to(&lead)
    };
    let made = t.org.convert_lead(&t.call, &asked).unwrap();
    assert_eq!(
        (made.account_id, made.opportunity_id),
        (Some(account), None)
    );
    let row = t.get("Account", &account);
    assert_eq!(
        (&row["Name"], &row["Phone"]),
        (&json!("Here first"), &json!("1"))
    );
    assert_eq!(row["Industry"], json!("Machinery"));
    let row = t.get("Contact", &contact);
    assert_eq!(
        (&row["LastName"], &row["LeadSource"]),
        (&json!("Old"), &json!("Other"))
    );
    assert_eq!(row["Email"], json!("lena@ortiz.example"));
}

#[test]
fn a_lead_that_cannot_be_converted_fails_alone() {
    let t = org();
    let (good, bad, again) = (
        lead(&t, json!({})),
        lead(&t, json!({})),
        lead(&t, json!({})),
    );
    t.org.convert_lead(&t.call, &to(&again)).unwrap();
    let helen = t.org.user_by_username("helen.carter@acme.example").unwrap();
    let stranger = t.create("Contact", json!({"LastName": "Nobody's"}));
    let queue = t.id_of("SELECT Id FROM Group WHERE Type = 'Queue'");
    let queued = lead(&t, json!({"OwnerId": queue.to_string()}));
    let cases = [
        (to(&good), "fine"),
        (
            LeadConvert {
                converted_status: "Working - Contacted".into(),
                ..to(&bad)
            },
            "INVALID_STATUS",
        ),
        (
            LeadConvert {
                owner_id: Some(helen.id.to_string()),
                ..to(&bad)
            },
            "INACTIVE_OWNER_OR_USER",
        ),
        (
            LeadConvert {
                contact_id: Some(stranger.to_string()),
                ..to(&bad)
            },
            "INVALID_CROSS_REFERENCE_KEY",
        ),
        (
            LeadConvert {
                account_id: Some("nonsense".into()),
                ..to(&bad)
            },
            "MALFORMED_ID",
        ),
        (to(&again), "CANNOT_UPDATE_CONVERTED_LEAD"),
        (to(&queued), "UNKNOWN_EXCEPTION"),
    ];
    let asked: Vec<LeadConvert> = cases.iter().map(|(asked, _)| asked.clone()).collect();
    let accounts = t.count("SELECT count() FROM Account");
    let results = t.org.convert_leads(&t.call, &asked).unwrap();
    for ((_, expected), result) in cases.iter().zip(&results) {
        let code = result.errors.first().map_or("fine", |error| error.code);
        assert_eq!(code, *expected);
    }
    assert_eq!(t.count("SELECT count() FROM Account"), accounts + 1);
    let reader = t.as_user("robin.reader@acme.example");
    let refused = t.org.convert_lead(&reader, &to(&bad)).unwrap_err();
    assert_eq!(refused[0].code, "INSUFFICIENT_ACCESS_OR_READONLY");
    let many = vec![to(&bad); 101];
    assert!(t.org.convert_leads(&t.call, &many).is_err());
}

#[test]
fn mistake_23_a_merge_keeps_the_children_and_says_who_won() {
    let t = org();
    let (master, loser) = (
        t.create("Contact", json!({"LastName": "Winner"})),
        t.create("Contact", json!({"LastName": "Loser", "Title": "CTO"})),
    );
    let task = t.create(
        "Task",
        json!({"Subject": "Call", "WhoId": loser.to_string()}),
    );
    let (both, one) = (
        t.create("Campaign", json!({"Name": "Both"})),
        t.create("Campaign", json!({"Name": "One"})),
    );
    let of = |campaign: &RecordId, contact: &RecordId| {
        member(
            &t,
            json!({"CampaignId": campaign.to_string(), "ContactId": contact.to_string()}),
        )
    };
    of(&both, &master);
    let (twice, once) = (of(&both, &loser), of(&one, &loser));
    t.clock.set(NOON_MS + 60_000);
    let modified = t.get("Task", &task)["LastModifiedDate"].clone();
    let before = t.org.changes().len();
    let request = MergeRequest {
        object: "Contact".into(),
        master: master.to_string(),
        fields: body(json!({"Title": "CTO"})),
        losers: vec![loser.to_string()],
    };
    let merged = t.org.merge(&t.call, &request).unwrap();
    assert_eq!(
        (merged.id, merged.merged.as_slice()),
        (master, [loser].as_slice())
    );
    assert_eq!(
        merged.updated_related.len(),
        2,
        "the task and one membership"
    );

    let gone = t
        .org
        .get(&t.call, "Contact", &loser.to_string(), None)
        .unwrap_err();
    assert_eq!((gone.status, gone.code), (404, "ENTITY_IS_DELETED"));
    let soql = format!("SELECT IsDeleted, MasterRecordId FROM Contact WHERE Id = '{loser}'");
    assert!(t.rows(&soql).is_empty());
    assert_eq!(
        t.rows_of(&soql, true)[0]["MasterRecordId"],
        json!(master.to_string())
    );
    let moved = t.get("Task", &task);
    assert_eq!(moved["WhoId"], json!(master.to_string()));
    assert_eq!(moved["LastModifiedDate"], modified);
    assert_ne!(moved["SystemModstamp"], modified);
    assert_eq!(
        t.get("CampaignMember", &once)["ContactId"],
        json!(master.to_string())
    );
    let second = t
        .org
        .get(&t.call, "CampaignMember", &twice.to_string(), None);
    assert_eq!(second.unwrap_err().code, "ENTITY_IS_DELETED");
    assert_eq!(t.get("Contact", &master)["Title"], json!("CTO"));

    let log = since(&t, before);
    let own: Vec<(&str, Act)> = log
        .iter()
        .filter(|c| c.object == "Contact")
        .map(|c| (c.id.as_str(), c.act))
        .collect();
    assert_eq!(
        own,
        [
            (loser.to_string().as_str(), Act::Delete),
            (master.to_string().as_str(), Act::Update)
        ]
    );
    assert_eq!(log[0].cause, Some(Cause::MergedInto(master.to_string())));
    assert_eq!(log.last().unwrap().id, master.to_string());
    assert!(log.iter().all(|c| c.transaction == log[0].transaction));
}

#[test]
fn a_merge_that_cannot_be_leaves_everything_as_it_was() {
    let t = org();
    let (a, b) = (
        t.create("Contact", json!({"LastName": "A"})),
        t.create("Contact", json!({"LastName": "B"})),
    );
    let account = t.create("Account", json!({"Name": "C"}));
    let request = |master: &RecordId, losers: &[&RecordId]| MergeRequest {
        object: "Contact".into(),
        master: master.to_string(),
        fields: Default::default(),
        losers: losers.iter().map(|id| id.to_string()).collect(),
    };
    let log = t.org.changes().len();
    let bad_email = MergeRequest {
        fields: body(json!({"Email": "nonsense"})),
        ..request(&a, &[&b])
    };
    for wrong in [
        request(&a, &[]),
        request(&a, &[&a]),
        request(&a, &[&b, &b]),
        request(&a, &[&account]),
        request(&account, &[&b]),
        MergeRequest {
            object: "Task".into(),
            ..request(&a, &[&b])
        },
        bad_email,
    ] {
        assert!(t.org.merge(&t.call, &wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(t.org.changes().len(), log);
    assert_eq!(
        t.count(&format!(
            "SELECT count() FROM Contact WHERE Id IN ('{a}','{b}')"
        )),
        2
    );
}

#[test]
fn mistake_21_what_was_deleted_comes_back_with_what_went_along() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Back"}));
    let id = account.to_string();
    let contact = |name: &str| t.create("Contact", json!({"LastName": name, "AccountId": id}));
    let (kept, dropped) = (contact("Kept"), contact("Dropped"));
    t.org
        .delete(&t.call, "Contact", &dropped.to_string())
        .unwrap();
    t.org.delete(&t.call, "Account", &id).unwrap();
    let child = t.org.undelete(&t.call, &[kept.to_string()]).unwrap();
    assert_eq!(code(&child), "UNDELETE_FAILED");
    let bin = t.org.recycle_bin(&t.call);
    let listed: Vec<RecordId> = bin.iter().map(|entry| entry.id).collect();
    assert_eq!(listed, [dropped, account], "what went along is not listed");
    let back = t.org.undelete(&t.call, std::slice::from_ref(&id)).unwrap();
    assert_eq!(code(&back), "fine");
    assert_eq!(t.get("Contact", &kept)["AccountId"], json!(id));
    let still = t.org.get(&t.call, "Contact", &dropped.to_string(), None);
    assert_eq!(still.unwrap_err().code, "ENTITY_IS_DELETED");
    let undeleted = t
        .org
        .changes()
        .into_iter()
        .filter(|c| c.act == Act::Undelete);
    assert_eq!(
        undeleted.map(|c| c.by_system).collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(
        code(&t.org.undelete(&t.call, &[id]).unwrap()),
        "UNDELETE_FAILED"
    );
}

#[test]
fn mistake_21_after_fifteen_days_or_an_emptied_bin_nothing_is_left() {
    let t = org();
    let gone = |id: &RecordId| {
        let by_id = t
            .org
            .get(&t.call, "Contact", &id.to_string(), None)
            .unwrap_err();
        assert_eq!((by_id.status, by_id.code), (404, "NOT_FOUND"));
        let soql = format!("SELECT Id FROM Contact WHERE Id = '{id}'");
        assert!(t.rows_of(&soql, true).is_empty());
        assert!(
            t.rows_of(
                "SELECT Id, LastName FROM Contact WHERE IsDeleted = true",
                true
            )
            .is_empty()
        );
        let undone = t.org.undelete(&t.call, &[id.to_string()]).unwrap();
        assert_eq!(code(&undone), "UNDELETE_FAILED");
        let span = ("2026-11-24T00:00:00Z", "2026-12-31T00:00:00Z");
        assert!(
            t.org
                .deleted(&t.call, "Contact", span)
                .unwrap()
                .records
                .is_empty()
        );
    };
    let old = t.create("Contact", json!({"LastName": "Old"}));
    t.org.delete(&t.call, "Contact", &old.to_string()).unwrap();
    t.clock.set(NOON_MS + 15 * DAY_MS - 2_000);
    assert_eq!(t.org.recycle_bin(&t.call).len(), 1);
    t.clock.set(NOON_MS + 15 * DAY_MS);
    assert!(t.org.recycle_bin(&t.call).is_empty());
    gone(&old);
    let next = t.create("Contact", json!({"LastName": "Next"}));
    assert!(next > old, "no id is used twice");
    t.org.delete(&t.call, "Contact", &next.to_string()).unwrap();
    let emptied = t
        .org
        .empty_recycle_bin(&t.call, &[next.to_string()])
        .unwrap();
    assert_eq!(code(&emptied), "fine");
    gone(&next);
    let hard = t.create("Contact", json!({"LastName": "Hard"}));
    t.org
        .hard_delete_many(&t.call, &[hard.to_string()], false)
        .unwrap();
    gone(&hard);
    let purged = t.org.changes().into_iter().filter(|c| c.act == Act::Purge);
    assert_eq!(
        purged.map(|c| c.id).collect::<Vec<_>>(),
        [old, next, hard].map(|id| id.to_string())
    );
}

#[test]
fn a_bin_that_was_emptied_in_a_transaction_taken_back_is_full_again() {
    let t = org();
    let id = t.create("Contact", json!({"LastName": "Again"}));
    t.org.delete(&t.call, "Contact", &id.to_string()).unwrap();
    let ids = [id.to_string()];
    t.org
        .transaction(|| (t.org.empty_recycle_bin(&t.call, &ids).unwrap(), false));
    assert_eq!(code(&t.org.undelete(&t.call, &ids).unwrap()), "fine");
    assert_eq!(t.get("Contact", &id)["LastName"], json!("Again"));
}

#[test]
fn mistake_25_a_membership_does_not_come_back_by_itself() {
    let t = org();
    let campaign = t.create("Campaign", json!({"Name": "Fair"}));
    let contact = t.create("Contact", json!({"LastName": "Guest"}));
    let member = member(
        &t,
        json!({"CampaignId": campaign.to_string(), "ContactId": contact.to_string()}),
    );
    t.org
        .delete(&t.call, "CampaignMember", &member.to_string())
        .unwrap();
    let back = t.org.undelete(&t.call, &[member.to_string()]).unwrap();
    assert_eq!(code(&back), "UNDELETE_FAILED");
}

#[test]
fn mistake_36_writes_to_children_of_one_account_sometimes_find_it_locked() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Busy"}));
    t.org.set_lock_contention(100);
    let fields = json!({"LastName": "Locked", "AccountId": account.to_string()});
    let error = t.refused("Contact", fields.clone());
    assert_eq!((error.status, error.code), (400, "UNABLE_TO_LOCK_ROW"));
    assert!(!error.is_permanent());
    t.create("Contact", json!({"LastName": "Free"}));
    t.org.set_lock_contention(40);
    let mut record = fields;
    record["attributes"] = json!({"type": "Contact"});
    let results = t
        .org
        .create_many(&t.call, &vec![record; 100], false)
        .unwrap();
    let failed = results
        .iter()
        .filter(|result| !result.errors.is_empty())
        .count();
    assert!((20..60).contains(&failed), "{failed} of 100");
}

#[test]
fn mistake_40_queues_own_leads_and_not_what_they_were_not_set_up_for() {
    let t = org();
    let queue = t.id_of("SELECT Id FROM Group WHERE Type = 'Queue'");
    assert_eq!(queue.prefix(), *b"00G");
    let lead = lead(&t, json!({"OwnerId": queue.to_string()}));
    let soql = format!("SELECT Owner.Name, Owner.Type FROM Lead WHERE Id = '{lead}'");
    let owner = t.rows(&soql)[0]["Owner"].clone();
    assert_eq!(
        (&owner["Name"], &owner["Type"]),
        (&json!("Inbound Leads"), &json!("Group"))
    );
    let other = t.create(
        "Group",
        json!({"Name": "Others", "DeveloperName": "Others", "Type": "Queue"}),
    );
    let refused = t.update("Lead", &lead, json!({"OwnerId": other.to_string()}));
    assert_eq!(refused.unwrap_err()[0].code, "INVALID_OPERATION");
    let account = t.refused(
        "Account",
        json!({"Name": "Q", "OwnerId": queue.to_string()}),
    );
    assert_eq!(account.code, "MALFORMED_ID");
}

#[test]
fn mistake_40_the_assignment_rule_gives_new_leads_to_the_queue_unless_told_not_to() {
    let t = org();
    let queue = t.id_of("SELECT Id FROM Group WHERE Type = 'Queue'");
    let admin = json!(t.call.user.to_string());
    let owner = |id: &RecordId| t.get("Lead", id)["OwnerId"].clone();
    assert_eq!(owner(&lead(&t, json!({}))), admin, "off by default");
    t.org.assign_new_leads_to(Some(queue)).unwrap();
    assert_eq!(owner(&lead(&t, json!({}))), json!(queue.to_string()));
    let mut call = t.call.clone();
    call.auto_assign = false;
    let fields = body(json!({"LastName": "L", "Company": "C"}));
    let mine = t.org.create(&call, "Lead", &fields).unwrap();
    assert_eq!(owner(&mine), admin);
    assert!(t.org.assign_new_leads_to(Some(t.call.user)).is_err());
}

#[test]
fn an_account_takes_contacts_and_open_activities_of_its_owner_along() {
    let t = org();
    let priya = t
        .org
        .user_by_username("priya.shah@acme.example")
        .unwrap()
        .id;
    let marc = t
        .org
        .user_by_username("marc.dubois@acme.example")
        .unwrap()
        .id;
    let account = t.create("Account", json!({"Name": "Moves"}));
    let of = |object: &str, mut fields: Json, lookup: &str| {
        fields[lookup] = json!(account.to_string());
        t.create(object, fields)
    };
    let own = of("Contact", json!({"LastName": "Own"}), "AccountId");
    let other = of(
        "Contact",
        json!({"LastName": "Other", "OwnerId": marc.to_string()}),
        "AccountId",
    );
    let open = of("Task", json!({"Subject": "Open"}), "WhatId");
    let done = of(
        "Task",
        json!({"Subject": "Done", "Status": "Completed"}),
        "WhatId",
    );
    t.update("Account", &account, json!({"OwnerId": priya.to_string()}))
        .unwrap();
    let owner = |object: &str, id: &RecordId| t.get(object, id)["OwnerId"].clone();
    let (priya, marc) = (json!(priya.to_string()), json!(marc.to_string()));
    let admin = json!(t.call.user.to_string());
    for (object, id, expected) in [
        ("Contact", own, &priya),
        ("Contact", other, &marc),
        ("Task", open, &priya),
        ("Task", done, &admin),
    ] {
        assert_eq!(owner(object, &id), *expected, "{object} {id}");
    }
}

#[test]
fn the_lead_statuses_can_be_queried() {
    let t = org();
    let converted = t.column(
        "SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true",
        "MasterLabel",
    );
    assert_eq!(converted, [json!(CONVERTED)]);
}
