//! The records that an org starts with.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::support::{org, org_with};

#[test]
fn a_new_org_has_the_sample_records_of_a_developer_edition() {
    let t = org();
    let counts = [
        ("Account", 13),
        ("Contact", 20),
        ("Lead", 22),
        ("Opportunity", 31),
        ("Campaign", 4),
        ("Organization", 1),
        ("Profile", 5),
    ];
    for (object, count) in counts {
        assert_eq!(
            t.count(&format!("SELECT count() FROM {object}")),
            count,
            "{object}"
        );
    }
    let rose = &t
        .rows("SELECT Account.Name, Title, Owner.Name FROM Contact WHERE Name = 'Rose Gonzalez'")
        [0];
    assert_eq!(rose["Account"]["Name"], json!("Edge Communications"));
    assert_eq!(rose["Owner"]["Name"], json!("Dana Whitfield"));
    assert!(t.org.changes().is_empty());
}

#[test]
fn one_seed_gives_one_org() {
    let soql = "SELECT FIELDS(ALL) FROM Contact LIMIT 200";
    let (a, b, other) = (
        org_with(3, 300, 50),
        org_with(3, 300, 50),
        org_with(4, 300, 50),
    );
    assert_eq!(a.rows(soql), b.rows(soql));
    assert_ne!(a.rows(soql), other.rows(soql));
    assert_ne!(a.org.id(), other.org.id());
}

#[test]
fn generated_people_have_the_shapes_of_a_real_org() {
    let t = org_with(11, 2_000, 500);
    assert_eq!(t.count("SELECT count() FROM Contact"), 2_020);
    assert_eq!(t.count("SELECT count() FROM Lead"), 522);
    let mobiles = t.column(
        "SELECT MobilePhone FROM Contact WHERE MobilePhone != null",
        "MobilePhone",
    );
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let mut holders: HashMap<String, usize> = HashMap::new();
    for mobile in mobiles.iter().filter_map(|m| m.as_str()) {
        *holders.entry(digits(mobile)).or_default() += 1;
    }
    assert!(holders.values().any(|n| *n > 1), "some numbers are shared");
    for pattern in ["07700 900%", "+44%", "(___) 555-01__", "ask Bob"] {
        let soql = format!("SELECT count() FROM Contact WHERE MobilePhone LIKE '{pattern}'");
        assert!(t.count(&soql) > 0, "{pattern}");
    }
    for soql in [
        "SELECT count() FROM Contact WHERE FirstName = null",
        "SELECT count() FROM Contact WHERE Email = null",
        "SELECT count() FROM Contact WHERE AccountId = null",
        "SELECT count() FROM Contact WHERE Owner.IsActive = false",
        "SELECT count() FROM Contact WHERE FirstName = 'José'",
        "SELECT count() FROM Lead WHERE IsConverted = true",
    ] {
        assert!(t.count(soql) > 0, "{soql}");
    }
    let emails = |object: &str| -> HashSet<String> {
        let column = t.column(
            &format!("SELECT Email FROM {object} WHERE Email != null"),
            "Email",
        );
        column
            .iter()
            .map(|e| e.as_str().unwrap().to_owned())
            .collect()
    };
    assert!(
        emails("Contact").intersection(&emails("Lead")).count() > 5,
        "some are both"
    );
}

#[test]
fn every_phone_number_is_from_a_fictitious_range() {
    let t = org_with(11, 1_000, 200);
    for (object, field) in [
        ("Contact", "MobilePhone"),
        ("Contact", "Phone"),
        ("Contact", "HomePhone"),
        ("Lead", "Phone"),
        ("Lead", "MobilePhone"),
        ("Account", "Phone"),
    ] {
        for phone in t.column(
            &format!("SELECT {field} FROM {object} WHERE {field} != null"),
            field,
        ) {
            let digits: String = phone
                .as_str()
                .unwrap()
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            let cities = [114, 115, 116, 117, 118, 121, 131, 141, 151, 161];
            let fictitious = ["7700900", "2079460", "55501"]
                .map(str::to_owned)
                .into_iter()
                .chain(cities.map(|code| format!("{code}4960")))
                .any(|range| digits.contains(&range));
            assert!(
                fictitious || digits.len() < 7 || digits == "07700900",
                "{phone}"
            );
        }
    }
}
