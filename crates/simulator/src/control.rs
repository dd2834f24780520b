//! The control plane: what a test does to the pretend world behind the back of the program under
//! test. Every act is a method of `Simulator`; the HTTP routes only translate.

mod faults;
mod handle;
pub mod http;
mod usage;

pub use faults::{Aim, ErrorEntry, Fault, FaultState, Mishap};
pub use handle::UnknownSnapshot;
pub use usage::{CallRecord, UsageReport};

pub(crate) use faults::Faults;
pub(crate) use usage::{Counted, LimitReached, Usage, purpose_of};
