//! Everything that the pretend parties can do to a hub, each where it makes sense.

use tieline_simulator::carrier::{DeliveryError, DeliveryFailure};
use tieline_simulator::{ErrorEntry, Fault, Mishap};

/// Paths of the org that faults hit; the part that comes often stands more than once.
const ORG: [&str; 6] = [
    "/composite/sobjects",
    "/composite/sobjects",
    "/query",
    "/query",
    "/sobjects",
    "/oauth2/token",
];
const WRITES: [&str; 1] = ["/composite/sobjects"];
const CARRIER: [&str; 1] = ["/Messages"];

/// Whom a mishap can befall.
#[derive(Clone, Copy, PartialEq)]
enum Befalls {
    /// An org alone.
    Org,
    /// An org while it writes.
    Writes,
    /// Whoever is called.
    Anybody,
}

/// The next of all mishaps in turn, with the path that it hits.
pub fn nth(number: u64, chance: u64) -> Fault {
    let all = all();
    let (befalls, mishap) = all[number as usize % all.len()].clone();
    let paths: &[&str] = match befalls {
        Befalls::Org => &ORG,
        Befalls::Writes => &WRITES,
        Befalls::Anybody if chance.is_multiple_of(3) => &CARRIER,
        Befalls::Anybody => &ORG,
    };
    Fault {
        method: String::new(),
        path: paths[(chance / 7) as usize % paths.len()].to_owned(),
        skip: (chance / 64 % 2) as u32,
        times: 1,
        percent: 0,
        mishap,
    }
}

fn error(status: u16, code: &str) -> Mishap {
    Mishap::Error {
        status,
        code: code.to_owned(),
        message: "planned".to_owned(),
    }
}

/// One after the other; those that leave more to find out come more than once.
fn all() -> Vec<(Befalls, Mishap)> {
    use Befalls::{Anybody, Org, Writes};
    let entry = |code: &str| ErrorEntry {
        code: code.to_owned(),
        message: "planned".to_owned(),
        fields: None,
    };
    let moved = |to: &str, status| Mishap::InstanceMoved {
        to: to.to_owned(),
        status,
    };
    vec![
        (Anybody, Mishap::CutAfterCommit),
        (Org, error(403, "REQUEST_LIMIT_EXCEEDED")),
        (Anybody, Mishap::CutBeforeCommit {}),
        (Org, Mishap::SessionOver),
        (Anybody, Mishap::CutMidBody { after_bytes: 20 }),
        (Writes, Mishap::LockedRow { position: 0 }),
        (Anybody, Mishap::Html { status: 503 }),
        (Anybody, Mishap::Slow { delay_ms: 3 }),
        (
            Org,
            Mishap::Errors {
                status: 400,
                entries: vec![entry("UNABLE_TO_LOCK_ROW"), entry("QUERY_TIMEOUT")],
            },
        ),
        (Anybody, Mishap::CutAfterCommit),
        (Anybody, Mishap::Stall { limit_ms: 3 }),
        (Org, moved("http://localhost:1", 302)),
        (
            Anybody,
            Mishap::Busy {
                status: 429,
                retry_after_seconds: 45,
            },
        ),
        (Writes, Mishap::LockedRate { percent: 50 }),
        (Anybody, Mishap::Maintenance {}),
        (Org, Mishap::InvalidHeader {}),
        (Org, Mishap::LimitExhausted {}),
        (Anybody, Mishap::CutAfterCommit),
        (Org, Mishap::ConcurrentLimit {}),
        (Org, moved("http://127.0.0.1:1", 421)),
        (Anybody, Mishap::Empty406 {}),
        (Anybody, error(500, "UNKNOWN_EXCEPTION")),
    ]
}

/// Why the next text to a number does not arrive.
pub fn nth_delivery_failure(number: u64, to: &str) -> DeliveryFailure {
    let all: Vec<DeliveryError> = DeliveryError::all().collect();
    DeliveryFailure {
        to: Some(to.to_owned()),
        error_code: all[number as usize % all.len()],
        failed: !(number / all.len() as u64).is_multiple_of(2),
        times: 1,
    }
}

/// What a mishap is called in the control plane.
pub fn kind(mishap: &Mishap) -> String {
    let json = serde_json::to_value(mishap).unwrap();
    json["kind"].as_str().unwrap().to_owned()
}

/// What all mishaps of the simulator are called, as it says itself.
pub fn kinds() -> Vec<String> {
    let unknown = serde_json::from_str::<Mishap>(r#"{"kind": "?"}"#).unwrap_err();
    let text = unknown.to_string();
    let kinds = text.split('`').skip(3).step_by(2);
    kinds.map(str::to_owned).collect()
}
