//! Questions that must not cost a look at every record.

use std::time::Instant;

use super::support::org_with;

#[test]
fn incremental_questions_are_served_from_an_index() {
    let t = org_with(2, 20_000, 0);
    let time = |soql: &str| {
        let start = Instant::now();
        t.org.query(&t.call, soql, false).unwrap();
        start.elapsed()
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
