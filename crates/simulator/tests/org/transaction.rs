//! Several calls as one: kept or taken back as a whole, inside one another too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use serde_json::json;
use tieline_simulator::org::RecordId;

use super::support::{TestOrg, body, org};

#[test]
fn what_is_not_kept_was_never_there() {
    let t = org();
    let before = t.count("SELECT count() FROM Account");
    let made = t.org.transaction(|| {
        let id = t.create("Account", json!({"Name": "Undone"}));
        assert_eq!(t.count("SELECT count() FROM Account"), before + 1);
        (id, false)
    });
    assert_eq!(t.count("SELECT count() FROM Account"), before);
    assert!(
        t.org
            .get(&t.call, "Account", &made.to_string(), None)
            .is_err()
    );
    assert!(t.org.changes().is_empty());
}

#[test]
fn a_panic_in_a_transaction_takes_it_back_and_lets_others_go_on() {
    let t = org();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        t.org.transaction(|| -> ((), bool) {
            t.create("Account", json!({"Name": "Undone"}));
            panic!("in mid-transaction");
        });
    }));
    assert!(outcome.is_err());
    let others = std::thread::scope(|scope| {
        let count = || t.count("SELECT count() FROM Account WHERE Name = 'Undone'");
        scope.spawn(count).join().unwrap()
    });
    assert_eq!(others, 0);
}

#[test]
fn changes_inside_share_a_number_and_later_ones_have_a_higher_one() {
    let t = org();
    let make = || t.create("Account", json!({"Name": "A"}));
    t.org.transaction(|| ([make(), make()], true));
    make();
    let numbers: Vec<u64> = t.org.changes().iter().map(|c| c.transaction).collect();
    assert_eq!(numbers[0], numbers[1]);
    assert!(numbers[2] > numbers[1]);
}

/// What may happen inside a transaction.
#[derive(Debug, Clone)]
enum Step {
    Make,
    Rename(usize),
    Delete(usize),
    Inside(Vec<Step>, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        Just(Step::Make),
        any::<usize>().prop_map(Step::Rename),
        any::<usize>().prop_map(Step::Delete),
    ];
    let step = leaf.prop_recursive(4, 40, 6, |inner| {
        let inner = prop::collection::vec(inner, 0..6);
        (inner, any::<bool>()).prop_map(|(steps, keep)| Step::Inside(steps, keep))
    });
    prop::collection::vec(step, 0..10)
}

/// Live accounts of the test: id and how often renamed.
type Model = Vec<(RecordId, u32)>;

fn play(t: &TestOrg, steps: &[Step], model: &mut Model) {
    for step in steps {
        match step {
            Step::Make => model.push((t.create("Account", json!({"Name": "T", "Site": "0"})), 0)),
            Step::Rename(at) if !model.is_empty() => {
                let at = at % model.len();
                let (id, times) = &mut model[at];
                *times += 1;
                t.update("Account", id, json!({"Site": times.to_string()}))
                    .unwrap();
            }
            Step::Delete(at) if !model.is_empty() => {
                let (id, _) = model.remove(at % model.len());
                t.org.delete(&t.call, "Account", &id.to_string()).unwrap();
            }
            Step::Rename(_) | Step::Delete(_) => {}
            Step::Inside(inner, keep) => {
                let mut changed = model.clone();
                t.org.transaction(|| {
                    play(t, inner, &mut changed);
                    ((), *keep)
                });
                if *keep {
                    *model = changed;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn nested_transactions_leave_exactly_what_was_kept(steps in steps()) {
        let t = org();
        let mut model = Model::new();
        play(&t, &steps, &mut model);
        let mut expected: Vec<(String, String)> =
            model.iter().map(|(id, times)| (id.to_string(), times.to_string())).collect();
        expected.sort();
        let rows = t.rows("SELECT Id, Site FROM Account WHERE Name = 'T' ORDER BY Id");
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let mut found: Vec<(String, String)> =
            rows.iter().map(|row| (text(&row["Id"]), text(&row["Site"]))).collect();
        found.sort();
        prop_assert_eq!(found, expected);
        let numbers: Vec<u64> = t.org.changes().iter().map(|change| change.seq).collect();
        prop_assert_eq!(numbers, (1..=t.org.changes().len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn a_collection_inside_a_transaction_goes_with_it() {
    let t = org();
    let records = [json!({"attributes": {"type": "Account"}, "Name": "Row"})];
    t.org.transaction(|| {
        let saved = t.org.create_many(&t.call, &records, true).unwrap();
        assert!(saved[0].errors.is_empty());
        let refused = t.org.create(&t.call, "Contact", &body(json!({})));
        assert!(refused.is_err());
        ((), false)
    });
    assert_eq!(t.count("SELECT count() FROM Account WHERE Name = 'Row'"), 0);
}
