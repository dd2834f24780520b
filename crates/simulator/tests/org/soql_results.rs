//! What queries find and how rows look.

use serde_json::{Value as Json, json};

use super::support::{org, org_with};

#[test]
fn mistake_26_rows_without_an_order_are_not_in_the_order_of_insertion() {
    let t = org();
    let ids: Vec<String> = t
        .column("SELECT Id FROM Contact", "Id")
        .iter()
        .map(Json::to_string)
        .collect();
    assert!(!ids.is_sorted());
    let again: Vec<String> = t
        .column("SELECT Id FROM Contact", "Id")
        .iter()
        .map(Json::to_string)
        .collect();
    assert_eq!(ids, again);
    assert_eq!(t.rows("SELECT Id FROM Contact LIMIT 7").len(), 7);
}

#[test]
fn mistake_28_a_count_has_no_records_and_a_sum_no_url() {
    let t = org();
    let count = t
        .org
        .query(&t.call, "SELECT COUNT() FROM Contact", false)
        .unwrap();
    assert_eq!((count.total_size(), count.len()), (20, 0));
    let rows = t.rows("SELECT COUNT(Id), MAX(Amount) top FROM Opportunity");
    assert_eq!(
        rows[0],
        json!({"attributes": {"type": "AggregateResult"}, "expr0": 31, "top": 915_000.0})
    );
}

#[test]
fn mistake_28_no_children_is_null_and_some_are_an_answer_of_their_own() {
    let t = org();
    let rows = t.rows("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Name IN ('Edge Communications', 'Sample Account for Entitlements') ORDER BY Name");
    let children = &rows[0]["Contacts"];
    assert_eq!(
        (&children["totalSize"], &children["done"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(children["records"][0]["LastName"], json!("Forbes"));
    assert_eq!(
        children["records"][0]["attributes"]["type"],
        json!("Contact")
    );
    assert_eq!(rows[1]["Contacts"], Json::Null);
}

#[test]
fn mistake_29_text_is_compared_without_case_and_not_equal_keeps_nulls() {
    let t = org();
    assert_eq!(
        t.count("select count() from CONTACT where lastname = 'GONZALEZ'"),
        1
    );
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Name LIKE 'rose%'"),
        1
    );
    let (all, cfo) = (
        t.count("SELECT count() FROM Contact"),
        t.count("SELECT count() FROM Contact WHERE Title = 'cfo'"),
    );
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Title != 'CFO'"),
        all - cfo
    );
    assert!(t.count("SELECT count() FROM Contact WHERE Title = null") > 0);
}

#[test]
fn rows_show_fields_in_the_order_of_the_select_with_describe_casing() {
    let t = org();
    let rows = t.rows("SELECT title, account.owner.name, ID, mailingaddress FROM Contact WHERE LastName = 'Frank'");
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["attributes", "Title", "Account", "Id", "MailingAddress"]
    );
    assert_eq!(rows[0]["Account"]["Owner"]["Name"], json!("Dana Whitfield"));
    let url = format!(
        "/services/data/v60.0/sobjects/Contact/{}",
        rows[0]["Id"].as_str().unwrap()
    );
    assert_eq!(
        rows[0]["attributes"],
        json!({"type": "Contact", "url": url})
    );
    let orphan = t.create("Contact", json!({"LastName": "Orphan"}));
    let row = &t.rows(&format!(
        "SELECT Account.Name FROM Contact WHERE Id = '{}'",
        orphan.short()
    ))[0];
    assert_eq!(row["Account"], Json::Null);
}

#[test]
fn conditions_find_what_they_say() {
    let t = org();
    let cases = [
        ("Contact", "Account.Name LIKE '%oil%' AND Title != null", 7),
        ("Contact", "NOT (Account.Name LIKE '%oil%')", 13),
        (
            "Contact",
            "(Title = 'CFO' OR Title = 'CEO') AND Email LIKE '%@uog.example.com'",
            2,
        ),
        (
            "Contact",
            "AccountId IN (SELECT AccountId FROM Opportunity WHERE StageName = 'Prospecting')",
            1,
        ),
        ("Account", "Id NOT IN (SELECT AccountId FROM Contact)", 1),
        (
            "Account",
            "NumberOfEmployees >= 9000 AND NumberOfEmployees < 24000",
            2,
        ),
        ("Account", "AnnualRevenue = null", 5),
        ("Opportunity", "IsWon = true AND Amount > 200000", 8),
        ("Opportunity", "StageName NOT IN ('Closed Won')", 12),
        ("Contact", "CreatedDate = TODAY", 0),
        ("Contact", "CreatedDate = N_DAYS_AGO:300", 20),
        ("Contact", "CreatedDate >= LAST_N_DAYS:400", 20),
        ("Contact", "CALENDAR_YEAR(CreatedDate) = 2026", 20),
        ("Campaign", "StartDate < 2002-01-01", 1),
        (
            "CampaignMember",
            "Contact.LastName = 'Forbes' OR Lead.LastName = 'Cotton'",
            2,
        ),
    ];
    for (object, condition, expected) in cases {
        let soql = format!("SELECT count() FROM {object} WHERE {condition}");
        assert_eq!(t.count(&soql), expected, "{soql}");
    }
}

#[test]
fn picklists_with_several_values_include_and_exclude() {
    let t = org();
    t.create(
        "Contact",
        json!({"LastName": "P1", "Interests__c": "Training;Events;Training"}),
    );
    t.create(
        "Contact",
        json!({"LastName": "P2", "Interests__c": "Webinars"}),
    );
    let includes = |values: &str| {
        t.column(&format!("SELECT LastName FROM Contact WHERE Interests__c INCLUDES ({values}) ORDER BY LastName"), "LastName")
    };
    assert_eq!(includes("'Events;Training'"), [json!("P1")]);
    assert_eq!(includes("'Events', 'Webinars'"), [json!("P1"), json!("P2")]);
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Interests__c EXCLUDES ('Events')"),
        21
    );
    assert_eq!(
        t.column(
            "SELECT Interests__c FROM Contact WHERE LastName = 'P1'",
            "Interests__c"
        ),
        [json!("Training;Events")]
    );
}

#[test]
fn groups_are_counted_filtered_and_ordered() {
    let t = org();
    let rows = t.rows("SELECT StageName, COUNT(Id) n, SUM(Amount) FROM Opportunity GROUP BY StageName HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC, StageName LIMIT 2");
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["StageName"], &rows[0]["n"]),
        (&json!("Closed Won"), &json!(19))
    );
    assert!(rows[0]["expr0"].is_f64());
    let by_account = t.rows("SELECT Account.Name, COUNT_DISTINCT(LastName) people FROM Contact GROUP BY Account.Name ORDER BY Account.Name NULLS LAST");
    assert_eq!(
        by_account[0],
        json!({"attributes": {"type": "AggregateResult"}, "Name": "Burlington Textiles Corp of America", "people": 1})
    );
}

#[test]
fn order_takes_several_keys_and_a_place_for_nulls() {
    let t = org();
    let titles = |order: &str| {
        t.column(
            &format!("SELECT Title FROM Contact ORDER BY {order}"),
            "Title",
        )
    };
    assert_eq!(titles("Title")[0], Json::Null);
    assert_eq!(titles("Title DESC")[0], Json::Null);
    assert_eq!(titles("Title NULLS LAST")[0], json!("CEO"));
    assert_eq!(*titles("Title DESC NULLS LAST").last().unwrap(), Json::Null);
    let names = t.column(
        "SELECT Name FROM Contact ORDER BY Account.Name DESC, LastName ASC LIMIT 3 OFFSET 2",
        "Name",
    );
    assert_eq!(
        names,
        [
            json!("Liz D'Cruz"),
            json!("Tom Ripley"),
            json!("Lauren Boyle")
        ]
    );
}

#[test]
fn polymorphic_parents_answer_as_name_and_by_type() {
    let t = org();
    let contact = t.id_of("SELECT Id FROM Contact WHERE LastName = 'Frank'");
    t.create(
        "Task",
        json!({"Subject": "Poly", "WhoId": contact.to_string()}),
    );
    let rows = t.rows("SELECT Who.Name, Who.Type, What.Name, TYPEOF Who WHEN Contact THEN Title, Account.Name ELSE Id END FROM Task WHERE Who.Type = 'Contact'");
    assert_eq!(rows[0]["What"], Json::Null);
    assert_eq!(rows[0]["Who"]["Title"], json!("VP, Technology"));
    assert_eq!(rows[0]["Who"]["Account"]["Name"], json!("GenePoint"));
    let rows = t.rows("SELECT Who.Name FROM Task");
    assert_eq!(
        (
            &rows[0]["Who"]["attributes"]["type"],
            &rows[0]["Who"]["Name"]
        ),
        (&json!("Name"), &json!("Edna Frank"))
    );
    assert_eq!(
        t.count("SELECT count() FROM Lead WHERE Owner.Name = 'Dana Whitfield'"),
        22
    );
}

#[test]
fn mistake_19_polling_by_whole_seconds_meets_its_own_boundary_again() {
    let t = org();
    for name in ["A", "B"] {
        t.create("Contact", json!({"LastName": name}));
    }
    let soql = "SELECT LastName, SystemModstamp FROM Contact WHERE SystemModstamp >= 2026-11-24T12:00:00Z ORDER BY SystemModstamp ASC, Id ASC";
    let rows = t.rows(soql);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[0]["SystemModstamp"],
        json!("2026-11-24T12:00:00.000+0000")
    );
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE SystemModstamp > 2026-11-24T12:00:00.500Z"),
        0
    );
}

#[test]
fn a_keyset_walk_meets_every_record_once() {
    let t = org_with(5, 700, 0);
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let soql = format!(
            "SELECT Id, SystemModstamp FROM Contact {after} ORDER BY SystemModstamp ASC, Id ASC LIMIT 50"
        );
        let rows = t.rows(&soql);
        let Some(last) = rows.last() else { break };
        let (stamp, id) = (
            last["SystemModstamp"].as_str().unwrap(),
            last["Id"].as_str().unwrap(),
        );
        after = format!(
            "WHERE (SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{id}'))"
        );
        seen.extend(rows.iter().map(|r| r["Id"].to_string()));
    }
    assert_eq!(seen.len(), 720);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 720);
}

#[test]
fn indexes_and_scans_agree() {
    let t = org_with(5, 400, 0);
    let pairs = [
        (
            "Email = 'rose@edge.example.com'",
            "Email LIKE 'rose@edge.example.com'",
        ),
        (
            "Account.Name = 'GenePoint'",
            "AccountId IN (SELECT Id FROM Account WHERE Name = 'GenePoint')",
        ),
        (
            "Name IN ('Rose Gonzalez', 'Sean Forbes')",
            "Name LIKE 'Rose Gonzalez' OR Name LIKE 'Sean Forbes'",
        ),
        (
            "SystemModstamp < 2026-01-01T00:00:00Z",
            "NOT SystemModstamp >= 2026-01-01T00:00:00Z",
        ),
        (
            "LastModifiedDate >= 2026-01-01T00:00:00Z",
            "NOT LastModifiedDate < 2026-01-01T00:00:00Z",
        ),
    ];
    for (indexed, scanned) in pairs {
        let ids = |condition: &str| {
            t.column(
                &format!("SELECT Id FROM Contact WHERE {condition} ORDER BY Id"),
                "Id",
            )
        };
        let found = ids(indexed);
        assert!(!found.is_empty(), "{indexed}");
        assert_eq!(found, ids(scanned), "{indexed}");
    }
}

#[test]
fn an_index_forgets_old_values() {
    let t = org();
    let id = t.create(
        "Contact",
        json!({"LastName": "Old", "Email": "old@example.com"}),
    );
    t.update(
        "Contact",
        &id,
        json!({"LastName": "New", "Email": "new@example.com"}),
    )
    .unwrap();
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Email = 'old@example.com' OR Name = 'Old'"),
        0
    );
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Email = 'NEW@example.com' AND Name = 'new'"),
        1
    );
}

#[test]
fn fields_and_purposes_and_modes_are_understood() {
    let t = org();
    let rows = t.rows("SELECT FIELDS(STANDARD) FROM Lead WITH SECURITY_ENFORCED ORDER BY LastName LIMIT 1 FOR VIEW");
    assert_eq!(rows[0]["LastName"], json!("Akin"));
    assert!(rows[0].get("SICCode__c").is_none());
    let mine = t.as_user("priya.shah@acme.example");
    let answer = t
        .org
        .query(
            &mine,
            "SELECT Id FROM Contact USING SCOPE mine WITH USER_MODE",
            false,
        )
        .unwrap();
    assert!(answer.is_empty());
}

#[test]
fn rows_are_read_when_they_are_fetched() {
    let t = org();
    let answer = t
        .org
        .query(
            &t.call,
            "SELECT Title FROM Contact WHERE LastName = 'Frank'",
            false,
        )
        .unwrap();
    let id = t.id_of("SELECT Id FROM Contact WHERE LastName = 'Frank'");
    t.update("Contact", &id, json!({"Title": "Later"})).unwrap();
    assert_eq!(
        t.org.rows(&t.call, &answer, 0..10)[0]["Title"],
        json!("Later")
    );
}

#[test]
fn the_columns_of_a_query_are_told_without_its_rows() {
    let t = org();
    let soql = "SELECT Id, Email, Account.Name, Account.Industry, (SELECT Subject FROM Tasks) FROM Contact";
    let shape = t.org.query_columns(&t.call, soql).unwrap();
    assert_eq!(
        (&shape["entityName"], &shape["idSelected"]),
        (&json!("Contact"), &json!(true))
    );
    let columns = shape["columnMetadata"].as_array().unwrap();
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|c| c["columnName"].as_str())
        .collect();
    assert_eq!(names, ["Id", "Email", "Account", "Tasks"]);
    assert_eq!(columns[2]["joinColumns"].as_array().unwrap().len(), 2);
    assert!(
        t.org
            .query_columns(&t.call, "SELECT Nope FROM Contact")
            .is_err()
    );
}
