//! Why a message did not go or did not arrive: a code for programs, and for people the sentences that
//! are made of it. Nothing else in the hub says such a thing in words of its own.

use crate::words::words;

words! {
    /// Why, for programs. A code keeps its meaning for ever.
    FailureCode {
        /// They asked for no more texts.
        OptedOut = "opted_out",
        /// The carrier says that they asked it for no more texts.
        OptedOutAtCarrier = "opted_out_at_carrier",
        /// They text from a name or a short code.
        NotAnswerable = "not_answerable",
        /// The inbox has nothing to send with.
        NoSender = "no_sender",
        /// A carrier said lately that no text reaches this number.
        Landline = "landline",
        /// There is nothing to send.
        Empty = "empty",
        /// It is longer than carriers take; the detail is its length in characters.
        TooLong = "too_long",
        /// The carrier did not take it; the detail is what it said.
        CarrierRefused = "carrier_refused",
        /// The carrier could not be reached, again and again; the detail is the last reason.
        CarrierUnreachable = "carrier_unreachable",
        /// Sending was cut off, and the carrier has no such text.
        NotSent = "not_sent",
        /// Their phone is off or out of reach.
        PhoneUnreachable = "phone_unreachable",
        /// They, or their carrier for them, block our texts.
        Blocked = "blocked",
        /// Nobody has this number.
        NoSuchNumber = "no_such_number",
        /// A carrier took it for unwanted.
        Filtered = "filtered",
        /// It did not arrive and nobody says why; the detail is the carrier's code, if it gave one.
        NotDelivered = "not_delivered",
    }
}

/// Characters that a carrier takes in one message.
pub const TEXT_MAX: usize = 1_600;

/// Why a message did not go or did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: FailureCode,
    /// What the code alone does not say; its own documentation tells what that is.
    pub detail: Option<String>,
}

impl From<FailureCode> for Failure {
    fn from(code: FailureCode) -> Failure {
        Failure { code, detail: None }
    }
}

impl Failure {
    /// A failure whose code needs a detail.
    pub fn with(code: FailureCode, detail: impl Into<String>) -> Failure {
        Failure {
            code,
            detail: Some(detail.into()),
        }
    }

    /// What happened and what to do, for the sender.
    pub fn sentence(&self) -> String {
        let detail = self.detail.as_deref().unwrap_or("no reason given");
        match self.code {
            FailureCode::OptedOut => "They wrote STOP. They can text START to hear from you again.",
            FailureCode::OptedOutAtCarrier => {
                "They opted out at the carrier. They can text START to hear from you again."
            }
            FailureCode::NotAnswerable => {
                "They text from a name or a short code, which takes no answer."
            }
            FailureCode::NoSender => {
                "This inbox has no number to send from. Give it one under Settings."
            }
            FailureCode::Landline => {
                "This number takes no texts; it may be a landline. Use another number, or call."
            }
            FailureCode::Empty => "There is nothing to send. Write a text first.",
            FailureCode::TooLong => {
                return format!(
                    "The text has {detail} characters, {TEXT_MAX} fit. Shorten it or send it in parts."
                );
            }
            FailureCode::CarrierRefused => return format!("The carrier refused it: {detail}"),
            FailureCode::CarrierUnreachable => {
                return format!("The carrier did not take it ({detail}). Try again later.");
            }
            FailureCode::NotSent => "The carrier never got it. Sending it again is safe.",
            FailureCode::PhoneUnreachable => {
                "Their phone is off or out of reach. Try again later."
            }
            FailureCode::Blocked => {
                "They block texts from you. It counts as a wish to get none; they can text START."
            }
            FailureCode::NoSuchNumber => "Nobody has this number. Check it with them.",
            FailureCode::Filtered => {
                "A carrier filtered it as unwanted. Sending it again makes that worse: change the words first."
            }
            FailureCode::NotDelivered => match &self.detail {
                Some(code) => {
                    return format!(
                        "The carrier could not deliver it and does not say why (its code is {code}). You may try again."
                    );
                }
                None => "The carrier could not deliver it and does not say why. You may try again.",
            },
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_a_sentence_of_its_own_that_ends_and_tells_its_detail() {
        let sentences: BTreeSet<String> = FailureCode::ALL
            .iter()
            .map(|code| Failure::from(*code).sentence())
            .collect();
        assert_eq!(sentences.len(), FailureCode::ALL.len());
        for code in [
            FailureCode::TooLong,
            FailureCode::CarrierRefused,
            FailureCode::CarrierUnreachable,
            FailureCode::NotDelivered,
        ] {
            let said = Failure::with(code, "1717").sentence();
            assert!(said.contains("1717"), "{said}");
        }
    }
}
