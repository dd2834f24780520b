//! Files and bodies of bulk jobs.
#![no_main]

#[allow(dead_code, reason = "each fuzzer uses one target of all")]
#[path = "../../crates/simulator/tests/fuzz/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::bulk_csv(data));
