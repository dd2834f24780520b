//! A pretend Salesforce org and a pretend phone carrier, for running and testing programs without
//! the real outside parties. The crate stands alone: it shares no code with any client.

pub mod clock;
pub mod org;
pub mod seeded;
