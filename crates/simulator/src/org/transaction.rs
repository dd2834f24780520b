//! Several calls as one. While a transaction is open only the thread that opened it gets at the
//! records, so that others see all of it or nothing, and taking it back takes nobody else's work.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::Org;
use super::state::Savepoint;

/// Whose turn it is: the thread with an open transaction, if any.
#[derive(Default)]
pub(super) struct Turn {
    owner: Mutex<Option<ThreadId>>,
    freed: Condvar,
}

impl Turn {
    /// Waits while another thread has a transaction open; none begins as long as the answer is held.
    pub fn wait(&self) -> MutexGuard<'_, Option<ThreadId>> {
        let me = thread::current().id();
        let taken = |owner: &mut Option<ThreadId>| owner.is_some_and(|owner| owner != me);
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.freed.wait_while(owner, taken);
        free.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the running thread has a transaction open.
    pub fn is_mine(&self) -> bool {
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        *owner == Some(thread::current().id())
    }

    fn take(&self) {
        *self.wait() = Some(thread::current().id());
    }

    fn give_back(&self) {
        *self.owner.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.freed.notify_all();
    }
}

/// A transaction that is taken back unless somebody says otherwise, a panic included.
struct Open<'a> {
    org: &'a Org,
    savepoint: Savepoint,
    outermost: bool,
    keep: bool,
}

impl Org {
    /// Whether the running thread has a transaction open.
    pub(crate) fn in_transaction(&self) -> bool {
        self.turn.is_mine()
    }

    /// Runs several calls of this thread as one transaction; unless `act` says to keep them, all
    /// their changes are taken back.
    pub fn transaction<T>(&self, act: impl FnOnce() -> (T, bool)) -> T {
        let outermost = !self.in_transaction();
        if outermost {
            self.turn.take();
        }
        let mut state = self.lock();
        if outermost {
            state.transaction += 1;
        }
        let savepoint = state.begin();
        drop(state);
        let mut open = Open {
            org: self,
            savepoint,
            outermost,
            keep: false,
        };
        let (value, keep) = act();
        open.keep = keep;
        value
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut state = self.org.lock();
        state.end(self.savepoint, self.keep);
        if self.outermost {
            state.announce_changes();
        }
        drop(state);
        if self.outermost {
            self.org.turn.give_back();
        }
    }
}
