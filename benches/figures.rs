//! What benches share: a probe of the disk, medians, and lines of a report.

#![allow(dead_code, reason = "each bench that includes it uses a part of it")]

use std::io::Write as _;
use std::time::Instant;

/// Synced writes of one probe, each of 4 KiB.
const PROBE_WRITES: u32 = 200;

/// How many synced writes the disk does in a second, so that rounds can be compared.
pub fn probe() -> f64 {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let began = Instant::now();
    for _ in 0..PROBE_WRITES {
        file.write_all(&[7; 4_096]).expect("it takes writes");
        file.sync_data().expect("it syncs");
    }
    f64::from(PROBE_WRITES) / began.elapsed().as_secs_f64()
}

/// The middle of one figure over all rounds.
pub fn median<R>(rounds: &[R], of: impl Fn(&R) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A line of a report.
pub fn line(what: &str, value: String) {
    println!("{what:<44}{value:>14}");
}

/// A number from the environment, or the usual one.
pub fn asked(name: &str, usual: usize) -> usize {
    let given = std::env::var(name).ok();
    given.map_or(usual, |text| text.parse().expect("a number"))
}
