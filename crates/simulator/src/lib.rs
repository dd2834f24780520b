//! A pretend Salesforce org and a pretend phone carrier, for running and testing programs without
//! the real outside parties. The crate stands alone: it shares no code with any client.

#![warn(missing_docs)]

pub mod carrier;
pub mod clock;
pub mod control;
mod host;
mod http;
pub mod org;
mod pubsub;
pub mod seeded;
pub mod serve;
pub mod simulator;

pub use control::{Aim, CallRecord, ErrorEntry, Fault, FaultState, Mishap, UsageReport};
pub use http::oauth::{ConnectedApp, SignInSettings};
pub use serve::{ReadyInfo, Running, ServeOptions, serve};
pub use simulator::{CarrierAccess, OrgAccess, OrgPlace, Outgoing, Simulator, SimulatorOptions};
