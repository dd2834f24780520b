//! One attempt at the carrier: begun in a commit, made once, its outcome written in another.

use crate::confirm::ask_confirm;
use crate::error::{MessagingError, Result};
use crate::outcome::{Outcome, conclude};
use crate::send::{SendPayload, asked};
use crate::tell::save_and_tell;
use crate::{Messaging, load_message};
use tieline_channels::{Carrier, CarrierError, CarrierText, OutboundText};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::attempt::Attempt;
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_domain::gate::{Asked, Purpose, Refusal, Verdict, check};
use tieline_domain::time::Timestamp;
use tieline_storage::carrier_account::{self, Sender};
use tieline_storage::conversation::Listed;
use tieline_storage::job::{self, ClaimedJob};
use tieline_storage::{StorageError, Tx, attempt, contact, conversation};

/// A carrier that asks us to wait is asked again after this long, then twice that, and so on.
const WAIT_FIRST_MS: i64 = 2_000;
const WAIT_DOUBLINGS_MAX: i64 = 8;
/// Nobody makes a text wait longer than this at once.
const WAIT_LONGEST_MS: i64 = 3_600_000;
/// How often a text that the carrier does not take is tried.
const ATTEMPTS_MAX: i64 = 10;
/// How often the outcome of an attempt is written when reports race with it.
const ATTEMPTS_TO_RECORD: usize = 5;

struct Ready {
    message: Message,
    attempt: Attempt,
    listed: Listed,
    sender: Sender,
    carrier: Carrier,
}

impl Messaging {
    /// Handles [`tieline_domain::job::JobKind::MessageSend`].
    pub async fn handle_send(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: SendPayload = claimed.payload()?;
        let Some(ready) = self.begin_attempt(claimed, &payload).await? else {
            return Ok(());
        };
        let status_url = format!(
            "{}/hooks/twilio/accounts/{}/status?message={}&attempt={}",
            self.public_url, ready.sender.account_id, ready.message.id, ready.attempt.number
        );
        let text = OutboundText {
            to: &ready.listed.address,
            from: &ready.sender.address,
            text: &ready.message.text,
            status_url: &status_url,
        };
        let outcome = ready.carrier.send(&self.transport, &text).await;
        let mut ended = self.end_attempt(claimed, &ready, &outcome).await;
        for _ in 0..ATTEMPTS_TO_RECORD {
            // A report moved the message on at the same time: look at it again.
            if !matches!(
                ended,
                Err(MessagingError::Storage(StorageError::Conflict(
                    "message" | "attempt"
                )))
            ) {
                break;
            }
            ended = self.end_attempt(claimed, &ready, &outcome).await;
        }
        ended
    }

    /// Commits that the one attempt begins, unless the message must not leave any more, or not yet.
    async fn begin_attempt(
        &self,
        claimed: &ClaimedJob,
        payload: &SendPayload,
    ) -> Result<Option<Ready>> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let mut message = load_message(&mut tx, payload.message_id).await?;
        if message.state != State::Queued {
            job::finish(&mut tx, claimed).await?;
            tx.commit().await?;
            return Ok(None);
        }
        // A STOP that is being taken in is heard first, or waits until the attempt has begun.
        contact::lock_point_of(&mut tx, message.conversation_id).await?;
        let listed = conversation::get(&mut tx, &Scope::system(), message.conversation_id).await?;
        let way = self.way(&mut tx, &listed, &message).await?;
        message.state_at = tx.now();
        // Consent may have been withdrawn since the message was written.
        let verdict = check(&Asked {
            purpose: if payload.keyword_reply {
                Purpose::KeywordReply
            } else {
                Purpose::Ordinary
            },
            has_sender: way.is_some(),
            has_secret: way.as_ref().is_none_or(|way| way.carrier.is_some()),
            chance: claimed.chance(),
            held_until: way.as_ref().and_then(|way| way.held_until),
            ..asked(&listed, &message.text, tx.now())
        });
        match (verdict, way) {
            (
                Verdict::Send,
                Some(Way {
                    sender,
                    carrier: Some(carrier),
                    ..
                }),
            ) => {
                message.state = State::Sending;
                message.sender_id = Some(sender.id);
                save_and_tell(&mut tx, &message, State::Queued).await?;
                let attempt = attempt::begin(&mut tx, message.id, sender.account_id).await?;
                job::start_attempt(&mut tx, claimed).await?;
                tx.commit().await?;
                Ok(Some(Ready {
                    message,
                    attempt,
                    listed,
                    sender,
                    carrier,
                }))
            }
            (Verdict::Hold { until, why }, _) => {
                job::wait(&mut tx, claimed, until, why.words()).await?;
                tx.commit().await?;
                Ok(None)
            }
            (Verdict::Refuse(refusal), _) => refuse(tx, claimed, message, refusal).await,
            (Verdict::Send, _) => refuse(tx, claimed, message, FailureCode::NoSender.into()).await,
        }
    }

    /// The number that a message goes through and the carrier that has it, if the inbox has one.
    async fn way(&self, tx: &mut Tx, listed: &Listed, message: &Message) -> Result<Option<Way>> {
        let it = &listed.conversation;
        let wanted = message.sender_id.or(it.sender_id);
        let Some(sender) = carrier_account::sender_for(tx, it.inbox_id, wanted).await? else {
            return Ok(None);
        };
        let account = carrier_account::by_id(tx, sender.account_id).await?;
        Ok(Some(Way {
            carrier: self.carrier(&account),
            held_until: account.held_until,
            sender,
        }))
    }

    async fn end_attempt(
        &self,
        claimed: &ClaimedJob,
        ready: &Ready,
        outcome: &std::result::Result<CarrierText, CarrierError>,
    ) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        match outcome {
            Ok(text) => {
                let heard = Outcome::named(&text.provider_id, text.state, None);
                conclude(&mut tx, &ready.attempt, heard).await?;
                job::finish(&mut tx, claimed).await?;
            }
            Err(CarrierError::Transient { why, wait_ms }) if claimed.attempts < ATTEMPTS_MAX => {
                let doubled = WAIT_FIRST_MS << claimed.attempts.min(WAIT_DOUBLINGS_MAX);
                let wait = wait_ms.unwrap_or_default().clamp(0, WAIT_LONGEST_MS);
                let now = tx.now();
                let at = now + doubled.max(wait);
                if wait > 0 {
                    carrier_account::hold(&mut tx, ready.sender.account_id, now + wait).await?;
                }
                conclude(&mut tx, &ready.attempt, Outcome::NotTaken).await?;
                job::retry(&mut tx, claimed, at, why).await?;
            }
            Err(CarrierError::Uncertain(_)) => {
                conclude(&mut tx, &ready.attempt, Outcome::Unknown).await?;
                ask_confirm(&mut tx, &ready.attempt).await?;
                job::finish(&mut tx, claimed).await?;
            }
            Err(error) => {
                let heard = Outcome::Failed(explain(error));
                conclude(&mut tx, &ready.attempt, heard).await?;
                job::finish(&mut tx, claimed).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Ends the waiting of a text whose job was given up before it was handed to the carrier.
    pub async fn give_up(&self, tx: &mut Tx, dead: &ClaimedJob) -> Result<()> {
        let payload: SendPayload = dead.payload()?;
        let mut message = load_message(tx, payload.message_id).await?;
        if message.state == State::Queued {
            (message.state, message.state_at) = (State::Failed, tx.now());
            message.failure = Some(FailureCode::NotSent.into());
            save_and_tell(tx, &message, State::Queued).await?;
        }
        Ok(())
    }

    /// Takes over the job of a worker that did not come back from its attempt.
    pub async fn handle_uncertain(&self, expired: &ClaimedJob) -> Result<()> {
        let payload: SendPayload = expired.payload()?;
        let mut tx = self.store.begin(&Actor::system()).await?;
        let attempts = attempt::load(&mut tx, &[payload.message_id]).await?;
        let latest = attempts.into_values().flatten().last();
        if let Some(open) = latest.filter(|it| it.state == State::Sending) {
            conclude(&mut tx, &open, Outcome::Unknown).await?;
            ask_confirm(&mut tx, &open).await?;
        }
        job::finish_uncertain(&mut tx, expired).await?;
        Ok(tx.commit().await?)
    }
}

/// How a message leaves.
struct Way {
    sender: Sender,
    /// None while its secret does not open.
    carrier: Option<Carrier>,
    held_until: Option<Timestamp>,
}

async fn refuse(
    mut tx: Tx,
    claimed: &ClaimedJob,
    mut message: Message,
    refusal: Refusal,
) -> Result<Option<Ready>> {
    message.state = State::Refused;
    message.failure = Some(refusal.failure);
    save_and_tell(&mut tx, &message, State::Queued).await?;
    job::finish(&mut tx, claimed).await?;
    tx.commit().await?;
    Ok(None)
}

fn explain(error: &CarrierError) -> Failure {
    match error {
        CarrierError::Refused { code, message } => Failure::with(
            FailureCode::CarrierRefused,
            format!("{message} (code {code})"),
        ),
        CarrierError::OptedOut { .. } => FailureCode::OptedOutAtCarrier.into(),
        CarrierError::Transient { why, .. } | CarrierError::Uncertain(why) => {
            Failure::with(FailureCode::CarrierUnreachable, why.clone())
        }
    }
}
