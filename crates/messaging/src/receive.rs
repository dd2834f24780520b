//! Taking in: texts and delivery reports queue while the last batch commits, then go together.
//!
//! A batch loads the state of all in set queries, folds the inputs in order through the pure
//! decision, writes what came of them in set statements, commits once, and acknowledges each.

use crate::error::{MessagingError, Result};
use crate::outcome::{Outcome, conclude_among};
use crate::take_part::part_of;
use crate::tell::{tell, tell_gates};
use crate::{Messaging, ask_logs, decided, send};
use futures_util::FutureExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tieline_domain::access::Actor;
use tieline_domain::attempt::{Report, of_report};
use tieline_domain::carrier::ProviderId;
use tieline_domain::channel::Channel;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::Conversation;
use tieline_domain::gate::Purpose;
use tieline_domain::id::{CarrierAccountId, ConversationId, MessageId, PointId};
use tieline_domain::receive::{
    Effect, FreshIds, Inbound, ReceiveState, Sender, Unassigned, receive,
};
use tieline_storage::consent::Entry;
use tieline_storage::{
    Tx, attempt, consent, contact, conversation, message, participant, setting, unassigned_text,
};
use tokio::sync::{mpsc, oneshot};

/// Inputs of one commit.
const BATCH_MAX: usize = 256;
/// Inputs that may wait; more wait in their connections.
const QUEUE_MAX: usize = 4_096;
const CHANNEL: Channel = Channel::Sms;

/// What became of a text of ours, as its carrier signed it.
#[derive(Debug, Clone)]
pub struct StatusReport {
    /// Whose signature it has.
    pub account_id: CarrierAccountId,
    pub message_id: MessageId,
    /// Which attempt it is of, where its address tells.
    pub attempt: Option<i64>,
    pub report: Report,
}

/// What a carrier tells us.
#[derive(Debug, Clone)]
pub enum Input {
    /// A text came in.
    Text(Inbound),
    /// Something became of a text of ours.
    Status(StatusReport),
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
    /// Opens the door, which has a thread of its own until the last clone is dropped. As one task among
    /// many it would wait for its turn after each statement, and the database with it.
    pub fn start(messaging: Messaging) -> Receiver {
        let (queue, waiting) = mpsc::channel::<Waiting>(QUEUE_MAX);
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("receiver".to_owned())
            .spawn(move || runtime.block_on(messaging.take_in_all(waiting)))
            .expect("a hub that starts is given a thread");
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
    /// Takes in what waits, some at a time, until nobody can hand in more.
    async fn take_in_all(&self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let (inputs, acks): (Vec<Input>, Vec<_>) = batch.drain(..).unzip();
            let outcomes = self.take_in_each(inputs.into()).await;
            for (ack, outcome) in acks.into_iter().zip(outcomes) {
                // Who gave up waiting sends it again, and it is known by then.
                let _ = ack.send(outcome);
            }
        }
    }

    /// Takes a batch in, and one by one when it fails as a whole: what cannot be stored fails alone.
    async fn take_in_each(&self, inputs: Arc<[Input]>) -> Vec<std::result::Result<(), String>> {
        let whole = self.take_in_or_tell(inputs.clone()).await;
        if inputs.len() == 1 || whole.is_ok() {
            return inputs.iter().map(|_| whole.clone()).collect();
        }
        let mut outcomes = Vec::with_capacity(inputs.len());
        for input in &*inputs {
            outcomes.push(self.take_in_or_tell([input.clone()].into()).await);
        }
        outcomes
    }

    /// A panic is an error of its batch, and never the end of the door.
    async fn take_in_or_tell(&self, inputs: Arc<[Input]>) -> std::result::Result<(), String> {
        match AssertUnwindSafe(self.take_in(inputs)).catch_unwind().await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err("taking it in panicked".to_owned()),
        }
    }

    /// Takes a batch in, in one commit.
    pub async fn take_in(&self, inputs: impl Into<Arc<[Input]>>) -> Result<()> {
        let inputs = inputs.into();
        // Another node may take in one of them at once, or somebody change a conversation.
        decided(async || {
            let tx = self.store.begin(&Actor::system()).await?;
            let inputs = inputs.clone();
            tx.on_site(move |tx| take_in_once(tx, inputs)).await?
        })
        .await
    }
}

async fn take_in_once(mut tx: Tx, inputs: Arc<[Input]>) -> Result<()> {
    let texts: Vec<&Input> = inputs
        .iter()
        .filter(|it| !matches!(it, Input::Status(_)))
        .collect();
    // In the order in which they came: of what somebody wishes for, the last word holds.
    let alike = |a: &&Input, b: &&Input| matches!(a, Input::Text(_)) == matches!(b, Input::Text(_));
    for together in texts.chunk_by(alike) {
        let (mut texts, mut unassigned) = (Vec::new(), Vec::new());
        for input in together {
            match input {
                Input::Text(text) => texts.push(text),
                Input::Unassigned(text) => unassigned.push(text),
                Input::Status(_) => {}
            }
        }
        if texts.is_empty() {
            take_unassigned(&mut tx, &unassigned).await?;
        } else {
            take_texts(&mut tx, &texts).await?;
        }
    }
    for input in &*inputs {
        if let Input::Status(status) = input {
            take_status(&mut tx, status).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn take_texts(tx: &mut Tx, texts: &[&Inbound]) -> Result<()> {
    let mut state = load(tx, texts).await?;
    let known = state.conversations.values();
    let before = known.map(|it| (it.id, it.clone())).collect();
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
    write(tx, &before, state, effects).await
}

async fn load(tx: &mut Tx, texts: &[&Inbound]) -> Result<ReceiveState> {
    let ids: Vec<ProviderId> = texts.iter().map(|text| text.provider_id.clone()).collect();
    let addresses: BTreeSet<String> = texts.iter().map(|text| text.address.clone()).collect();
    let addresses: Vec<String> = addresses.into_iter().collect();
    let received = attempt::load_receipts(tx, &ids).await?;
    let points = contact::ensure_points(tx, CHANNEL, &addresses).await?;
    let point_ids: Vec<PointId> = points.values().copied().collect();
    let opted_out = consent::load(tx, &point_ids)
        .await?
        .into_iter()
        .filter(|(_, consent)| consent.state == ConsentState::OptedOut)
        .map(|(point, consent)| (point, consent.at))
        .collect();
    let reached = contact::clear_landlines(tx, &point_ids).await?;
    tell_gates(tx, &reached).await?;
    Ok(ReceiveState {
        received,
        points,
        opted_out,
        holders: contact::load_holders(tx, CHANNEL, &addresses).await?,
        conversations: conversation::load_by_points(tx, &point_ids).await?,
    })
}

async fn write(
    tx: &mut Tx,
    before: &BTreeMap<ConversationId, Conversation>,
    state: ReceiveState,
    effects: Vec<Effect>,
) -> Result<()> {
    let at_their_place = state
        .conversations
        .iter()
        .filter(|(place, it)| **place == it.place());
    let by_id: BTreeMap<ConversationId, &Conversation> =
        at_their_place.map(|(_, it)| (it.id, it)).collect();
    let (mut messages, mut receipts) = (Vec::new(), Vec::new());
    let (mut replies, mut wishes) = (Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::Received(message, name) => {
                receipts.push((name, message.id));
                messages.push(message);
            }
            Effect::Reply(message, account_id) => {
                replies.push((messages.len(), account_id));
                messages.push(message);
            }
            Effect::OptOut(point, because) => {
                wishes.push((point, ConsentState::OptedOut, Some(because)));
            }
            Effect::OptIn(point, because) => {
                wishes.push((point, ConsentState::OptedIn, Some(because)));
            }
        }
    }
    let touched: BTreeSet<ConversationId> = messages
        .iter()
        .map(|message| message.conversation_id)
        .collect();
    let conversations: Vec<Conversation> = touched.iter().map(|id| by_id[id].clone()).collect();
    attempt::add_receipts(tx, &receipts).await?;
    conversation::save_changed(tx, before, &conversations).await?;
    message::create_many(tx, &messages).await?;
    let parts: Vec<_> = messages
        .iter()
        .filter_map(|message| part_of(by_id[&message.conversation_id], message))
        .collect();
    participant::begin(tx, &parts).await?;
    keep_wishes(tx, &wishes).await?;
    for (place, account) in replies {
        send::ask_send(tx, &messages[place], account, Purpose::KeywordReply).await?;
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
    if !conversations.is_empty() {
        ask_logs(tx, &conversations, now).await?;
    }
    Ok(())
}

/// What somebody wishes for at a number, and the message that says so where it is one of ours.
type Wish = (PointId, ConsentState, Option<MessageId>);

async fn keep_wishes(tx: &mut Tx, wishes: &[Wish]) -> tieline_storage::Result<()> {
    for (point_id, state, message_id) in wishes.iter().copied() {
        let entry = Entry {
            point_id,
            state,
            source: ConsentSource::Keyword,
            message_id,
        };
        consent::add(tx, entry).await?;
    }
    let points: Vec<PointId> = wishes.iter().map(|(point, ..)| *point).collect();
    tell_gates(tx, &points).await
}

/// Keeps texts for nobody, and honours those that wish for no more, or for them again.
async fn take_unassigned(tx: &mut Tx, texts: &[&Unassigned]) -> Result<()> {
    let mut new = unassigned_text::keep(tx, texts).await?;
    new.retain(|it| it.wish().is_some());
    if new.is_empty() {
        return Ok(());
    }
    let addresses: BTreeSet<String> = new.iter().map(|it| it.sender.clone()).collect();
    let addresses: Vec<String> = addresses.into_iter().collect();
    let points = contact::ensure_points(tx, CHANNEL, &addresses).await?;
    let ids: Vec<PointId> = points.values().copied().collect();
    let stands = consent::load(tx, &ids).await?;
    let out = stands
        .into_iter()
        .filter(|(_, it)| it.state == ConsentState::OptedOut);
    let mut out: BTreeSet<PointId> = out.map(|(id, _)| id).collect();
    let mut wishes = Vec::new();
    for text in new {
        let (Some(point_id), Some(state)) = (points.get(&text.sender).copied(), text.wish()) else {
            continue;
        };
        let moves = match state {
            ConsentState::OptedOut => out.insert(point_id),
            ConsentState::OptedIn => out.remove(&point_id),
        };
        if moves {
            wishes.push((point_id, state, None));
        }
    }
    Ok(keep_wishes(tx, &wishes).await?)
}

/// Takes in what became of a text of ours; reports that are late, doubled, of no attempt, or signed by
/// another account than the attempt was made with change nothing.
async fn take_status(tx: &mut Tx, status: &StatusReport) -> Result<()> {
    let StatusReport {
        account_id, report, ..
    } = status;
    let attempts = attempt::load(tx, &[status.message_id]).await?;
    let attempts = attempts
        .get(&status.message_id)
        .map_or(&[][..], Vec::as_slice);
    let Some(found) = of_report(attempts, status.attempt, &report.provider_id) else {
        return Ok(());
    };
    let found = &attempts[found];
    if found.account_id != *account_id {
        return Ok(());
    }
    if found.provider_id.is_none() {
        // A name has one text: what another message has is not the name of this one.
        let given = std::slice::from_ref(&report.provider_id);
        let known = attempt::load_known(tx, *account_id, given).await?;
        if !known.is_empty() {
            return Ok(());
        }
    }
    conclude_among(tx, attempts, found, Outcome::Heard(report.clone())).await
}
