//! What a connection owes its client: an answer from the end of the head on, until its last byte is sent.
//! Who is owed nothing need not be waited for.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// Shared by all that see a part of it, within the task of one connection; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Owed(Arc<Parts>);

#[derive(Default)]
struct Parts {
    is_answered: AtomicBool,
    is_written: AtomicBool,
}

/// As long as it lasts an answer is owed.
pub(crate) struct Answering(Owed);

impl Owed {
    /// A head is whole.
    pub fn begin(&self) -> Answering {
        self.0.is_answered.store(true, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// Whether a part of an answer waits for the client to take it.
    pub fn writing(&self, waits: bool) {
        self.0.is_written.store(waits, Ordering::Relaxed);
    }

    /// Done when nothing is owed. To be asked right after the connection went as far as it can.
    pub async fn nothing(&self) {
        poll_fn(|_| match self.is_owed() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }

    fn is_owed(&self) -> bool {
        let parts = &self.0;
        parts.is_answered.load(Ordering::Relaxed) || parts.is_written.load(Ordering::Relaxed)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.is_answered.store(false, Ordering::Relaxed);
    }
}
