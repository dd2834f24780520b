//! Taking in: texts and delivery reports queue while the last batch commits, then go together.
//!
//! A batch loads the state of all in set queries, folds the inputs in order through the pure
//! decision, writes what came of them in set statements, commits once, and acknowledges each.

use crate::error::{MessagingError, Result};
use crate::take_part::part_of;
use crate::tell::{save_and_tell, tell};
use crate::{EARLIER_ATTEMPT, Messaging, ask_logs, send};
use futures_util::FutureExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use tieline_channels::twilio::status::StatusReport;
use tieline_domain::access::Actor;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::Conversation;
use tieline_domain::delivery::State;
use tieline_domain::gate::Purpose;
use tieline_domain::id::{ConversationId, MessageId, PointId};
use tieline_domain::receive::{
    Effect, FreshIds, Inbound, ReceiveState, Sender, Unassigned, receive,
};
use tieline_storage::consent::Entry;
use tieline_storage::{
    StorageError, Tx, consent, contact, conversation, message, participant, setting,
    unassigned_text,
};
use tokio::sync::{mpsc, oneshot};

/// Inputs of one commit.
const BATCH_MAX: usize = 256;
/// Inputs that may wait; more wait in their connections.
const QUEUE_MAX: usize = 4_096;
/// How often a batch is decided again when somebody changed its rows meanwhile.
const ATTEMPTS: usize = 5;
const CHANNEL: &str = "sms";

/// Which attempt at a message a report is of, where its address tells.
pub type Attempt = Option<i64>;

/// What a carrier tells us.
#[derive(Debug, Clone)]
pub enum Input {
    /// A text came in.
    Text(Inbound),
    /// Something became of a text of ours.
    Status(MessageId, Attempt, StatusReport),
    /// A text came in for nobody we know.
    Unassigned(Unassigned),
}

type Waiting = (Input, oneshot::Sender<std::result::Result<(), String>>);

/// The door for what comes in; cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    queue: mpsc::Sender<Waiting>,
}

impl Receiver {
    /// Opens the door; the task ends when the last clone is dropped.
    pub fn start(messaging: Messaging) -> Receiver {
        let (queue, mut waiting) = mpsc::channel::<Waiting>(QUEUE_MAX);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH_MAX);
            while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
                let (inputs, acks): (Vec<Input>, Vec<_>) = batch.drain(..).unzip();
                let outcomes = messaging.take_in_each(&inputs).await;
                for (ack, outcome) in acks.into_iter().zip(outcomes) {
                    // Who gave up waiting sends it again, and it is known by then.
                    let _ = ack.send(outcome);
                }
            }
        });
        Receiver { queue }
    }

    /// Hands an input in; returns once it is durable.
    pub async fn receive(&self, input: Input) -> Result<()> {
        let (ack, answer) = oneshot::channel();
        let gone = |_| MessagingError::NotStored("the hub is stopping".to_owned());
        self.queue.send((input, ack)).await.map_err(|_| gone(()))?;
        answer
            .await
            .map_err(|_| gone(()))?
            .map_err(MessagingError::NotStored)
    }
}

impl Messaging {
    /// Takes a batch in, and one by one when it fails as a whole: what cannot be stored fails alone.
    async fn take_in_each(&self, inputs: &[Input]) -> Vec<std::result::Result<(), String>> {
        let whole = self.take_in_or_tell(inputs).await;
        if inputs.len() == 1 || whole.is_ok() {
            return inputs.iter().map(|_| whole.clone()).collect();
        }
        let mut outcomes = Vec::with_capacity(inputs.len());
        for input in inputs {
            outcomes.push(self.take_in_or_tell(std::slice::from_ref(input)).await);
        }
        outcomes
    }

    /// A panic is an error of its batch, and never the end of the door.
    async fn take_in_or_tell(&self, inputs: &[Input]) -> std::result::Result<(), String> {
        match AssertUnwindSafe(self.take_in(inputs)).catch_unwind().await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err("taking it in panicked".to_owned()),
        }
    }

    /// Takes a batch in, in one commit.
    pub async fn take_in(&self, inputs: &[Input]) -> Result<()> {
        for _ in 1..ATTEMPTS {
            match self.take_in_once(inputs).await {
                // Another node took in one of them, or somebody changed a conversation: look again.
                Err(MessagingError::Storage(
                    StorageError::Conflict(_) | StorageError::Duplicate(_),
                )) => {}
                other => return other,
            }
        }
        self.take_in_once(inputs).await
    }

    async fn take_in_once(&self, inputs: &[Input]) -> Result<()> {
        let (mut texts, mut unassigned) = (Vec::new(), Vec::new());
        for input in inputs {
            match input {
                Input::Text(text) => texts.push(text),
                Input::Unassigned(text) => unassigned.push(text),
                Input::Status(..) => {}
            }
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        if !texts.is_empty() {
            take_texts(&mut tx, &texts).await?;
        }
        if !unassigned.is_empty() {
            unassigned_text::keep(&mut tx, &unassigned).await?;
        }
        for input in inputs {
            if let Input::Status(id, attempt, report) = input {
                take_status(&mut tx, *id, *attempt, report).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn take_texts(tx: &mut Tx, texts: &[&Inbound]) -> Result<()> {
    let (mut state, before) = load(tx, texts).await?;
    let organisation: String = setting::get(tx, setting::ORGANISATION_NAME)
        .await?
        .unwrap_or_else(|| "Tieline".to_owned());
    let sender = Sender {
        organisation: &organisation,
    };
    let now = tx.now();
    let mut effects = Vec::new();
    for text in texts {
        let ids = FreshIds {
            conversation: tx.new_id(),
            message: tx.new_id(),
            reply: tx.new_id(),
        };
        effects.extend(receive(&mut state, text, ids, &sender, now));
    }
    write(tx, state, &before, effects).await
}

async fn load(tx: &mut Tx, texts: &[&Inbound]) -> Result<(ReceiveState, BTreeSet<String>)> {
    let ids: Vec<String> = texts.iter().map(|text| text.provider_id.clone()).collect();
    let addresses: BTreeSet<String> = texts.iter().map(|text| text.address.clone()).collect();
    let addresses: Vec<String> = addresses.into_iter().collect();
    let received = message::load_receipts(tx, CHANNEL, &ids).await?;
    let points = contact::ensure_points(tx, CHANNEL, &addresses).await?;
    let point_ids: Vec<PointId> = points.values().copied().collect();
    let opted_out = consent::load(tx, &point_ids)
        .await?
        .into_iter()
        .filter(|(_, consent)| consent.state == ConsentState::OptedOut)
        .map(|(point, consent)| (point, consent.at))
        .collect();
    let state = ReceiveState {
        received: received.clone(),
        points,
        opted_out,
        holders: contact::load_holders(tx, CHANNEL, &addresses).await?,
        conversations: conversation::load_by_points(tx, &point_ids).await?,
    };
    Ok((state, received))
}

async fn write(
    tx: &mut Tx,
    state: ReceiveState,
    before: &BTreeSet<String>,
    effects: Vec<Effect>,
) -> Result<()> {
    let new: Vec<String> = state.received.difference(before).cloned().collect();
    let at_their_place = state
        .conversations
        .iter()
        .filter(|(place, it)| **place == it.place());
    let by_id: BTreeMap<ConversationId, &Conversation> =
        at_their_place.map(|(_, it)| (it.id, it)).collect();
    let (mut messages, mut replies, mut consents) = (Vec::new(), Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::Received(message) => messages.push(message),
            Effect::Reply(message) => {
                replies.push((message.id, message.conversation_id));
                messages.push(message);
            }
            Effect::OptOut(point, because) => {
                consents.push((point, ConsentState::OptedOut, because));
            }
            Effect::OptIn(point, because) => consents.push((point, ConsentState::OptedIn, because)),
        }
    }
    let touched: BTreeSet<ConversationId> = messages
        .iter()
        .map(|message| message.conversation_id)
        .collect();
    let conversations: Vec<Conversation> = touched.iter().map(|id| by_id[id].clone()).collect();
    message::add_receipts(tx, CHANNEL, &new).await?;
    conversation::save_many(tx, &conversations).await?;
    message::create_many(tx, &messages).await?;
    let parts: Vec<_> = messages
        .iter()
        .filter_map(|message| part_of(by_id[&message.conversation_id], message))
        .collect();
    participant::begin(tx, &parts).await?;
    for (point_id, state, because) in consents {
        let entry = Entry {
            point_id,
            state,
            source: ConsentSource::Keyword,
            message_id: Some(because),
        };
        consent::add(tx, entry).await?;
    }
    for (id, conversation) in replies {
        let inbox = by_id[&conversation].inbox_id;
        send::ask_send(tx, id, inbox, Purpose::KeywordReply).await?;
    }
    for message in &messages {
        tell(
            tx,
            by_id[&message.conversation_id].inbox_id,
            message.conversation_id,
            message.id,
        );
    }
    let now = tx.now();
    if !touched.is_empty() {
        ask_logs(tx, touched, now).await?;
    }
    Ok(())
}

/// Moves the state of a message of ours on; late, doubled and unknown reports change nothing.
async fn take_status(
    tx: &mut Tx,
    id: MessageId,
    attempt: Attempt,
    report: &StatusReport,
) -> Result<()> {
    let Some(mut message) = message::load_by_ids(tx, &[id]).await?.remove(&id) else {
        return Ok(());
    };
    if attempt.is_some_and(|attempt| attempt != message.attempt) {
        return Ok(());
    }
    if message
        .provider_id
        .as_ref()
        .is_some_and(|known| *known != report.provider_id)
    {
        return Ok(());
    }
    // A text that waits has not left: the report is of an attempt before a person sent it again.
    if message.state == State::Queued {
        return Ok(());
    }
    // Nor is a name that an earlier attempt had taken for the name of this one.
    let given = std::slice::from_ref(&report.provider_id);
    let named = message.provider_id.is_some();
    if !named
        && !message::load_receipts(tx, EARLIER_ATTEMPT, given)
            .await?
            .is_empty()
    {
        return Ok(());
    }
    let was = message.state;
    message.provider_id = Some(report.provider_id.clone());
    match message.state.advance(report.state) {
        None if named => return Ok(()),
        None => {}
        Some(state) => {
            message.state = state;
            message.state_at = tx.now();
            message.error = report.error_code.as_ref().map(|code| {
                (code.clone(), format!("The carrier could not deliver it (error {code}). Check the number, then try again."))
            });
        }
    }
    save_and_tell(tx, &message, was).await
}
