//! Sending: the gate, one commit with the job, and at most one attempt at the carrier.

use crate::error::{MessagingError, Result};
use crate::receive::tell;
use crate::{JOB_CONFIRM, JOB_SEND, Messaging, ask_log};
use serde::{Deserialize, Serialize};
use tieline_channels::CarrierError;
use tieline_channels::twilio::outbound::{Account, CarrierText, OutboundText, list, send};
use tieline_domain::access::Scope;
use tieline_domain::conversation::{Direction, Draft, Message};
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::gate::{Asked, Purpose, Refusal, check};
use tieline_domain::id::{ConversationId, MessageId, StaffId};
use tieline_storage::consent::Entry;
use tieline_storage::conversation::Listed;
use tieline_storage::inbox::Inbox;
use tieline_storage::job::{self, ClaimedJob, Class, NewJob};
use tieline_storage::{StorageError, Store, Tx, consent, conversation, inbox, message};

/// A carrier that asks us to wait is asked again after this long, then twice that, and so on.
const WAIT_FIRST_MS: i64 = 2_000;
const WAIT_DOUBLINGS_MAX: i64 = 8;
/// How often a text that the carrier does not take is tried.
const ATTEMPTS_MAX: i64 = 10;
/// A text cut off in sending is looked for at the carrier after this long, again and again.
const CONFIRM_AFTER_MS: i64 = 5_000;
/// What the carrier does not list by then, it never got.
const CONFIRM_UNTIL_MS: i64 = 10 * 60 * 1_000;

/// How often the outcome of an attempt is written when reports race with it.
const ATTEMPTS_TO_RECORD: usize = 5;
/// Names what the carrier gave to attempts before a person sent the message again.
const EARLIER_ATTEMPT: &str = "sms_earlier_attempt";

#[derive(Serialize, Deserialize)]
struct SendPayload {
    message_id: MessageId,
    keyword_reply: bool,
}

#[derive(Serialize, Deserialize)]
struct ConfirmPayload {
    message_id: MessageId,
    since_ms: i64,
}

/// What staff wrote.
pub struct Written {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub author: StaffId,
    /// What.
    pub text: String,
    /// The writer's own key, so that a repeated request is one message.
    pub client_key: String,
    /// Only for staff to see.
    pub note: bool,
}

/// Whether a text may be sent in a conversation now.
pub fn gate(listed: &Listed, text: &str) -> std::result::Result<(), Refusal> {
    check(&Asked {
        text,
        purpose: Purpose::Ordinary,
        opted_out_since: listed.opted_out_since,
        has_sender: listed.channel == "sms",
    })
}

/// Writes a message or note; what the gate refuses is not written.
pub async fn write(store: &Store, scope: &Scope, written: &Written) -> Result<Message> {
    match write_once(store, scope, written).await {
        // The same request came twice at once, or a text came in: whoever was first is there now.
        Err(MessagingError::Storage(StorageError::Duplicate(_) | StorageError::Conflict(_))) => {
            write_once(store, scope, written).await
        }
        other => other,
    }
}

async fn write_once(store: &Store, scope: &Scope, written: &Written) -> Result<Message> {
    let mut tx = store.begin().await?;
    let listed = conversation::get(&mut tx, scope, written.conversation_id).await?;
    if let Some(known) =
        message::load_by_client_key(&mut tx, written.conversation_id, &written.client_key).await?
    {
        return Ok(known);
    }
    if written.note && written.text.trim().is_empty() {
        return Err(MessagingError::Invalid {
            field: "text",
            problem: "write something first".to_owned(),
        });
    }
    if !written.note {
        gate(&listed, &written.text).map_err(MessagingError::Refused)?;
    }
    let mut conversation = listed.conversation;
    let message = conversation.add(Draft {
        id: tx.new_id(),
        direction: if written.note {
            Direction::Note
        } else {
            Direction::Out
        },
        author: Some(written.author),
        text: written.text.clone(),
        state: if written.note {
            State::Received
        } else {
            State::Queued
        },
        provider_id: None,
        client_key: Some(written.client_key.clone()),
        at: tx.now(),
    });
    conversation::save_many(&mut tx, std::slice::from_ref(&conversation)).await?;
    message::create_many(&mut tx, std::slice::from_ref(&message)).await?;
    if !written.note {
        ask_send(&mut tx, message.id, Purpose::Ordinary).await?;
        ask_log(&mut tx, conversation.id, message.at).await?;
    }
    tell(&mut tx, conversation.inbox_id, conversation.id, message.id);
    tx.commit().await?;
    Ok(message)
}

/// Sends a failed message again, on a person's word.
pub async fn retry(store: &Store, scope: &Scope, id: MessageId) -> Result<Message> {
    let mut tx = store.begin().await?;
    let mut message = load(&mut tx, id).await?;
    conversation::get(&mut tx, scope, message.conversation_id).await?;
    if message.direction != Direction::Out || !message.state.may_be_retried() {
        let problem = format!(
            "it is {}; only a message that failed can be sent again",
            message.state.as_str()
        );
        return Err(MessagingError::Invalid {
            field: "message",
            problem,
        });
    }
    let was = std::mem::replace(&mut message.state, State::Queued);
    message.state_at = tx.now();
    message.error = None;
    if let Some(earlier) = message.provider_id.take() {
        message::add_receipts(&mut tx, EARLIER_ATTEMPT, &[earlier]).await?;
    }
    save_and_tell(&mut tx, &message, was).await?;
    ask_send(&mut tx, id, Purpose::Ordinary).await?;
    tx.commit().await?;
    Ok(message)
}

/// Asks for a message to leave, within the transaction that adds it.
pub(crate) async fn ask_send(
    tx: &mut Tx,
    message_id: MessageId,
    purpose: Purpose,
) -> tieline_storage::Result<()> {
    let new = NewJob {
        kind: JOB_SEND,
        class: Class::Once,
        dedupe_key: None,
        payload: SendPayload {
            message_id,
            keyword_reply: purpose == Purpose::KeywordReply,
        },
        run_at: tx.now(),
    };
    job::enqueue(tx, new).await
}

/// Writes the state of a message that was in the state `was`, and tells screens.
pub(crate) async fn save_and_tell(tx: &mut Tx, message: &Message, was: State) -> Result<()> {
    message::save_state(tx, message, was).await?;
    let conversations = conversation::load_by_ids(tx, &[message.conversation_id]).await?;
    if let Some(conversation) = conversations.get(&message.conversation_id) {
        let (inbox_id, conversation_id) = (conversation.inbox_id, conversation.id);
        tx.emit(Event::MessageState {
            inbox_id,
            conversation_id,
            message_id: message.id,
        });
    }
    Ok(())
}

struct Ready {
    message: Message,
    listed: Listed,
    inbox: Inbox,
    account: Account,
}

impl Messaging {
    /// Handles [`JOB_SEND`].
    pub async fn handle_send(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: SendPayload = claimed.payload()?;
        let Some(ready) = self.begin_attempt(claimed, &payload).await? else {
            return Ok(());
        };
        let status_url = format!(
            "{}/hooks/twilio/{}/status?message={}",
            self.public_url, ready.inbox.id, ready.message.id
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
        let mut tx = self.store.begin().await?;
        let mut message = load(&mut tx, payload.message_id).await?;
        if message.state != State::Queued {
            job::finish(&mut tx, claimed).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let listed = conversation::get(&mut tx, &Scope::system(), message.conversation_id).await?;
        let inbox = inbox::by_id(&mut tx, listed.conversation.inbox_id).await?;
        let secret = (self.open_secret)(&inbox.carrier_secret);
        let asked = Asked {
            text: &message.text,
            purpose: if payload.keyword_reply {
                Purpose::KeywordReply
            } else {
                Purpose::Ordinary
            },
            opted_out_since: listed.opted_out_since,
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
        let mut tx = self.store.begin().await?;
        // A report may have come in meanwhile.
        let mut message = load(&mut tx, ready.message.id).await?;
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
                ask_confirm(&mut tx, message.id).await?;
                job::finish(&mut tx, claimed).await?;
            }
            Err(error) => {
                if matches!(error, CarrierError::OptedOut { .. }) {
                    let point_id = ready.listed.conversation.point_id;
                    let entry = Entry {
                        point_id,
                        opted_in: false,
                        source: "carrier",
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
        let mut tx = self.store.begin().await?;
        let mut message = load(&mut tx, payload.message_id).await?;
        if let Some(state) = message.state.advance(State::Uncertain) {
            let was = std::mem::replace(&mut message.state, state);
            message.state_at = tx.now();
            save_and_tell(&mut tx, &message, was).await?;
            ask_confirm(&mut tx, message.id).await?;
        }
        job::finish_uncertain(&mut tx, expired).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Handles [`JOB_CONFIRM`]: looks at the carrier for a text that was cut off in sending.
    pub async fn handle_confirm(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: ConfirmPayload = claimed.payload()?;
        let mut reader = self.store.reader().await?;
        let message = message::load_by_ids(&mut reader, &[payload.message_id])
            .await?
            .remove(&payload.message_id);
        let Some(message) = message.filter(|message| message.state == State::Uncertain) else {
            drop(reader);
            let mut tx = self.store.begin().await?;
            job::finish(&mut tx, claimed).await?;
            return Ok(tx.commit().await?);
        };
        let listed =
            conversation::get(&mut reader, &Scope::system(), message.conversation_id).await?;
        let inbox = inbox::by_id(&mut reader, listed.conversation.inbox_id).await?;
        drop(reader);
        let account = Account {
            url: inbox.carrier_url.clone(),
            sid: inbox.carrier_account.clone(),
            token: (self.open_secret)(&inbox.carrier_secret).unwrap_or_default(),
        };
        let listing = list(&self.transport, &account, &inbox.address, &listed.address).await;
        self.conclude_confirm(claimed, &payload, message, listing)
            .await
    }

    async fn conclude_confirm(
        &self,
        claimed: &ClaimedJob,
        payload: &ConfirmPayload,
        mut message: Message,
        listing: std::result::Result<Vec<CarrierText>, CarrierError>,
    ) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let texts = listing.as_deref().unwrap_or_default();
        let ids: Vec<String> = texts.iter().map(|text| text.provider_id.clone()).collect();
        let mut known = message::load_known_provider_ids(&mut tx, &ids).await?;
        known.extend(message::load_receipts(&mut tx, EARLIER_ATTEMPT, &ids).await?);
        let ours = texts
            .iter()
            .find(|text| text.text == message.text && !known.contains(&text.provider_id));
        let now = tx.now();
        let over = now.0 - payload.since_ms > CONFIRM_UNTIL_MS;
        match ours {
            Some(text) => settle(&mut message, text),
            None if over && listing.is_ok() => {
                message.state = State::Failed;
                let words = "The carrier never got it. Sending it again is safe.";
                message.error = Some(("not_sent".to_owned(), words.to_owned()));
            }
            None => {
                job::retry(
                    &mut tx,
                    claimed,
                    now + CONFIRM_AFTER_MS,
                    "not listed at the carrier yet",
                )
                .await?;
                return Ok(tx.commit().await?);
            }
        }
        message.state_at = now;
        save_and_tell(&mut tx, &message, State::Uncertain).await?;
        job::finish(&mut tx, claimed).await?;
        Ok(tx.commit().await?)
    }
}

fn settle(message: &mut Message, text: &CarrierText) {
    message.provider_id = Some(text.provider_id.clone());
    message.state = message.state.advance(text.state).unwrap_or(message.state);
}

async fn ask_confirm(tx: &mut Tx, message_id: MessageId) -> tieline_storage::Result<()> {
    let now = tx.now();
    let new = NewJob {
        kind: JOB_CONFIRM,
        class: Class::Repeatable,
        dedupe_key: Some(format!("{JOB_CONFIRM}:{message_id}")),
        payload: ConfirmPayload {
            message_id,
            since_ms: now.0,
        },
        run_at: now + CONFIRM_AFTER_MS,
    };
    job::enqueue(tx, new).await
}

async fn load(tx: &mut Tx, id: MessageId) -> Result<Message> {
    let found = message::load_by_ids(tx, &[id]).await?.remove(&id);
    Ok(found.ok_or(tieline_storage::StorageError::NotFound("message"))?)
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
