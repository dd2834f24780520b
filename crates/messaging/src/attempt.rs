//! One attempt at the carrier: begun in a commit, made once, its outcome written in another.

use crate::confirm::{ask_confirm, settle};
use crate::error::{MessagingError, Result};
use crate::send::SendPayload;
use crate::tell::save_and_tell;
use crate::{Messaging, load_message};
use tieline_channels::CarrierError;
use tieline_channels::twilio::outbound::{Account, CarrierText, OutboundText, send};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::address::can_be_answered;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::gate::{Asked, Purpose, check};
use tieline_storage::consent::Entry;
use tieline_storage::conversation::Listed;
use tieline_storage::inbox::Inbox;
use tieline_storage::job::{self, ClaimedJob};
use tieline_storage::{StorageError, consent, conversation, inbox};

/// A carrier that asks us to wait is asked again after this long, then twice that, and so on.
const WAIT_FIRST_MS: i64 = 2_000;
const WAIT_DOUBLINGS_MAX: i64 = 8;
/// How often a text that the carrier does not take is tried.
const ATTEMPTS_MAX: i64 = 10;
/// How often the outcome of an attempt is written when reports race with it.
const ATTEMPTS_TO_RECORD: usize = 5;

struct Ready {
    message: Message,
    listed: Listed,
    inbox: Inbox,
    account: Account,
}

impl Messaging {
    /// Handles [`tieline_domain::job::JobKind::MessageSend`].
    pub async fn handle_send(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: SendPayload = claimed.payload()?;
        let Some(ready) = self.begin_attempt(claimed, &payload).await? else {
            return Ok(());
        };
        let status_url = format!(
            "{}/hooks/twilio/{}/status?message={}&attempt={}",
            self.public_url, ready.inbox.id, ready.message.id, ready.message.attempt
        );
        let text = OutboundText {
            to: &ready.listed.address,
            from: &ready.inbox.address,
            text: &ready.message.text,
            status_url: &status_url,
        };
        let outcome = send(&self.transport, &ready.account, &text).await;
        let mut ended = self.end_attempt(claimed, &ready, &outcome).await;
        for _ in 0..ATTEMPTS_TO_RECORD {
            // A report moved the message on at the same time: look at it again.
            if !matches!(
                ended,
                Err(MessagingError::Storage(StorageError::Conflict("message")))
            ) {
                break;
            }
            ended = self.end_attempt(claimed, &ready, &outcome).await;
        }
        ended
    }

    /// Commits that the one attempt begins, unless the message must not leave any more.
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
        let listed = conversation::get(&mut tx, &Scope::system(), message.conversation_id).await?;
        let inbox = inbox::by_id(&mut tx, listed.conversation.inbox_id).await?;
        let secret = (self.open_secret)(inbox.id, &inbox.carrier_secret);
        let asked = Asked {
            text: &message.text,
            purpose: if payload.keyword_reply {
                Purpose::KeywordReply
            } else {
                Purpose::Ordinary
            },
            opted_out_since: listed.opted_out_since,
            can_be_answered: can_be_answered(&listed.address),
            has_sender: secret.is_some(),
        };
        message.state_at = tx.now();
        // Consent may have been withdrawn since the message was written.
        if let Err(refusal) = check(&asked) {
            message.state = State::Refused;
            message.error = Some((refusal.code.to_owned(), refusal.reason));
            save_and_tell(&mut tx, &message, State::Queued).await?;
            job::finish(&mut tx, claimed).await?;
            tx.commit().await?;
            return Ok(None);
        }
        message.state = State::Sending;
        save_and_tell(&mut tx, &message, State::Queued).await?;
        job::start_attempt(&mut tx, claimed).await?;
        tx.commit().await?;
        let account = Account {
            url: inbox.carrier_url.clone(),
            sid: inbox.carrier_account.clone(),
            token: secret.unwrap_or_default(),
        };
        Ok(Some(Ready {
            message,
            listed,
            inbox,
            account,
        }))
    }

    async fn end_attempt(
        &self,
        claimed: &ClaimedJob,
        ready: &Ready,
        outcome: &std::result::Result<CarrierText, CarrierError>,
    ) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        // A report may have come in meanwhile.
        let mut message = load_message(&mut tx, ready.message.id).await?;
        let was = message.state;
        message.state_at = tx.now();
        match outcome {
            Ok(text) => {
                settle(&mut message, text);
                job::finish(&mut tx, claimed).await?;
            }
            Err(CarrierError::NotNow(why)) if claimed.attempts < ATTEMPTS_MAX => {
                message.state = State::Queued;
                let at = tx.now() + (WAIT_FIRST_MS << claimed.attempts.min(WAIT_DOUBLINGS_MAX));
                job::retry(&mut tx, claimed, at, why).await?;
            }
            Err(CarrierError::Uncertain(_)) => {
                message.state = message
                    .state
                    .advance(State::Uncertain)
                    .unwrap_or(message.state);
                ask_confirm(&mut tx, message.id, ready.inbox.id).await?;
                job::finish(&mut tx, claimed).await?;
            }
            Err(error) => {
                if matches!(error, CarrierError::OptedOut { .. }) {
                    let point_id = ready.listed.conversation.point_id;
                    let entry = Entry {
                        point_id,
                        state: ConsentState::OptedOut,
                        source: ConsentSource::Carrier,
                        message_id: Some(message.id),
                    };
                    consent::add(&mut tx, entry).await?;
                    tx.emit(Event::Conversation {
                        inbox_id: ready.inbox.id,
                        conversation_id: message.conversation_id,
                    });
                }
                message.state = State::Failed;
                message.error = Some(explain(error));
                job::finish(&mut tx, claimed).await?;
            }
        }
        save_and_tell(&mut tx, &message, was).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes over the job of a worker that did not come back from its attempt.
    pub async fn handle_uncertain(&self, expired: &ClaimedJob) -> Result<()> {
        let payload: SendPayload = expired.payload()?;
        let mut tx = self.store.begin(&Actor::system()).await?;
        let mut message = load_message(&mut tx, payload.message_id).await?;
        if let Some(state) = message.state.advance(State::Uncertain) {
            let was = std::mem::replace(&mut message.state, state);
            message.state_at = tx.now();
            save_and_tell(&mut tx, &message, was).await?;
            let scope = Scope::system();
            let listed = conversation::get(&mut tx, &scope, message.conversation_id).await?;
            ask_confirm(&mut tx, message.id, listed.conversation.inbox_id).await?;
        }
        job::finish_uncertain(&mut tx, expired).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn explain(error: &CarrierError) -> (String, String) {
    match error {
        CarrierError::Refused { code, message } => {
            (code.clone(), format!("The carrier refused it: {message}"))
        }
        CarrierError::OptedOut { .. } => (
            "opted_out".to_owned(),
            "They opted out at the carrier. They can text START to hear from you again.".to_owned(),
        ),
        CarrierError::NotNow(why) | CarrierError::Uncertain(why) => (
            "carrier_unreachable".to_owned(),
            format!("The carrier did not take it ({why}). Try again later."),
        ),
    }
}
