//! Whatever a client sends, the org answers with what it is or with an error of its own: no panic,
//! no 500. The inputs of `tests/corpus` are played on each run, and random ones beside them;
//! `./check fuzz` looks for more with coverage as its guide.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

mod targets;

use proptest::prelude::*;
use std::path::Path;

/// Random inputs for each target.
const CASES: u32 = 200;

fn replay(target: &str, attempt: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(target);
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        attempt(&std::fs::read(entry.unwrap().path()).unwrap());
        played += 1;
    }
    assert!(
        played > 5,
        "{target} has only {played} inputs in its corpus"
    );
}

#[test]
fn every_known_input_of_each_target_is_answered() {
    for (name, attempt) in targets::ALL {
        replay(name, attempt);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_answered(data in prop::collection::vec(any::<u8>(), 0..300)) {
        for (_, attempt) in targets::ALL {
            attempt(&data);
        }
    }

    #[test]
    fn random_words_of_each_language_are_answered(words in prop::collection::vec(prop::sample::select(targets::WORDS), 0..40)) {
        let text = words.concat();
        for (_, attempt) in targets::ALL {
            attempt(text.as_bytes());
        }
    }
}
