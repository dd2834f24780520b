//! Bodies of the composite family and of searches.
#![no_main]

#[allow(dead_code, reason = "each fuzzer uses one target of all")]
#[path = "../../crates/simulator/tests/fuzz/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::composite(data));
