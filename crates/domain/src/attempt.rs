//! Attempts: each time that a message is handed to a carrier, and what is heard of it. A report is of one
//! attempt, whenever it comes; the message follows its latest.

use crate::conversation::Message;
use crate::delivery::State;
use crate::failure::{Failure, FailureCode};
use crate::id::{CarrierAccountId, MessageId};
use crate::time::Timestamp;

/// One time that a message was handed to a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub message_id: MessageId,
    /// From 1.
    pub number: i64,
    /// With whom.
    pub account_id: CarrierAccountId,
    /// The carrier's name for it, once it is known.
    pub provider_id: Option<String>,
    pub state: State,
    /// When it began; while it is open and its hub was started anew since, at the latest.
    pub begun_at: Timestamp,
    /// The carrier lists nothing of it from before.
    pub not_before: Timestamp,
}

/// What a carrier says of a text of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The carrier's name for the text.
    pub provider_id: String,
    pub state: State,
    /// Why it did not arrive.
    pub failure: Option<Failure>,
}

/// What a report says about the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AboutPoint {
    /// They want nothing from us.
    WantsNone,
    /// No text reaches it.
    IsLandline,
}

impl Failure {
    /// What it says about the number that the message was for.
    pub fn about_point(&self) -> Option<AboutPoint> {
        match self.code {
            FailureCode::Blocked | FailureCode::OptedOutAtCarrier => Some(AboutPoint::WantsNone),
            FailureCode::Landline => Some(AboutPoint::IsLandline),
            _ => None,
        }
    }
}

/// Which of a message's attempts a report is of. `number` is what its address says; reports to an
/// address without one are told apart by the carrier's name. None when it can be of none of them.
pub fn of_report(attempts: &[Attempt], number: Option<i64>, provider_id: &str) -> Option<usize> {
    let named = |it: &Attempt| it.provider_id.as_deref() == Some(provider_id);
    if let Some(known) = attempts.iter().position(named) {
        return number
            .is_none_or(|number| attempts[known].number == number)
            .then_some(known);
    }
    let unnamed = |it: &&Attempt| it.provider_id.is_none();
    let found = match number {
        Some(number) => attempts.iter().find(|it| it.number == number),
        None => attempts.iter().max_by_key(|it| it.number),
    };
    let found = found.filter(unnamed)?;
    attempts.iter().position(|it| it.number == found.number)
}

impl Attempt {
    /// Takes in what the carrier says of it; whether that is news.
    pub fn hear(&mut self, provider_id: &str, state: State) -> bool {
        let before = (self.provider_id.clone(), self.state);
        self.provider_id = Some(provider_id.to_owned());
        self.state = self.state.advance(state).unwrap_or(self.state);
        before != (self.provider_id.clone(), self.state)
    }
}

impl Message {
    /// Follows its latest attempt after something was heard of it; whether that changed the message.
    pub fn follow(&mut self, attempt: &Attempt, failure: Option<Failure>, now: Timestamp) -> bool {
        let arrived = matches!(attempt.state, State::Sent | State::Delivered);
        let concluded = self.failure.as_ref().map(|it| it.code) == Some(FailureCode::NotSent);
        let next = match self.state {
            // It waits to be sent again, and need not: the attempt that seemed lost was not.
            State::Queued => arrived.then_some(attempt.state),
            // That the carrier never got it was our conclusion, and the carrier knows better.
            State::Failed if concluded => attempt.state.is_carriers().then_some(attempt.state),
            state => state.advance(attempt.state),
        };
        let Some(next) = next else { return false };
        self.state = next;
        self.state_at = now;
        self.failure = failure;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Author, HubReason, Kind};
    use crate::id::{ConversationId, Id as _};

    fn message(state: State) -> Message {
        Message {
            id: MessageId::from_uuid(1),
            conversation_id: ConversationId::from_uuid(1),
            seq: 1,
            kind: Kind::Message,
            author: Author::Hub(HubReason::Keyword),
            text: "Hello".to_owned(),
            state,
            state_at: Timestamp(0),
            failure: None,
            segments: 1,
            sender_id: None,
            client_key: None,
            at: Timestamp(0),
        }
    }

    fn attempt(number: i64, name: Option<&str>, state: State) -> Attempt {
        Attempt {
            message_id: MessageId::from_uuid(1),
            number,
            account_id: CarrierAccountId::from_uuid(1),
            provider_id: name.map(str::to_owned),
            state,
            begun_at: Timestamp(0),
            not_before: Timestamp(0),
        }
    }

    #[test]
    fn a_report_is_of_the_attempt_that_its_address_and_name_agree_on() {
        let attempts = [
            attempt(1, Some("SM1"), State::Failed),
            attempt(2, None, State::Sending),
        ];
        for (number, name, found) in [
            (Some(1), "SM1", Some(0)),
            (Some(2), "SM2", Some(1)),
            (None, "SM1", Some(0)),
            (None, "SM2", Some(1)),
            // A name that an earlier attempt has is never taken for the name of a later one.
            (Some(2), "SM1", None),
            (Some(1), "SM2", None),
            (Some(3), "SM3", None),
        ] {
            assert_eq!(
                of_report(&attempts, number, name),
                found,
                "{number:?} {name}"
            );
        }
        assert_eq!(of_report(&attempts[..1], None, "SM2"), None);
        assert_eq!(of_report(&[], None, "SM2"), None);
    }

    #[test]
    fn a_message_follows_its_latest_attempt() {
        use State::*;
        let not_sent = Some(FailureCode::NotSent);
        for (was, failed, heard, becomes) in [
            (Sending, None, Sent, Sent),
            (Sending, None, Delivered, Delivered),
            (Uncertain, None, Undelivered, Undelivered),
            (Delivered, None, Undelivered, Delivered),
            (Sent, None, Sending, Sent),
            // It waits for a second attempt, and the first turns out to have arrived.
            (Queued, None, Delivered, Delivered),
            (Queued, None, Undelivered, Queued),
            (Queued, None, Uncertain, Queued),
            // We gave it up for lost.
            (Failed, not_sent, Delivered, Delivered),
            (Failed, not_sent, Undelivered, Undelivered),
            (Failed, not_sent, Uncertain, Failed),
            (Failed, Some(FailureCode::CarrierRefused), Delivered, Failed),
            (Refused, Some(FailureCode::OptedOut), Delivered, Refused),
        ] {
            let mut it = message(was);
            it.failure = failed.map(Failure::from);
            let before = it.clone();
            let news = it.follow(&attempt(1, Some("SM1"), heard), None, Timestamp(9));
            assert_eq!(it.state, becomes, "{was:?} {failed:?} {heard:?}");
            assert_eq!(news, it != before, "{was:?} {heard:?}");
            assert!(!news || it.failure.is_none());
        }
    }

    #[test]
    fn an_attempt_keeps_its_name_and_never_goes_back() {
        let mut it = attempt(1, None, State::Sending);
        assert!(it.hear("SM1", State::Delivered));
        assert!(!it.hear("SM1", State::Sent));
        assert_eq!(it, attempt(1, Some("SM1"), State::Delivered));
    }
}
