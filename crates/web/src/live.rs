//! The live stream: committed events in their order, told to those who may see them.
//!
//! A browser resumes from the last number it saw. One that was away longer than events are kept is
//! told to start afresh; one that reads too slowly is cut off by its own connection and resumes.

use crate::api::conversations::{Conversation, Message};
use crate::api::live::LiveQuery;
use crate::api::names::{Names, OutsideError};
use crate::api::sync::Run;
use crate::extract::Query;
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::Stream;
use http::HeaderMap;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use tieline_access::SignedIn;
use tieline_domain::access::Scope;
use tieline_domain::event::Event;
use tieline_storage::event::{self, StoredEvent};
use tieline_storage::{conversation, message, sync_run};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Events read at once.
const BATCH: i64 = 200;
/// Events that wait for a slow connection before the reader waits for it.
const WAITING_MAX: usize = 64;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(crate) async fn follow(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = std::result::Result<SseEvent, Infallible>>>> {
    let resumed = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let from = match resumed.or(query.after) {
        Some(seq) => seq,
        None => event::head(&mut *state.store.reader().await?).await?,
    };
    let (out, stream) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        // Whatever ends it, the browser connects again from the last number it saw.
        let _ = tell(state, me.principal.scope(), from, out).await;
    });
    Ok(Sse::new(ReceiverStream::new(stream)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

type Out = mpsc::Sender<std::result::Result<SseEvent, Infallible>>;

/// Follows the events until the browser is gone or an answer cannot be had.
async fn tell(state: WebState, scope: Scope, from: i64, out: Out) -> Option<()> {
    let mut head = state.store.head();
    let mut seq = from;
    out.send(Ok(SseEvent::default()
        .event("hello")
        .id(seq.to_string())
        .data("{}")))
        .await
        .ok()?;
    loop {
        let mut reader = state.store.reader().await.ok()?;
        let news = event::list_after(&mut reader, &scope, seq, BATCH)
            .await
            .ok()?;
        drop(reader);
        let Some((events, looked)) = news else {
            let now = *head.borrow_and_update();
            out.send(Ok(SseEvent::default()
                .event("reset")
                .id(now.to_string())
                .data("{}")))
                .await
                .ok()?;
            seq = now;
            continue;
        };
        for stored in &events {
            if let Some((name, data)) = describe(&state, &scope, stored).await {
                let told = SseEvent::default()
                    .event(name)
                    .id(stored.seq.to_string())
                    .data(data.to_string());
                out.send(Ok(told)).await.ok()?;
            }
        }
        let stands = looked == seq;
        seq = looked;
        if stands {
            tokio::select! {
                changed = head.changed() => changed.ok()?,
                () = out.closed() => return None,
            }
        }
    }
}

/// What a browser is told; nothing for what is gone or hidden by now.
async fn describe(
    state: &WebState,
    scope: &Scope,
    stored: &StoredEvent,
) -> Option<(&'static str, Value)> {
    let names = Names::load(state).await.ok()?;
    let mut reader = state.store.reader().await.ok()?;
    match &stored.event {
        Event::Message {
            conversation_id,
            message_id,
            ..
        } => {
            let found = message::load_by_ids(&mut reader, &[*message_id])
                .await
                .ok()?;
            let message = Message::of(found.get(message_id)?, &names);
            Some((
                "message",
                json!({"conversation_id": conversation_id, "message": message}),
            ))
        }
        Event::MessageState {
            conversation_id,
            message_id,
            ..
        } => {
            let found = message::load_by_ids(&mut reader, &[*message_id])
                .await
                .ok()?;
            let it = found.get(message_id)?;
            let error = it.error.as_ref().map(OutsideError::of);
            Some((
                "message_state",
                json!({"conversation_id": conversation_id, "message_id": message_id, "seq": it.seq,
                       "state": it.state.as_str(), "state_at": it.state_at, "error": error}),
            ))
        }
        Event::Conversation {
            conversation_id, ..
        } => {
            let listed = conversation::get(&mut reader, scope, *conversation_id)
                .await
                .ok()?;
            Some((
                "conversation",
                json!({"conversation": Conversation::of(&listed, &names)}),
            ))
        }
        Event::Contacts { contact_ids } => Some(("contacts", json!({"ids": contact_ids}))),
        Event::SyncRun { run_id } => {
            let run = sync_run::by_id(&mut reader, *run_id).await.ok()?;
            Some(("run", json!({"run": Run::of(&run, &names)})))
        }
    }
}
