//! Twilio, and carriers that speak as it does.

pub mod inbound;
pub mod outbound;
pub mod signature;
pub mod status;
