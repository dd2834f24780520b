//! Texts as carriers take them, have them and hand them in.

use tieline_domain::delivery::State;
use tieline_domain::time::Timestamp;

/// A text to be sent.
#[derive(Debug, Clone, Copy)]
pub struct OutboundText<'a> {
    /// Their number, in E.164.
    pub to: &'a str,
    /// Our number, in E.164.
    pub from: &'a str,
    pub text: &'a str,
    /// Where reports go; carries our own id, so that one that overtakes our commit finds its row.
    pub status_url: &'a str,
}

/// A text whose sending was cut off.
#[derive(Clone, Copy)]
pub struct Sought<'a> {
    pub to: &'a str,
    pub from: &'a str,
    pub text: &'a str,
    /// Its sending did not begin before, by our clock.
    pub not_before: Timestamp,
    /// What our clock shows when it is asked.
    pub now: &'a (dyn Fn() -> Timestamp + Sync),
}

/// A text that the carrier has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierText {
    /// The carrier's name for it.
    pub provider_id: String,
    pub state: State,
}

/// A text that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundText {
    /// The carrier's name for it.
    pub provider_id: String,
    /// The carrier's name of the account that it came to.
    pub account: Option<String>,
    /// Who sent it, as the carrier writes it.
    pub from: String,
    /// Our number, as the carrier writes it.
    pub to: String,
    /// What it says; may be empty.
    pub text: String,
}
