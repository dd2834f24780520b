//! A connection and the thread that works on it.

use crate::error::{Result, StorageError};
use rusqlite::{Connection, InterruptHandle};
use std::sync::mpsc;
use tokio::sync::oneshot;

type Act = Box<dyn FnOnce(&mut Connection) + Send>;

/// Hands acts to a thread that has a connection. What was handed in is done whether or not its caller
/// still waits, and in that order. The thread ends, and closes the connection, once this is dropped.
pub(super) struct Handle {
    acts: mpsc::Sender<Act>,
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
                Ok(mut conn) => {
                    drop(told.send(Ok(conn.get_interrupt_handle())));
                    waiting.into_iter().for_each(|act| act(&mut conn));
                }
            }
        };
        std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(work)
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(Handle {
            acts,
            interrupt: opened.await.map_err(|_| gone())??,
            ended,
        })
    }

    /// Does something on the thread and waits for its outcome.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (told, outcome) = oneshot::channel();
        self.tell(move |conn| drop(told.send(act(conn))));
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
    pub fn tell(&self, act: impl FnOnce(&mut Connection) + Send + 'static) {
        // Without its thread the act is dropped, which whoever waits for its outcome hears.
        let _ = self.acts.send(Box::new(act));
    }

    /// Returns when the connection is closed.
    pub async fn close(self) {
        drop(self.acts);
        let _ = self.ended.await;
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
