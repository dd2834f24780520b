//! Who is at which conversation, as all nodes whisper it, told to the streams that may see it there.

use super::desk::{Desk, Seat};
use super::{Inner, Teller};
use crate::api::live::{LiveEvent, LivePresence};
use bytes::Bytes;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tieline_domain::event::Whisper;
use tieline_domain::presence::{Change, Presence, Sign};
use tieline_storage::Result;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

/// While anybody is anywhere, it is looked at least so often whether they still are.
const NAP_MAX: Duration = Duration::from_secs(1);

impl Teller {
    /// Tells all nodes that somebody is at a conversation, unless they know.
    pub(crate) async fn be_present(&self, sign: Sign) -> Result<()> {
        let store = &self.inner.store;
        let is_news = self.inner.presence().is_news(&sign, store.steady());
        match is_news {
            true => store.whisper(Whisper::Presence(sign)).await,
            false => Ok(()),
        }
    }
}

impl Inner {
    pub(super) fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears who is where, and tells it on.
    pub(super) async fn hear(self: Arc<Inner>, mut whispers: Receiver<Whisper>) {
        loop {
            let nap = self.tell_presence();
            tokio::select! {
                heard = whispers.recv() => match heard {
                    Ok(Whisper::Presence(sign)) => self.presence().take(&sign, self.store.steady()),
                    // Whoever is still there says it again.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                () = sleep(nap.unwrap_or_default()), if nap.is_some() => {}
            }
        }
    }

    /// Tells what is due; how long to wait for what comes next, if something will.
    fn tell_presence(&self) -> Option<Duration> {
        let now = self.store.steady();
        let mut presence = self.presence();
        let changes = presence.due(now);
        if !changes.is_empty() {
            let desk = self.desk();
            changes.iter().for_each(|change| desk.tell_presence(change));
        }
        let wait_ms = presence.next_due(now)?.since(now).max(1);
        Some(NAP_MAX.min(Duration::from_millis(wait_ms.unsigned_abs())))
    }
}

impl Desk {
    /// Tells of somebody to those who may see the conversation.
    fn tell_presence(&self, change: &Change) {
        let frame = frame_of(change);
        for seat in self.seats_of(change.inbox_id) {
            seat.show_presence(change, &frame);
        }
    }
}

impl Seat {
    /// What holds as it begins to listen.
    pub fn show_all_present(&self, presence: &Presence) {
        let seen = presence
            .told()
            .filter(|it| self.scope.sees_inbox(it.inbox_id));
        seen.for_each(|change| self.show_presence(&change, &frame_of(&change)));
    }
}

fn frame_of(change: &Change) -> Bytes {
    let event = LiveEvent::Presence(LivePresence {
        conversation_id: change.conversation_id,
        staff_id: change.staff_id,
        state: change.doing,
    });
    Bytes::from(event.frame(None))
}
