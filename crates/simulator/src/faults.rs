//! Planned faults: which requests they hit, and what goes wrong. Rates are drawn from the org's
//! seed, so that a run can be repeated.

use crate::seeded::Seeded;
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mishap {
    /// An error in the API's own form.
    Error {
        /// HTTP status.
        status: u16,
        /// `REQUEST_LIMIT_EXCEEDED`, …
        code: String,
        /// For people, in any language.
        message: String,
    },
    /// Several errors in one answer, as validation rules and triggers give them.
    Errors {
        /// HTTP status.
        status: u16,
        /// The entries of the error array.
        entries: Vec<ErrorEntry>,
    },
    /// A page of something between the client and the org.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// 503 with the page of a planned maintenance.
    Maintenance {},
    /// Too much is asked at once: an answer that says when to come again.
    Busy {
        /// 429 or 503.
        status: u16,
        /// Goes into Retry-After.
        retry_after_seconds: u32,
    },
    /// 406 without a body.
    Empty406 {},
    /// 401: the header with the session could not be read.
    InvalidHeader {},
    /// The session is over: 401, and it stays over.
    SessionOver,
    /// 403: the calls of the day are used up, and the usage header says so.
    LimitExhausted {},
    /// 403: too many long calls at once.
    ConcurrentLimit {},
    /// The org lives elsewhere now.
    InstanceMoved {
        /// Where; no slash at its end.
        to: String,
        /// 302 with the new address, or 420 or 421 with a page.
        #[serde(default = "found")]
        status: u16,
    },
    /// The request is carried out at once and its answer comes late.
    Slow {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// The request is taken and neither carried out nor answered; at last the connection breaks.
    Stall {
        /// Milliseconds until the connection breaks.
        #[serde(default = "ten_minutes")]
        limit_ms: u64,
    },
    /// The connection breaks and nothing was carried out.
    CutBeforeCommit {},
    /// The request is carried out and the connection breaks before the answer.
    CutAfterCommit,
    /// The request is carried out and the connection breaks in the midst of the answer.
    CutMidBody {
        /// Bytes of the body that arrive.
        after_bytes: usize,
    },
    /// Another transaction holds one record of the collection.
    LockedRow {
        /// Its position in the request.
        position: usize,
    },
    /// Other transactions hold some of the records.
    LockedRate {
        /// Of a hundred records, how many.
        percent: u64,
    },
}

/// One entry of an error array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorEntry {
    /// `errorCode`.
    pub code: String,
    /// For people, in any language.
    pub message: String,
    /// The fields at fault, where the error has a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
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

/// Which of the requests that fit a fault are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Aim {
    /// Only those of this `client=` of Sforce-Call-Options.
    pub client: Option<String>,
    /// Only each n-th of them; 0 and 1 for all.
    pub every: u32,
}

/// A planned fault and how it fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// What was planned.
    #[serde(flatten)]
    pub fault: Fault,
    /// Which requests are meant.
    #[serde(flatten)]
    pub aim: Aim,
    /// Matching requests so far.
    pub seen: u32,
    /// How often it fired.
    pub fired: u32,
    /// False once it was taken back.
    pub live: bool,
}

pub(crate) struct Faults {
    planned: Vec<FaultState>,
    random: Seeded,
}

impl Faults {
    pub fn new(seed: u64) -> Faults {
        Faults {
            planned: Vec::new(),
            random: Seeded::new(seed, "faults"),
        }
    }

    pub fn plan(&mut self, fault: Fault, aim: Aim) -> usize {
        self.planned.push(FaultState {
            fault,
            aim,
            seen: 0,
            fired: 0,
            live: true,
        });
        self.planned.len() - 1
    }

    pub fn states(&self) -> &[FaultState] {
        &self.planned
    }

    /// Takes one back; whether there is one of this number.
    pub fn cancel(&mut self, number: usize) -> bool {
        let planned = self.planned.get_mut(number);
        planned.map(|fault| fault.live = false).is_some()
    }

    pub fn clear(&mut self) {
        for fault in &mut self.planned {
            fault.live = false;
        }
    }

    /// The mishap for a request, if one is due.
    pub fn next(&mut self, method: &str, path: &str, client: Option<&str>) -> Option<Mishap> {
        for planned in &mut self.planned {
            if planned.is_due(&mut self.random, (method, path, client)) {
                planned.fired += 1;
                return Some(planned.fault.mishap.clone());
            }
        }
        None
    }

    /// A number from the sequence of the faults.
    pub fn draw(&mut self) -> u64 {
        self.random.next_u64()
    }
}

impl FaultState {
    fn is_due(
        &mut self,
        random: &mut Seeded,
        (method, path, client): (&str, &str, Option<&str>),
    ) -> bool {
        let (fault, aim) = (&self.fault, &self.aim);
        let matches = self.live
            && (fault.method.is_empty() || fault.method.eq_ignore_ascii_case(method))
            && path.contains(&fault.path)
            && (aim.client.is_none() || aim.client.as_deref() == client);
        if !matches || self.fired >= fault.times {
            return false;
        }
        self.seen += 1;
        let hit = fault.percent == 0 || random.percent(fault.percent);
        let Some(behind) = self.seen.checked_sub(fault.skip).filter(|n| *n > 0) else {
            return false;
        };
        hit && behind.is_multiple_of(aim.every.max(1))
    }
}

fn found() -> u16 {
    302
}

fn ten_minutes() -> u64 {
    600_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(skip: u32, times: u32, percent: u64) -> Fault {
        Fault {
            method: "GET".to_owned(),
            path: "/query".to_owned(),
            skip,
            times,
            percent,
            mishap: Mishap::Html { status: 503 },
        }
    }

    #[test]
    fn a_fault_fires_at_its_call_as_often_as_planned() {
        let mut faults = Faults::new(1);
        let number = faults.plan(fault(1, 2, 0), Aim::default());
        let mut hits = |path: &str| faults.next("GET", path, None).is_some();
        assert_eq!(
            ["/query", "/query", "/limits", "/query", "/query"].map(&mut hits),
            [false, true, false, true, false]
        );
        assert_eq!(faults.states()[number].fired, 2);
    }

    #[test]
    fn an_aimed_fault_hits_each_nth_call_of_its_client() {
        let mut faults = Faults::new(1);
        let aim = Aim {
            client: Some("loader".to_owned()),
            every: 3,
        };
        faults.plan(fault(0, 9, 0), aim);
        let mut hit = |client| faults.next("GET", "/query", client).is_some();
        let clients = [Some("loader"), None, Some("other")].into_iter().cycle();
        let hits: Vec<bool> = clients.take(9).map(&mut hit).collect();
        assert_eq!(hits.iter().position(|hit| *hit), Some(6));
        assert_eq!(hits.iter().filter(|hit| **hit).count(), 1);
    }

    #[test]
    fn a_rate_is_the_same_for_the_same_seed() {
        let hits = |seed| {
            let mut faults = Faults::new(seed);
            faults.plan(fault(0, u32::MAX, 30), Aim::default());
            let hit = |_| faults.next("GET", "/query", None).is_some();
            (0..200).map(hit).collect::<Vec<bool>>()
        };
        assert_eq!(hits(5), hits(5));
        assert_ne!(hits(5), hits(6));
        let share = hits(5).iter().filter(|hit| **hit).count();
        assert!((30..90).contains(&share), "{share} of 200");
    }
}
