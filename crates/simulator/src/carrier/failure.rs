//! How texts end that do not arrive: what the carrier's error dictionary calls the failures of
//! delivery, and the plan of which texts meet them.

use serde::{Deserialize, Serialize};

/// Why a text did not arrive; the carrier's error dictionary says more of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum DeliveryError {
    /// The phone is off, out of reach or not able to get texts.
    UnreachableHandset,
    /// The phone or its carrier blocks texts.
    Blocked,
    /// The number is of nobody, or not of a phone any more.
    UnknownHandset,
    /// The number is a landline, or its carrier takes no texts.
    Landline,
    /// Taken for spam.
    Filtered,
    /// The phone's carrier gave no reason.
    Unknown,
}

const ALL: [(DeliveryError, u32, &str); 6] = [
    (
        DeliveryError::UnreachableHandset,
        30003,
        "Unreachable destination handset",
    ),
    (DeliveryError::Blocked, 30004, "Message blocked"),
    (
        DeliveryError::UnknownHandset,
        30005,
        "Unknown destination handset",
    ),
    (
        DeliveryError::Landline,
        30006,
        "Landline or unreachable carrier",
    ),
    (DeliveryError::Filtered, 30007, "Message filtered"),
    (DeliveryError::Unknown, 30008, "Unknown error"),
];

impl DeliveryError {
    /// All of them.
    pub fn all() -> impl Iterator<Item = DeliveryError> {
        ALL.iter().map(|(error, ..)| *error)
    }

    /// The number in reports and in the list of texts.
    pub fn code(self) -> u32 {
        self.entry().1
    }

    /// What the list of texts says beside the number.
    pub fn message(self) -> &'static str {
        self.entry().2
    }

    fn entry(self) -> &'static (DeliveryError, u32, &'static str) {
        let found = ALL.iter().find(|(error, ..)| *error == self);
        found.expect("the table has every error")
    }
}

impl TryFrom<u32> for DeliveryError {
    type Error = String;

    fn try_from(code: u32) -> Result<Self, String> {
        let found = ALL.iter().find(|(_, known, _)| *known == code);
        let codes: Vec<String> = ALL.iter().map(|(_, code, _)| code.to_string()).collect();
        found
            .map(|(error, ..)| *error)
            .ok_or_else(|| format!("error_code: one of {}", codes.join(", ")))
    }
}

impl From<DeliveryError> for u32 {
    fn from(error: DeliveryError) -> u32 {
        error.code()
    }
}

/// A plan that some of the next texts do not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFailure {
    /// Texts to this number; to any when absent.
    pub to: Option<String>,
    /// Why it did not arrive.
    pub error_code: DeliveryError,
    /// The text is `failed`, it never left the carrier, and not `undelivered`.
    #[serde(default)]
    pub failed: bool,
    /// How many texts meet it.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

impl DeliveryFailure {
    /// The text's last state, in the carrier's word.
    pub(super) fn status(&self) -> &'static str {
        match self.failed {
            true => "failed",
            false => "undelivered",
        }
    }
}

/// The failure that a text to this number meets; it is used up by it.
pub(super) fn next(planned: &mut [DeliveryFailure], to: &str) -> Option<DeliveryFailure> {
    let fits = |it: &&mut DeliveryFailure| {
        it.times > 0 && it.to.as_deref().is_none_or(|wanted| wanted == to)
    };
    let failure = planned.iter_mut().find(fits)?;
    failure.times -= 1;
    Some(failure.clone())
}
