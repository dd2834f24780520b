//! The send gate: the one function that every outgoing message passes.

use crate::time::Timestamp;

/// Characters that a carrier takes in one message.
pub const TEXT_MAX: usize = 1_600;

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
    /// Why.
    pub purpose: Purpose,
    /// Since when the contact point wants no messages.
    pub opted_out_since: Option<Timestamp>,
    /// Whether what is sent to their address reaches them.
    pub can_be_answered: bool,
    /// Whether the inbox has a carrier to send with.
    pub has_sender: bool,
}

/// Why a message may not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: &'static str,
    /// For the sender.
    pub reason: String,
    /// Since when, where that says something.
    pub since: Option<Timestamp>,
}

/// Decides whether a message may leave.
pub fn check(asked: &Asked<'_>) -> Result<(), Refusal> {
    let refuse = |code, reason: &str, since| {
        Err(Refusal {
            code,
            reason: reason.to_owned(),
            since,
        })
    };
    if let Some(since) = asked
        .opted_out_since
        .filter(|_| asked.purpose == Purpose::Ordinary)
    {
        return refuse(
            "opted_out",
            "They wrote STOP. They can text START to hear from you again.",
            Some(since),
        );
    }
    if !asked.can_be_answered {
        return refuse(
            "not_answerable",
            "They text from a name or a short code, which takes no answer.",
            None,
        );
    }
    if !asked.has_sender {
        return refuse(
            "no_sender",
            "This inbox has no carrier. Give it one under Settings.",
            None,
        );
    }
    if asked.text.trim().is_empty() {
        return refuse(
            "empty",
            "There is nothing to send. Write a text first.",
            None,
        );
    }
    let length = asked.text.chars().count();
    if length > TEXT_MAX {
        let reason = format!(
            "The text has {length} characters, {TEXT_MAX} fit. Shorten it or send it in parts."
        );
        return Err(Refusal {
            code: "too_long",
            reason,
            since: None,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_that_holds_refuses() {
        let plain = Asked {
            text: "Hello",
            purpose: Purpose::Ordinary,
            opted_out_since: None,
            can_be_answered: true,
            has_sender: true,
        };
        let out = Asked {
            opted_out_since: Some(Timestamp(5)),
            ..plain
        };
        let long = "a".repeat(TEXT_MAX + 1);
        for (asked, code) in [
            (plain, None),
            (out, Some("opted_out")),
            (
                Asked {
                    purpose: Purpose::KeywordReply,
                    ..out
                },
                None,
            ),
            (
                Asked {
                    purpose: Purpose::KeywordReply,
                    can_be_answered: false,
                    ..plain
                },
                Some("not_answerable"),
            ),
            (
                Asked {
                    has_sender: false,
                    ..plain
                },
                Some("no_sender"),
            ),
            (
                Asked {
                    text: " \n",
                    ..plain
                },
                Some("empty"),
            ),
            (
                Asked {
                    text: &long,
                    ..plain
                },
                Some("too_long"),
            ),
        ] {
            assert_eq!(
                check(&asked).err().map(|refusal| refusal.code),
                code,
                "{asked:?}"
            );
        }
    }
}
