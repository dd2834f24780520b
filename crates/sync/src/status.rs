//! What the sync page shows: how each object stands, and the calls that it cost.

use crate::error::Result;
use crate::run::Sync;
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::connection::ConnectionState;
use tieline_domain::id::ConnectionId;
use tieline_domain::sync::mapping::MappingDirection;
use tieline_domain::sync::run::RunState;
use tieline_domain::sync::standing::{Ended, Facts, Standing, standing};
use tieline_domain::time::Timestamp;
use tieline_storage::connection::{self, Connection};
use tieline_storage::contact;
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
    /// When a run last came to its end.
    pub as_of: Option<Timestamp>,
    /// Contacts that wait for a record.
    pub to_create: i64,
    /// Calls of the last 24 hours by purpose.
    pub usage: Vec<(String, i64)>,
}

impl Status {
    /// How it stands, in a word.
    pub fn standing(&self) -> Standing {
        let ended = |run: &SyncRun| match run.state {
            RunState::Done => Ended::Done,
            RunState::Cancelled => Ended::Cancelled,
            RunState::Failed | RunState::Running | RunState::Cancelling => Ended::Failed,
        };
        let mut read = self.mappings.iter();
        standing(&Facts {
            is_running: self.running.is_some(),
            last: self.last.as_ref().map(ended),
            is_connected: self.connection.state == ConnectionState::Connected,
            is_read: read.all(|it| {
                !it.enabled || it.direction == MappingDirection::ToOrg || it.read_until.is_some()
            }),
            to_decide: self.to_decide(),
            to_send: self.to_create + self.links.values().map(|it| it.waiting_to_org).sum::<i64>(),
        })
    }

    /// Records with a field to decide.
    pub fn to_decide(&self) -> i64 {
        self.links.values().map(|it| it.conflicts).sum()
    }
}

impl Sync {
    /// How a connection stands.
    pub async fn status(&self, id: ConnectionId) -> Result<Status> {
        let mut reader = self.store.reader().await?;
        let running = sync_run::open_run(&mut reader, id).await?;
        let newest = sync_run::history(&mut reader, id, None, 2).await?;
        let mappings = mapping::all(&mut reader, id).await?;
        let creates = |it: &ObjectMapping| {
            it.enabled && it.auto_create && it.direction != MappingDirection::ToHub
        };
        let to_create = match mappings.iter().any(creates) {
            true => contact::count_unlinked(&mut reader, &Scope::system(), id).await?,
            false => 0,
        };
        Ok(Status {
            connection: connection::by_id(&mut reader, id).await?,
            as_of: sync_run::last_done(&mut reader, id).await?,
            to_create,
            mappings,
            links: link::counts(&mut reader, id).await?,
            last: newest.into_iter().find(|run| run.finished_at.is_some()),
            running,
            usage: connection::usage(&mut reader, id, self.store.now()).await?,
        })
    }
}
