//! A pretend Salesforce org and a pretend phone carrier, for running and testing programs without
//! the real outside parties. The crate stands alone: it shares no code with any client.

#![warn(missing_docs)]

mod bulk;
pub mod carrier;
pub mod clock;
pub mod control;
mod faults;
mod http;
mod lock;
mod oauth;
pub mod org;
mod pubsub;
pub mod seeded;
pub mod serve;
pub mod simulator;
mod usage;

pub use faults::{Aim, ErrorEntry, Fault, FaultState, Mishap};
pub use oauth::{ConnectedApp, SignInSettings};
pub use serve::{ReadyInfo, Running, ServeOptions, serve};
pub use simulator::{CarrierAccess, OrgAccess, OrgPlace, Outgoing, Simulator, SimulatorOptions};
pub use usage::{CallRecord, UsageReport};
