//! Whether a transaction may still be written in, and the faults that tests ask for.

use crate::error::{Result, StorageError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of a transaction so far.
pub struct Health {
    failed: bool,
    faults: Faults,
}

impl Health {
    pub(crate) fn new(faults: &Faults) -> Health {
        Health {
            failed: false,
            faults: faults.clone(),
        }
    }

    /// Asked before each statement and before the commit. After a statement that failed none is sent any
    /// more: a full disk makes SQLite roll back by itself, after which further statements would be
    /// committed one by one; and PostgreSQL would answer a commit as if it had kept something.
    pub(crate) fn check(&mut self) -> Result<()> {
        if self.failed {
            let words = "an earlier statement of this transaction failed; nothing of it is kept";
            return Err(StorageError::Database(words.to_owned()));
        }
        if self.faults.strike() {
            self.failed = true;
            let words = "this is the fault that a test asked for";
            return Err(StorageError::Unavailable(words.to_owned()));
        }
        Ok(())
    }

    pub(super) fn fail(&mut self) {
        self.failed = true;
    }
}

/// Lets a test break any write of a store: a full disk or a lost connection at the worst moment. Nobody else
/// asks for one, and without being asked it does nothing.
#[derive(Clone, Default)]
pub struct Faults(Arc<AtomicU64>);

impl Faults {
    /// The `number`-th statement from now on fails, once; statements of write transactions and their
    /// commits are counted, whoever sends them.
    pub fn fail_at(&self, number: u64) {
        self.0.store(number, Ordering::SeqCst);
    }

    /// Takes back what was asked for; whether it had happened.
    pub fn take_back(&self) -> bool {
        self.0.swap(0, Ordering::SeqCst) == 0
    }

    fn strike(&self) -> bool {
        let counted = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        counted == Ok(1)
    }
}
