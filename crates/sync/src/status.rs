//! What the sync page shows: how each object stands, and the calls that it cost.

use crate::error::Result;
use crate::run::Sync;
use std::collections::BTreeMap;
use tieline_domain::id::ConnectionId;
use tieline_storage::connection::{self, Connection};
use tieline_storage::link::{self, LinkCounts};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::sync_run::{self, SyncRun};

/// A connection and how its sync stands.
pub struct Status {
    /// The connection.
    pub connection: Connection,
    /// Its mappings.
    pub mappings: Vec<ObjectMapping>,
    /// Links by object.
    pub links: BTreeMap<String, LinkCounts>,
    /// The run that is going on.
    pub running: Option<SyncRun>,
    /// The run that ended last.
    pub last: Option<SyncRun>,
    /// Calls of the last 24 hours by purpose.
    pub usage: Vec<(String, i64)>,
}

impl Sync {
    /// How a connection stands.
    pub async fn status(&self, id: ConnectionId) -> Result<Status> {
        let mut reader = self.store.reader().await?;
        let running = sync_run::open_run(&mut reader, id).await?;
        let newest = sync_run::history(&mut reader, id, None, 2).await?;
        Ok(Status {
            connection: connection::by_id(&mut reader, id).await?,
            mappings: mapping::all(&mut reader, id).await?,
            links: link::counts(&mut reader, id).await?,
            last: newest.into_iter().find(|run| run.finished_at.is_some()),
            running,
            usage: connection::usage(&mut reader, id, self.store.now()).await?,
        })
    }
}
