//! One open subscription, whatever its messages: how many events are asked for, what was sent, and
//! when the stream speaks or ends without any.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tonic::{Response, Status};

use super::door::Caller;
use super::errors::{COUNT_INVALID, NOT_SIGNED_IN, REFRESH_INVALID};
use super::messages::{ConsumerEvent, ProducerEvent};
use super::topics::Answering;
use crate::org::events::{Delivered, Topic, replay};

/// Events that may be outstanding; more is treated as this.
const OUTSTANDING_MAX: usize = 100;
/// How often a quiet stream looks whether its session has ended.
const SESSION_LOOK: Duration = Duration::from_millis(250);
/// Nobody wakes a stream when the org's clock reaches a late event, so it looks this often.
const LATE_LOOK: Duration = Duration::from_millis(20);

/// A stream of answers.
pub(super) type Answers<T> = futures_util::stream::BoxStream<'static, Result<T, Status>>;

/// Sends answers on a stream.
pub(super) type Sender<T> = mpsc::Sender<Result<T, Status>>;

/// One subscription.
pub(super) struct Subscription {
    pub caller: Caller,
    topic: Topic,
    after: u64,
    pending: usize,
    wake: watch::Receiver<u64>,
    spoke: Instant,
    emptied: Option<Instant>,
    late_ms: Option<u64>,
}

/// What a stream has to say.
pub(super) struct Said {
    pub events: Vec<ConsumerEvent>,
    pub latest_replay_id: Vec<u8>,
    pub pending: i32,
}

/// Why a stream stopped waiting.
pub(super) enum Turn {
    /// There may be something to send.
    Look,
    /// Nothing was asked for during too long a time.
    Close,
}

impl Subscription {
    pub fn new(caller: Caller, topic: Topic, after: u64) -> Self {
        let mut wake = caller.org().event_watch();
        wake.mark_changed();
        Self {
            caller,
            topic,
            after,
            pending: 0,
            wake,
            spoke: Instant::now(),
            emptied: Some(Instant::now()),
            late_ms: None,
        }
    }

    /// More events are asked for; another session may come along.
    pub fn ask(&mut self, num_requested: i32, auth_refresh: &str) -> Result<(), Status> {
        if !auth_refresh.is_empty() && !self.caller.refresh(auth_refresh) {
            return Err(self.caller.fails(REFRESH_INVALID));
        }
        let more = usize::try_from(num_requested).unwrap_or_default();
        if more == 0 {
            return Err(self.caller.fails(COUNT_INVALID));
        }
        self.pending = self.pending.saturating_add(more).min(OUTSTANDING_MAX);
        self.emptied = None;
        Ok(())
    }

    /// What is to be sent now; `None` to keep still.
    pub fn say(&mut self) -> Result<Option<Said>, Status> {
        if !self.caller.session_lives() {
            return Err(self.caller.fails(NOT_SIGNED_IN));
        }
        let org = self.caller.org();
        let keep_alive = Duration::from_millis(org.event_settings().keep_alive_ms);
        let mut events = Vec::new();
        if self.pending > 0 {
            let (user, topic) = (&self.caller.user, &self.topic);
            let batch = org.events_after(user, topic, self.after, self.pending);
            self.after = batch.latest;
            self.late_ms = batch.due_in_ms.map(|ms| ms.unsigned_abs());
            events = batch.events;
        }
        if events.is_empty() && self.spoke.elapsed() < keep_alive {
            return Ok(None);
        }
        if events.is_empty() && self.late_ms.is_none() && self.pending > 0 {
            self.after = org.fresh_replay_id(self.after);
        }
        self.pending -= events.len().min(self.pending);
        if self.pending == 0 && !events.is_empty() {
            self.emptied = Some(Instant::now());
        }
        self.spoke = Instant::now();
        Ok(Some(Said {
            events: events.into_iter().map(consumer_event).collect(),
            latest_replay_id: replay::to_bytes(self.after),
            pending: self.pending as i32,
        }))
    }

    /// Where the stream stands, without events.
    pub fn state(&self) -> Said {
        Said {
            events: Vec::new(),
            latest_replay_id: replay::to_bytes(self.after),
            pending: self.pending as i32,
        }
    }

    /// Waits until there may be something to say.
    pub async fn wait(&mut self) -> Turn {
        let settings = self.caller.org().event_settings();
        let idle = Duration::from_millis(settings.idle_close_ms);
        let keep_alive = Duration::from_millis(settings.keep_alive_ms);
        if self.emptied.is_some_and(|since| since.elapsed() >= idle) {
            return Turn::Close;
        }
        let mut until = (self.spoke + keep_alive).min(Instant::now() + SESSION_LOOK);
        if let Some(since) = self.emptied {
            until = until.min(since + idle);
        }
        if let Some(late_ms) = self.late_ms {
            let late = Duration::from_millis(late_ms).min(LATE_LOOK);
            until = until.min(Instant::now() + late);
        }
        tokio::select! {
            changed = self.wake.changed() => match changed {
                Ok(()) => Turn::Look,
                Err(_) => Turn::Close,
            },
            () = tokio::time::sleep_until(until) => Turn::Look,
        }
    }
}

/// The stream of what `run` sends; if it fails, the reason comes last.
pub(super) fn answered<T, Run>(
    caller: Result<Caller, Status>,
    run: impl FnOnce(Caller, Sender<T>) -> Run,
) -> Answering<Answers<T>>
where
    T: Send + 'static,
    Run: Future<Output = Result<(), Status>> + Send + 'static,
{
    Box::pin(std::future::ready(caller.map(|caller| {
        let (sender, mut receiver) = mpsc::channel(1);
        let running = run(caller, sender.clone());
        tokio::spawn(async move {
            if let Err(status) = running.await {
                // A client that has gone away needs no reason.
                let _ = sender.send(Err(status)).await;
            }
        });
        let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
        Response::new(Box::pin(stream) as Answers<T>)
    })))
}

fn consumer_event(event: Delivered) -> ConsumerEvent {
    ConsumerEvent {
        replay_id: replay::to_bytes(event.replay),
        event: Some(ProducerEvent {
            id: event.id,
            schema_id: event.schema_id,
            payload: event.payload,
            headers: Vec::new(),
        }),
    }
}
