//! A small random generator with a fixed algorithm. The same seed must give the same people, ids
//! and delays in every release, so the sequence is ours and not that of a library version.

/// SplitMix64: one word of state, good enough for sample data and jitter, not for secrets.
#[derive(Debug, Clone)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// A generator for `seed`; `purpose` keeps independent uses of one seed from sharing a sequence.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let salt = purpose.bytes().fold(seed, |acc, b| mix(acc ^ u64::from(b)));
        Self { state: salt }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `percent` of 100 cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u64) as usize]
    }
}

/// Scrambles a number: neighbours in, strangers out. The same answer for ever.
pub fn mix(value: u64) -> u64 {
    let a = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ (b >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence_and_purposes_differ() {
        let take = |purpose: &str| {
            let mut seeded = Seeded::new(7, purpose);
            (0..5).map(|_| seeded.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(take("people"), take("people"));
        assert_ne!(take("people"), take("phones"));
    }
}
