//! Carriers and what they know of a text.

use crate::id::CarrierAccountId;
use crate::words::words;

words! {
    /// Who takes texts along.
    CarrierKind {
        /// Twilio, and carriers that speak as it does.
        Twilio = "twilio",
    }
}

/// The carrier's name for a text, which only its account makes unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderId {
    pub account_id: CarrierAccountId,
    /// `SM…`.
    pub name: String,
}
