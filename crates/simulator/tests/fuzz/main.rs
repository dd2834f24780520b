//! Whatever a client sends, the org answers with what it is or with an error of its own: no panic,
//! no 500. The inputs of `tests/corpus` are played on each run, and random ones beside them;
//! `./check fuzz` looks for more with coverage as its guide.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

mod json_words;
mod soap_words;
mod soql_words;
mod targets;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;

/// Fewer inputs than these are no corpus.
const INPUTS_MIN: usize = 10;

/// Holds a property for random values.
fn run<T: std::fmt::Debug>(cases: u32, values: impl Strategy<Value = T>, attempt: impl Fn(T)) {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let outcome = TestRunner::new(config).run(&values, |value| {
        attempt(value);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_known_input_of_each_target_is_answered() {
    for (name, attempt) in targets::ALL {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        let inputs: Vec<_> = std::fs::read_dir(corpus.join(name)).unwrap().collect();
        assert!(inputs.len() >= INPUTS_MIN, "{name}");
        for input in inputs {
            attempt(&std::fs::read(input.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn random_bytes_are_answered() {
    for (_, attempt) in targets::ALL {
        run(60, any::<Vec<u8>>(), |data| attempt(&data));
    }
}
