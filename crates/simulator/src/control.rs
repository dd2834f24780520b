//! Faults on demand, and the simulator's own record of what reached it.

pub mod http;

use crate::seeded::Seeded;
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mishap {
    /// An error in the API's own form.
    Error {
        /// HTTP status.
        status: u16,
        /// `REQUEST_LIMIT_EXCEEDED`, …
        code: String,
        /// For people.
        message: String,
    },
    /// A page of something between the client and the org.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// The session is over: 401, and it stays over.
    SessionOver,
    /// The request is carried out at once and its answer comes late.
    Slow {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// The request is carried out and the connection breaks before the answer.
    CutAfterCommit,
    /// Another transaction holds one record of the collection.
    LockedRow {
        /// Its position in the request.
        position: usize,
    },
}

/// When a fault fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// `GET`, …; empty for any.
    #[serde(default)]
    pub method: String,
    /// A part of the path and query.
    pub path: String,
    /// How many matching requests pass before it fires.
    #[serde(default)]
    pub skip: u32,
    /// How often it fires.
    pub times: u32,
    /// Of a hundred matching requests, how many it hits; 0 for each.
    #[serde(default)]
    pub percent: u64,
    /// What goes wrong.
    pub mishap: Mishap,
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// `GET`, …
    pub method: String,
    /// With the query.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// `client=` of Sforce-Call-Options.
    pub client: Option<String>,
    /// Whether a fault fired.
    pub fault: bool,
}

pub(crate) struct Faults {
    planned: Vec<(Fault, u32, u32, bool)>,
    random: Seeded,
}

impl Faults {
    pub fn new(seed: u64) -> Faults {
        Faults {
            planned: Vec::new(),
            random: Seeded::new(seed, "faults"),
        }
    }

    pub fn plan(&mut self, fault: Fault) -> usize {
        self.planned.push((fault, 0, 0, true));
        self.planned.len() - 1
    }

    pub fn fired(&self, fault: usize) -> u32 {
        self.planned.get(fault).map_or(0, |(_, _, fired, _)| *fired)
    }

    pub fn clear(&mut self) {
        for (_, _, _, live) in &mut self.planned {
            *live = false;
        }
    }

    /// The mishap for a request, if one is due.
    pub fn next(&mut self, method: &str, path: &str) -> Option<Mishap> {
        for (fault, seen, fired, live) in &mut self.planned {
            let matches = *live
                && (fault.method.is_empty() || fault.method == method)
                && path.contains(&fault.path);
            if !matches || *fired == fault.times {
                continue;
            }
            *seen += 1;
            let hit = fault.percent == 0 || self.random.percent(fault.percent);
            if *seen > fault.skip && hit {
                *fired += 1;
                return Some(fault.mishap.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_fires_at_its_call_as_often_as_planned() {
        let mut faults = Faults::new(1);
        let mishap = Mishap::Html { status: 503 };
        let number = faults.plan(Fault {
            method: "GET".to_owned(),
            path: "/query".to_owned(),
            skip: 1,
            times: 2,
            percent: 0,
            mishap,
        });
        let mut hits = |path: &str| faults.next("GET", path).is_some();
        assert_eq!(
            ["/query", "/query", "/limits", "/query", "/query"].map(&mut hits),
            [false, true, false, true, false]
        );
        assert_eq!(faults.fired(number), 2);
    }
}
