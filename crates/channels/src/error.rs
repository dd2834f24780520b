//! What can go wrong with a carrier.

/// Why a call to a carrier failed, sorted by what may be done next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// The carrier refused the message; sending it again is useless.
    #[error("the carrier refused it ({code}): {message}")]
    Refused {
        /// The carrier's own code.
        code: String,
        /// The carrier's own words.
        message: String,
    },
    /// The contact has opted out at the carrier (Twilio 21610).
    #[error("the carrier says that they opted out ({message})")]
    OptedOut {
        /// The carrier's own words.
        message: String,
    },
    /// The carrier did not take it for certain, and may later.
    #[error("the carrier did not take it now ({why})")]
    Transient {
        /// The carrier's own words, or the network's.
        why: String,
        /// For how long it asks to be left alone.
        wait_ms: Option<i64>,
    },
    /// Nobody knows whether the carrier took it.
    #[error("nobody knows whether the carrier took it ({0})")]
    Uncertain(String),
}

impl CarrierError {
    /// The carrier did not take it for certain, and does not say when it will.
    pub fn transient(why: String) -> CarrierError {
        CarrierError::Transient { why, wait_ms: None }
    }

    /// Whether trying the same again cannot help, or might do it twice.
    pub fn is_permanent(&self) -> bool {
        !matches!(self, CarrierError::Transient { .. })
    }
}

/// Why a webhook's form cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FormError {
    /// The field of the form.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}
