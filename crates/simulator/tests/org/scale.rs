//! Questions that must not cost a look at every record.

use std::time::Instant;

use serde_json::json;
use tieline_simulator::seeded::Seeded;

use super::support::{body, org, org_with};

#[test]
fn incremental_questions_are_served_from_an_index() {
    let t = org_with(2, 20_000, 0);
    // The best of several, because another program may hold the processor at any one moment.
    let time = |soql: &str| {
        let once = || {
            let start = Instant::now();
            t.org.query(&t.call, soql, false).unwrap();
            start.elapsed()
        };
        (0..5).map(|_| once()).min().unwrap()
    };
    let scan = time("SELECT Id FROM Contact WHERE Title LIKE '%nobody%'");
    for soql in [
        "SELECT Id FROM Contact WHERE SystemModstamp >= 2026-11-24T11:00:00Z ORDER BY SystemModstamp, Id LIMIT 2000",
        "SELECT Id FROM Contact WHERE Email = 'rose@edge.example.com'",
        "SELECT Id FROM Contact WHERE Id = '003000000000000AAA'",
        "SELECT Id FROM Contact ORDER BY SystemModstamp ASC, Id ASC LIMIT 20",
    ] {
        assert!(
            time(soql) * 5 < scan,
            "{soql} took {:?}, a scan {scan:?}",
            time(soql)
        );
    }
}

#[test]
fn after_many_changes_and_rollbacks_every_index_still_agrees_with_a_scan() {
    let t = org();
    let mut seeded = Seeded::new(99, "changes");
    let mut ids: Vec<String> = Vec::new();
    for step in 0..400 {
        t.clock.advance(700);
        let email = format!("p{}@example.com", seeded.below(6));
        let fields = json!({"LastName": format!("N{}", seeded.below(6)), "Email": email});
        let at = seeded.below(ids.len().max(1) as u64) as usize;
        match (seeded.below(5), ids.get(at).cloned()) {
            (0, Some(id)) => drop(t.org.delete(&t.call, "Contact", &id)),
            (1 | 2, Some(id)) => drop(t.org.update(&t.call, "Contact", &id, &body(fields))),
            (3, _) => {
                let good =
                    json!({"attributes": {"type": "Contact"}, "LastName": "N1", "Email": email});
                let bad = json!({"attributes": {"type": "Contact"}, "Email": step.to_string()});
                let results = t.org.create_many(&t.call, &[good, bad], true).unwrap();
                assert!(results.iter().all(|r| !r.errors.is_empty()));
            }
            _ => ids.push(t.create("Contact", fields).to_string()),
        }
    }
    assert!(ids.len() > 50);
    for n in 0..6 {
        let pairs = [
            (
                format!("Email = 'p{n}@example.com'"),
                format!("Email LIKE 'p{n}@example.com'"),
            ),
            (format!("Name = 'n{n}'"), format!("Name LIKE 'n{n}'")),
        ];
        for (indexed, scanned) in pairs {
            let ids = |condition| {
                t.column(
                    &format!("SELECT Id FROM Contact WHERE {condition} ORDER BY Id"),
                    "Id",
                )
            };
            assert_eq!(ids(indexed), ids(scanned));
        }
    }
    let by_stamp = t.column(
        "SELECT SystemModstamp FROM Contact ORDER BY SystemModstamp, Id",
        "SystemModstamp",
    );
    let stamps: Vec<String> = by_stamp.iter().map(ToString::to_string).collect();
    assert_eq!(stamps.len(), t.count("SELECT count() FROM Contact"));
    assert!(stamps.is_sorted());
}
