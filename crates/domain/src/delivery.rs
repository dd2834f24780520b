//! The state of an outgoing message: it goes forward, whatever order reports come in.

use crate::words::words;

words! {
    /// Where a message is.
    #[cfg_attr(feature = "schema", schema(as = MessageState))]
    State {
        /// Came in.
        Received = "received",
        /// Waits to leave.
        Queued = "queued",
        /// Is being handed to the carrier.
        Sending = "sending",
        /// Nobody knows whether the carrier took it.
        Uncertain = "uncertain",
        /// The carrier has it.
        Sent = "sent",
        /// The phone has it.
        Delivered = "delivered",
        /// The carrier could not deliver it.
        Undelivered = "undelivered",
        /// It did not leave, or the carrier refused it.
        Failed = "failed",
        /// The send gate refused it.
        Refused = "refused",
    }
}

/// Whether words reached whom they were for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Surely,
    /// Nobody knows whether the carrier took them.
    Perhaps,
    /// They were not delivered.
    InVain,
}

impl State {
    /// The state after a report, or `None` when the report is late, doubled or out of order. No report
    /// makes a message of ours one that came in.
    pub fn advance(self, reported: State) -> Option<State> {
        let moves_on = reported != State::Received && reported.rank() > self.rank();
        moves_on.then_some(reported)
    }

    /// Whether a person may send it again without fear of sending it twice.
    pub fn may_be_retried(self) -> bool {
        matches!(self, State::Failed | State::Undelivered)
    }

    /// Whether it is a carrier's word, not our own.
    pub fn is_carriers(self) -> bool {
        matches!(
            self,
            State::Sent | State::Delivered | State::Undelivered | State::Failed
        )
    }

    /// How a text in this state stands in a record of what was said; what never left is not in it.
    pub fn said(self) -> Option<Said> {
        match self {
            State::Received | State::Sent | State::Delivered => Some(Said::Surely),
            State::Uncertain => Some(Said::Perhaps),
            State::Undelivered | State::Failed => Some(Said::InVain),
            State::Queued | State::Sending | State::Refused => None,
        }
    }

    /// An end state has the highest rank, and the first to come stays.
    fn rank(self) -> u8 {
        match self {
            State::Queued => 0,
            State::Sending => 1,
            State::Uncertain => 2,
            State::Sent => 3,
            State::Delivered
            | State::Undelivered
            | State::Failed
            | State::Refused
            | State::Received => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reports_in_any_order_end_in_the_same_state() {
        use State::*;
        for order in [[Sent, Delivered], [Delivered, Sent]] {
            let end = order.into_iter().fold(Sending, |state, report| {
                state.advance(report).unwrap_or(state)
            });
            assert_eq!(end, Delivered, "{order:?}");
        }
        assert_eq!(Delivered.advance(Undelivered), None);
        assert_eq!(Uncertain.advance(Delivered), Some(Delivered));
    }

    #[test]
    fn each_state_takes_these_reports_and_no_others() {
        use State::*;
        let ends = [Delivered, Undelivered, Failed, Refused];
        for (state, takes) in [
            (Queued, &[Sending, Uncertain, Sent][..]),
            (Sending, &[Uncertain, Sent]),
            (Uncertain, &[Sent]),
            (Sent, &[]),
        ] {
            for reported in State::ALL.iter().copied() {
                let taken = takes.contains(&reported) || ends.contains(&reported);
                let expected = taken.then_some(reported);
                assert_eq!(state.advance(reported), expected, "{state:?}, {reported:?}");
            }
        }
        for end in ends.into_iter().chain([Received]) {
            for reported in State::ALL.iter().copied() {
                assert_eq!(end.advance(reported), None, "{end:?}, {reported:?}");
            }
        }
    }

    #[test]
    fn only_what_surely_did_not_arrive_may_be_sent_again() {
        for state in State::ALL {
            let word = state.as_str();
            let surely = matches!(word, "failed" | "undelivered");
            assert_eq!(state.may_be_retried(), surely, "{word}");
        }
    }

    #[test]
    fn what_never_left_was_not_said() {
        let unsaid: Vec<_> = State::ALL.iter().filter(|it| it.said().is_none()).collect();
        assert_eq!(unsaid, [&State::Queued, &State::Sending, &State::Refused]);
        assert_eq!(State::Sent.said(), Some(Said::Surely));
        assert_eq!(State::Uncertain.said(), Some(Said::Perhaps));
        assert_eq!(State::Undelivered.said(), Some(Said::InVain));
    }

    proptest! {
        #[test]
        fn no_state_is_left_and_come_back_to(reports in proptest::collection::vec(0..9usize, 0..20)) {
            let mut been = vec![State::Queued];
            for report in reports {
                let state = been[been.len() - 1];
                if let Some(next) = state.advance(State::ALL[report]) {
                    prop_assert!(!been.contains(&next), "{been:?}, then {next:?}");
                    been.push(next);
                }
            }
            prop_assert!(been.len() <= 5, "{been:?}");
        }
    }
}
