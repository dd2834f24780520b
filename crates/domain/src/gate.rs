//! The send gate: the one function that every outgoing message passes, when it is written and again
//! before it leaves.

use crate::failure::{Failure, FailureCode, TEXT_MAX};
use crate::text::is_blank;
use crate::time::Timestamp;

/// A carrier's word that no text reaches a number counts for so long: numbers move between networks.
const LANDLINE_MS: i64 = 30 * 86_400_000;

/// Whether a secret can be opened is asked again after this long: another node may have its key.
const SECRET_AGAIN_MS: i64 = 5_000;
/// Texts that wait for a key are spread over so long.
const SECRET_SPREAD_MS: u64 = 2_500;

/// Why a message is sent; the confirmation of an opt-out is the one that passes the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Written by staff or asked for by a rule.
    Ordinary,
    /// The one answer that the law asks for after STOP, or an answer to HELP.
    KeywordReply,
}

/// What the gate looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The text as it would be sent.
    pub text: &'a str,
    pub purpose: Purpose,
    pub now: Timestamp,
    /// Since when the contact point wants no messages.
    pub opted_out_since: Option<Timestamp>,
    /// Since when a carrier says that no text reaches the contact point.
    pub landline_since: Option<Timestamp>,
    /// Whether what is sent to their address reaches them.
    pub can_be_answered: bool,
    /// Whether the inbox has a number to send from.
    pub has_sender: bool,
    /// Whether the secret of the number's account can be opened.
    pub has_secret: bool,
    /// Spreads what waits for the same thing.
    pub chance: u64,
    /// Until when the carrier asked to be left alone.
    pub held_until: Option<Timestamp>,
}

/// Whether a message may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Now.
    Send,
    /// Not before.
    Hold { until: Timestamp, why: HoldReason },
    /// Never, as things stand.
    Refuse(Refusal),
}

/// Why a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldReason {
    /// The carrier asked to be left alone for a while.
    CarrierBusy,
    /// The secret of the carrier account cannot be opened, until its key is back.
    SecretSealed,
}

impl HoldReason {
    /// For whoever looks after the hub's work.
    pub fn words(self) -> &'static str {
        match self {
            HoldReason::CarrierBusy => "the carrier asked to be left alone",
            HoldReason::SecretSealed => {
                "the secret of the carrier account cannot be opened; give the hub the key that it was sealed with"
            }
        }
    }
}

/// Why a message may not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub failure: Failure,
    /// Since when, where that says something.
    pub since: Option<Timestamp>,
}

impl From<FailureCode> for Refusal {
    fn from(code: FailureCode) -> Refusal {
        Refusal {
            failure: code.into(),
            since: None,
        }
    }
}

/// Decides whether a message may leave.
pub fn check(asked: &Asked<'_>) -> Verdict {
    if let Some(refusal) = refuse(asked) {
        return Verdict::Refuse(refusal);
    }
    if !asked.has_secret {
        return Verdict::Hold {
            until: asked.now + SECRET_AGAIN_MS + (asked.chance % SECRET_SPREAD_MS) as i64,
            why: HoldReason::SecretSealed,
        };
    }
    match asked.held_until.filter(|until| *until > asked.now) {
        Some(until) => Verdict::Hold {
            until,
            why: HoldReason::CarrierBusy,
        },
        None => Verdict::Send,
    }
}

fn refuse(asked: &Asked<'_>) -> Option<Refusal> {
    let because = |failure: Failure, since| Some(Refusal { failure, since });
    let plain = |code: FailureCode| Some(code.into());
    if asked.purpose == Purpose::Ordinary && asked.opted_out_since.is_some() {
        return because(FailureCode::OptedOut.into(), asked.opted_out_since);
    }
    if !asked.can_be_answered {
        return plain(FailureCode::NotAnswerable);
    }
    let landline = asked.landline_since;
    if landline.is_some_and(|since| asked.now.0 - since.0 < LANDLINE_MS) {
        return because(FailureCode::Landline.into(), landline);
    }
    if !asked.has_sender {
        return plain(FailureCode::NoSender);
    }
    if is_blank(asked.text) {
        return plain(FailureCode::Empty);
    }
    let length = asked.text.chars().count();
    if length > TEXT_MAX {
        let failure = Failure::with(FailureCode::TooLong, length.to_string());
        return because(failure, None);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Asked<'static> = Asked {
        text: "Hello",
        purpose: Purpose::Ordinary,
        now: Timestamp(LANDLINE_MS),
        opted_out_since: None,
        landline_since: None,
        can_be_answered: true,
        has_sender: true,
        has_secret: true,
        chance: 0,
        held_until: None,
    };

    #[test]
    fn the_first_reason_that_holds_refuses() {
        let long = "a".repeat(TEXT_MAX + 1);
        type Change = fn(&mut Asked<'_>);
        let cases: [(Change, FailureCode); 9] = [
            (
                |it| it.opted_out_since = Some(Timestamp(5)),
                FailureCode::OptedOut,
            ),
            (|it| it.can_be_answered = false, FailureCode::NotAnswerable),
            (
                |it| it.landline_since = Some(Timestamp(1)),
                FailureCode::Landline,
            ),
            (|it| it.has_sender = false, FailureCode::NoSender),
            (|it| it.text = " \n", FailureCode::Empty),
            (
                |it| it.text = "\u{200b}\u{ad} \u{feff}\u{2060}\u{2800}\u{e0020}",
                FailureCode::Empty,
            ),
            // The order in which they are asked.
            (
                |it| (it.opted_out_since, it.can_be_answered) = (Some(Timestamp(5)), false),
                FailureCode::OptedOut,
            ),
            (
                |it| (it.text, it.has_sender) = ("", false),
                FailureCode::NoSender,
            ),
            (
                |it| (it.held_until, it.has_sender) = (Some(Timestamp(i64::MAX)), false),
                FailureCode::NoSender,
            ),
        ];
        for (change, code) in cases {
            let mut asked = PLAIN;
            change(&mut asked);
            match check(&asked) {
                Verdict::Refuse(refusal) => assert_eq!(refusal.failure.code, code, "{asked:?}"),
                other => panic!("{other:?} of {asked:?}"),
            }
        }
        let asked = Asked {
            text: &long,
            ..PLAIN
        };
        let Verdict::Refuse(refusal) = check(&asked) else {
            panic!("a long text left");
        };
        assert_eq!(refusal.failure.detail.as_deref(), Some("1601"));
    }

    #[test]
    fn a_keyword_reply_passes_the_block_and_nothing_else() {
        let mut asked = PLAIN;
        asked.purpose = Purpose::KeywordReply;
        asked.opted_out_since = Some(Timestamp(5));
        assert_eq!(check(&asked), Verdict::Send);
        asked.can_be_answered = false;
        assert!(matches!(check(&asked), Verdict::Refuse(_)));
    }

    #[test]
    fn a_secret_that_does_not_open_holds_what_would_leave() {
        let mut asked = PLAIN;
        asked.has_secret = false;
        for (chance, waits_ms) in [(0, 5_000), (2_499, 7_499), (2_500, 5_000)] {
            asked.chance = chance;
            let held = Verdict::Hold {
                until: asked.now + waits_ms,
                why: HoldReason::SecretSealed,
            };
            assert_eq!(check(&asked), held);
        }
        asked.opted_out_since = Some(Timestamp(5));
        assert!(matches!(check(&asked), Verdict::Refuse(_)));
    }

    #[test]
    fn a_busy_carrier_holds_until_it_may_be_asked_and_a_landline_is_tried_again_after_a_month() {
        for (held, expected) in [(-1, Verdict::Send), (0, Verdict::Send)] {
            let mut asked = PLAIN;
            asked.held_until = Some(Timestamp(PLAIN.now.0 + held));
            assert_eq!(check(&asked), expected, "{held}");
        }
        let mut asked = PLAIN;
        let until = Timestamp(PLAIN.now.0 + 1);
        asked.held_until = Some(until);
        let why = HoldReason::CarrierBusy;
        assert_eq!(check(&asked), Verdict::Hold { until, why });
        let mut asked = PLAIN;
        asked.landline_since = Some(Timestamp(0));
        assert_eq!(check(&asked), Verdict::Send);
    }
}
