//! Replay ids: opaque to clients, rising, with holes, so that a client that counts on its own
//! finds nothing there.

use crate::seeded::mix;

/// Hands out the ids of one org.
#[derive(Clone)]
pub(crate) struct ReplayIds {
    seed: u64,
    steps: u64,
    last: u64,
}

impl ReplayIds {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            steps: 0,
            last: 1_000_000 + mix(seed) % 900_000_000,
        }
    }

    /// The next id; every fourth or so leaves a hole before it.
    pub fn next(&mut self) -> u64 {
        self.steps += 1;
        let chance = mix(self.seed ^ self.steps.rotate_left(32));
        self.last += match chance % 4 {
            0 => 2 + (chance >> 8) % 7,
            _ => 1,
        };
        self.last
    }

    /// Goes on far away, as after an instance has moved. Clients read ids as numbers of JavaScript,
    /// so they stay below 2 to the 53rd.
    pub fn jump(&mut self) {
        self.last += 10_000_000 + mix(self.last) % 10_000_000;
    }
}

/// As it travels.
pub(crate) fn to_bytes(replay: u64) -> Vec<u8> {
    replay.to_be_bytes().to_vec()
}

/// Read back; only eight bytes can be one of ours.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}
