//! Twilio, and carriers that speak as it does.

pub mod find;
pub mod inbound;
pub mod outbound;
mod resource;
pub mod signature;
pub mod status;

/// An account at Twilio.
#[derive(Clone)]
pub struct Account {
    /// `https://api.twilio.com`; no slash at its end.
    pub url: String,
    /// The account's name, `AC…`.
    pub sid: String,
    /// The account's secret.
    pub token: String,
}
