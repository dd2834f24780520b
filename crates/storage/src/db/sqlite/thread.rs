//! A connection and the thread that works on it.

use crate::error::{Result, StorageError};
use rusqlite::{Connection, InterruptHandle};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread::ThreadId;
use tokio::runtime::Handle as Runtime;
use tokio::sync::oneshot;

type Act = Box<dyn FnOnce() + Send>;

thread_local! {
    /// The connection of the thread that this is.
    static OURS: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Does something with the connection of this thread.
fn with_ours<T>(act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    OURS.with_borrow_mut(|conn| act(conn.as_mut().ok_or(rusqlite::Error::InvalidQuery)?))
}

/// Hands acts to a thread that has a connection. What was handed in is done whether or not its caller
/// still waits, and in that order. The thread ends, and closes the connection, once this is dropped.
pub(super) struct Handle {
    acts: mpsc::Sender<Act>,
    thread: ThreadId,
    interrupt: InterruptHandle,
    ended: oneshot::Receiver<()>,
}

impl Handle {
    /// Starts a thread and opens a connection on it.
    pub async fn open(
        open: impl FnOnce() -> rusqlite::Result<Connection> + Send + 'static,
    ) -> Result<Handle> {
        let (acts, waiting) = mpsc::channel::<Act>();
        let (told, opened) = oneshot::channel();
        let (ends, ended) = oneshot::channel();
        let work = move || {
            let _ends: oneshot::Sender<()> = ends;
            match open() {
                Err(error) => drop(told.send(Err(error))),
                Ok(conn) => {
                    drop(told.send(Ok(conn.get_interrupt_handle())));
                    OURS.set(Some(conn));
                    waiting.into_iter().for_each(|act| act());
                    drop(OURS.take());
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(work)
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(Handle {
            acts,
            thread: thread.thread().id(),
            interrupt: opened.await.map_err(|_| gone())??,
            ended,
        })
    }

    /// Does something on the thread and waits for its outcome; at once for who is there already.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        if std::thread::current().id() == self.thread {
            return Ok(with_ours(act)?);
        }
        let (told, outcome) = oneshot::channel();
        self.tell(move |conn| {
            drop(told.send(act(conn)));
            Ok(())
        });
        Ok(outcome.await.map_err(|_| gone())??)
    }

    /// The same for who only reads: when nobody waits any more, SQLite stops.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut waiting = Waiting(Some(&self.interrupt));
        let outcome = self.call(act).await;
        waiting.0 = None;
        outcome
    }

    /// Does something on the thread; nobody waits.
    pub fn tell(&self, act: impl FnOnce(&mut Connection) -> rusqlite::Result<()> + Send + 'static) {
        // Without its thread the act is dropped, which whoever waits for its outcome hears.
        let _ = self.acts.send(Box::new(|| drop(with_ours(act))));
    }

    /// The thread, for work of many acts.
    pub fn place(&self) -> Place {
        Place(self.acts.clone())
    }

    /// Returns when the connection is closed.
    pub async fn close(self) {
        drop(self.acts);
        let _ = self.ended.await;
    }
}

/// The thread of a connection.
pub(crate) struct Place(mpsc::Sender<Act>);

impl Place {
    /// Does work there, to its end, and waits for its outcome: its acts need no change of threads.
    pub async fn run<T: Send + 'static, F: Future<Output = T>>(
        self,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Result<T> {
        let (told, outcome) = oneshot::channel();
        let runtime = Runtime::current();
        let act = move || {
            // The thread lives on for those who come next.
            let done = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work())));
            drop(told.send(done));
        };
        let _ = self.0.send(Box::new(act));
        match outcome.await.map_err(|_| gone())? {
            Ok(done) => Ok(done),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Interrupts what runs, unless its outcome came. Nobody else has the connection meanwhile, and without a
/// statement that runs it does nothing.
struct Waiting<'a>(Option<&'a InterruptHandle>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0 {
            interrupt.interrupt();
        }
    }
}

fn gone() -> StorageError {
    StorageError::Unavailable("the thread of a connection to SQLite has ended".to_owned())
}
