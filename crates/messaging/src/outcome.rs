//! What came of an attempt, by whichever way it is heard: the carrier's answer, its report, its list.
//! The attempt takes it in, the message follows, and what it says of the number is kept.

use crate::error::Result;
use crate::load_message;
use crate::tell::{save_and_tell, tell_gates};
use tieline_domain::access::Scope;
use tieline_domain::attempt::{AboutPoint, Attempt, Report};
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_domain::id::MessageId;
use tieline_storage::consent::Entry;
use tieline_storage::{Tx, attempt, consent, contact, conversation};

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The carrier has it.
    Heard(Report),
    /// The carrier refused it.
    Failed(Failure),
    /// Nothing left the house, and the message waits for its next attempt.
    NotTaken,
    /// Nobody knows.
    Unknown,
    /// The carrier was asked for long enough and has no such text.
    NotFound,
}

impl Outcome {
    pub fn named(provider_id: &str, state: State, failure: Option<Failure>) -> Outcome {
        Outcome::Heard(Report {
            provider_id: provider_id.to_owned(),
            state,
            failure,
        })
    }
}

/// Writes down what came of an attempt, and tells screens.
pub(crate) async fn conclude(tx: &mut Tx, of: &Attempt, outcome: Outcome) -> Result<()> {
    let attempts = attempt::load(tx, &[of.message_id]).await?;
    let attempts = attempts.into_values().next().unwrap_or_default();
    match attempts.iter().find(|it| it.number == of.number) {
        Some(known) => conclude_among(tx, &attempts, known, outcome).await,
        None => Ok(()),
    }
}

/// The same, of one of a message's attempts as they stand in this transaction.
pub(crate) async fn conclude_among(
    tx: &mut Tx,
    attempts: &[Attempt],
    known: &Attempt,
    outcome: Outcome,
) -> Result<()> {
    let mut it = known.clone();
    let was = it.state;
    let failure = match &outcome {
        Outcome::Heard(report) => {
            it.hear(&report.provider_id, report.state);
            // A carrier that gives one name twice has taken the second text all the same.
            if known.provider_id.is_none() && is_anothers(tx, known, &report.provider_id).await? {
                it.provider_id = None;
            }
            report.failure.clone()
        }
        Outcome::Failed(failure) => {
            it.state = it.state.advance(State::Failed).unwrap_or(was);
            Some(failure.clone())
        }
        Outcome::NotTaken => {
            it.state = it.state.advance(State::Failed).unwrap_or(was);
            None
        }
        Outcome::Unknown => {
            it.state = it.state.advance(State::Uncertain).unwrap_or(was);
            None
        }
        Outcome::NotFound => None,
    };
    if it != *known {
        attempt::save(tx, &it, was).await?;
    }
    let latest = attempts.last().map(|it| it.number);
    let mut message = load_message(tx, it.message_id).await?;
    let before = message.state;
    let now = tx.now();
    let changed = match outcome {
        _ if latest != Some(it.number) => false,
        Outcome::NotTaken if before == State::Sending => {
            (message.state, message.state_at) = (State::Queued, now);
            true
        }
        Outcome::NotFound if before == State::Uncertain => {
            (message.state, message.state_at) = (State::Failed, now);
            message.failure = Some(FailureCode::NotSent.into());
            true
        }
        Outcome::NotTaken | Outcome::NotFound => false,
        _ => message.follow(&it, failure.clone(), now),
    };
    if changed {
        save_and_tell(tx, &message, before).await?;
    }
    match failure.as_ref().and_then(Failure::about_point) {
        Some(said) if it.state != was => about_point(tx, it.message_id, said).await,
        _ => Ok(()),
    }
}

async fn is_anothers(tx: &mut Tx, of: &Attempt, name: &str) -> Result<bool> {
    let names = [name.to_owned()];
    let known = attempt::load_known(tx, of.account_id, &names).await?;
    Ok(!known.is_empty())
}

/// Keeps what a carrier said of the number that a message was for.
async fn about_point(tx: &mut Tx, message_id: MessageId, said: AboutPoint) -> Result<()> {
    let message = load_message(tx, message_id).await?;
    let listed = conversation::get(tx, &Scope::system(), message.conversation_id).await?;
    let point_id = listed.conversation.point_id;
    match said {
        AboutPoint::WantsNone if listed.opted_out_since.is_some() => return Ok(()),
        AboutPoint::WantsNone => {
            let entry = Entry {
                point_id,
                state: ConsentState::OptedOut,
                source: ConsentSource::Carrier,
                message_id: Some(message_id),
            };
            consent::add(tx, entry).await?;
        }
        AboutPoint::IsLandline => contact::mark_landline(tx, point_id).await?,
    }
    Ok(tell_gates(tx, &[point_id]).await?)
}
