//! The request that is being answered: its first commit says in the same transaction that it is done,
//! unless it is one of bookkeeping beside it.

use crate::args;
use crate::db::Conn;
use crate::error::{Result, StorageError};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tieline_domain::id::StaffId;
use tieline_domain::time::Timestamp;

/// A request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who sent it; the keys of two principals have nothing to do with each other.
    pub principal: String,
    /// The user among them: what is kept of the answer is no more than they may see.
    pub staff: Option<StaffId>,
    /// The key, as the sender made it.
    pub key: String,
    /// A hash of all that makes it this request and no other.
    pub hash: Vec<u8>,
}

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

pub(crate) struct Current {
    request: Request,
    is_done: AtomicBool,
}

/// Runs the work of a request; its first commit that is not [`crate::Store::begin_aside`]'s marks the
/// request as done.
pub async fn during<T>(request: Request, work: impl Future<Output = T>) -> T {
    let current = Current {
        request,
        is_done: AtomicBool::new(false),
    };
    CURRENT.scope(Arc::new(current), work).await
}

/// Marks the request that is being answered as done, within the commit of what it does; a conflict
/// when somebody else did it meanwhile. What is returned is to be told when the commit is through.
pub(crate) async fn mark_current(conn: &mut Conn, now: Timestamp) -> Result<Marked> {
    let Ok(current) = CURRENT.try_with(Arc::clone) else {
        return Ok(Marked(None));
    };
    if current.is_done.load(Ordering::SeqCst) {
        return Ok(Marked(None));
    }
    let sql =
        "update idempotency set done_at = $1 where principal = $2 and key = $3 and done_at is null";
    let Request { principal, key, .. } = &current.request;
    match conn.run(sql, args![now, principal, key]).await? {
        1 => Ok(Marked(Some(current))),
        _ => Err(StorageError::Conflict("request")),
    }
}

/// A request whose mark waits for its commit.
#[derive(Default)]
pub(crate) struct Marked(Option<Arc<Current>>);

impl Marked {
    /// The commit is through: further commits of the same request go without a mark.
    pub fn committed(self) {
        if let Some(current) = self.0 {
            current.is_done.store(true, Ordering::SeqCst);
        }
    }
}
