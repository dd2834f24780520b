//! The open database: read connections, the write transaction, and the news of commits.

mod clock_set;
mod listen;
mod lock;
mod open;
mod request;
mod whisper;

use crate::args;
use crate::db::{Conn, Faults, Health, SqlitePools, Value};
use crate::error::{Result, StorageError};
use crate::node_time::NodeTime;
use crate::{event, migrate};
use listen::News;
use lock::FileLock;
pub use open::sqlite_file;
pub use request::{Request, during};
use sqlx::PgPool;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_domain::event::Event;
use tieline_domain::id::{Id, Ids, uuid_v7};
use tieline_domain::time::{Clock, Timestamp};
use tokio::sync::watch;

/// Work that nobody waits for has this long to get a connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than what is free in the pages of the database is likely to hold.
const TRIAL_BYTES: usize = 16_384;
const NOTIFY_CHANNEL: &str = "tieline_event";
const WHISPER_CHANNEL: &str = "tieline_whisper";

/// What [`Store::open`] needs.
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where the random part of ids comes from.
    pub ids: Arc<dyn Ids>,
}

/// The open database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    time: NodeTime,
    ids: Arc<dyn Ids>,
    news: News,
    patience: Duration,
    faults: Faults,
}

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Begin,
    Existing,
}

#[derive(Clone)]
enum Pools {
    Sqlite {
        pools: SqlitePools,
        /// Held for life by whoever works on the file.
        lock: Arc<FileLock>,
    },
    Postgres(PgPool),
}

impl Store {
    /// Opens and migrates the database; one that is missing or empty is begun.
    pub async fn open(options: StoreOptions) -> Result<Store> {
        Store::open_by(Door::Begin, options).await
    }

    /// The same, but a database that is missing or empty is refused.
    pub async fn open_existing(options: StoreOptions) -> Result<Store> {
        Store::open_by(Door::Existing, options).await
    }

    async fn open_by(door: Door, options: StoreOptions) -> Result<Store> {
        let store = Store {
            pools: Pools::open(&options.url, door).await?,
            time: NodeTime::new(options.clock),
            ids: options.ids,
            news: News::default(),
            patience: PATIENCE,
            faults: Faults::default(),
        };
        match store.bring_up(door != Door::Existing).await {
            Ok(()) => Ok(store),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    async fn bring_up(&self, may_begin: bool) -> Result<()> {
        self.time
            .step(self.time_is_off_by().await?.unwrap_or_default());
        let mut tx = self.begin(&Actor::system()).await?;
        migrate::migrate(&mut tx, may_begin).await?;
        clock_set::notice(&mut tx).await?;
        tx.commit().await?;
        let seq = event::head(&mut *self.reader().await?).await?;
        self.news.head.send_replace(seq);
        match &self.pools {
            Pools::Postgres(pool) => listen::listen(pool, self.news.clone()).await,
            Pools::Sqlite { .. } => Ok(()),
        }
    }

    /// The present moment, by the database's clock as far as this node knows it.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Learns how far this node's clock is from the database's, so that nodes agree on leases.
    pub async fn learn_time(&self) -> Result<()> {
        let Some(step_ms) = self.time_is_off_by().await? else {
            return self.bound_leases().await;
        };
        let mut tx = self.begin(&Actor::system()).await?;
        clock_set::move_times(&mut tx, step_ms).await?;
        tx.commit().await?;
        self.time.step(step_ms);
        if !self.has_one_hub() && step_ms < -clock_set::NOTICEABLE_MS {
            self.time.was_set_back();
        }
        Ok(())
    }

    /// Once, when a clock that was set back is known to all nodes.
    async fn bound_leases(&self) -> Result<()> {
        if !self.time.is_known_set_back() {
            return Ok(());
        }
        let mut tx = self.begin(&Actor::system()).await?;
        clock_set::bound_leases(&mut tx).await?;
        tx.commit().await?;
        self.time.forget_set_back();
        Ok(())
    }

    /// A moment by a count that nobody can set, for what is kept in memory alone: only differences mean
    /// something.
    pub fn steady(&self) -> Timestamp {
        self.time.steady()
    }

    async fn time_is_off_by(&self) -> Result<Option<i64>> {
        let there = match self.time.given() {
            None if !self.has_one_hub() => {
                let sql =
                    "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as at";
                let mut reader = self.reader().await?;
                Some(reader.one("time", sql, args![]).await?.time("at")?)
            }
            given => given,
        };
        Ok(self.time.step_to(there))
    }

    /// A new id of the wanted kind.
    pub fn new_id<I: Id>(&self) -> I {
        I::from_uuid(uuid_v7(self.now(), self.ids.random()))
    }

    /// The same database for those who do not wait longer than this for a connection.
    pub fn patient(&self, patience: Duration) -> Store {
        Store {
            patience,
            ..self.clone()
        }
    }

    /// A connection to read on.
    pub async fn reader(&self) -> Result<Reader> {
        let conn = Box::pin(async {
            Ok(match &self.pools {
                Pools::Sqlite { pools, .. } => Conn::SqliteRead(pools.reader().await?),
                Pools::Postgres(pool) => Conn::PostgresRead(pool.acquire().await?),
            })
        });
        Ok(Reader(self.in_time(conn).await?))
    }

    /// A transaction to write in, on somebody's word. Dropping it rolls back.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx> {
        let conn = Box::pin(async {
            Ok(match &self.pools {
                Pools::Sqlite { pools, .. } => {
                    Conn::SqliteWrite(pools.begin().await?, Health::new(&self.faults))
                }
                Pools::Postgres(pool) => {
                    Conn::PostgresWrite(pool.begin().await?, Health::new(&self.faults))
                }
            })
        });
        Ok(Tx {
            conn: self.in_time(conn).await?,
            store: self.clone(),
            actor: actor.clone(),
            events: Vec::new(),
            is_aside: false,
        })
    }

    /// The same for what is written down beside a request, and is not what it asks for: its commit
    /// does not say that the request is done.
    pub async fn begin_aside(&self, actor: &Actor) -> Result<Tx> {
        let mut tx = self.begin(actor).await?;
        tx.is_aside = true;
        Ok(tx)
    }

    /// The wait is boxed: it would make the future of everybody who asks for a connection large.
    async fn in_time(&self, conn: Waiting<'_>) -> Result<Conn> {
        let in_time = tokio::time::timeout(self.patience, conn).await;
        in_time.unwrap_or_else(|_| {
            let waited = format!("no connection was free within {:?}", self.patience);
            Err(StorageError::Unavailable(waited))
        })
    }

    /// How a test has a write fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Whether one hub alone works on this database: a file has one, which its lock enforces; a
    /// server may have several.
    pub fn has_one_hub(&self) -> bool {
        matches!(self.pools, Pools::Sqlite { .. })
    }

    /// Has the database keep, as durably as any, a change that takes room and changes nothing.
    pub async fn try_writing(&self) -> Result<()> {
        let mut tx = self.begin(&Actor::system()).await?;
        let row = args!["trial", "-".repeat(TRIAL_BYTES), tx.now()];
        let sql = "insert into setting (key, value, updated_at) values ($1, $2, $3) on conflict (key) do nothing";
        tx.run(sql, row).await?;
        let sql = "delete from setting where key = 'trial'";
        tx.run(sql, args![]).await?;
        tx.commit().await
    }

    /// The number of the last committed event, as it moves.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.news.head.subscribe()
    }

    /// Closes all connections, after which the file may be moved.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { pools, lock } => {
                pools.close().await;
                lock.release();
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Conn>> + Send + 'a>>;

/// A connection to read on.
pub struct Reader(Conn);

/// A transaction to write in; what is emitted is committed with it, numbered last.
pub struct Tx {
    conn: Conn,
    store: Store,
    actor: Actor,
    events: Vec<Event>,
    is_aside: bool,
}

impl Tx {
    /// Adds a fact for screens; it is stored and numbered by the commit.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// On whose word this is written.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What follows is written on somebody else's word: who holds a link is known once it is used.
    pub fn set_actor(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// A new id of the wanted kind.
    pub fn new_id<I: Id>(&self) -> I {
        self.store.new_id()
    }

    /// Does the rest of the work where the database is, as far as that is a thread of this process: work of
    /// many statements then changes threads once, not with each. It is done to its end also when nobody
    /// waits for it any more.
    pub async fn on_site<T: Send + 'static, F: Future<Output = T> + Send>(
        self,
        work: impl FnOnce(Tx) -> F + Send + 'static,
    ) -> Result<T> {
        let place = match &self.conn {
            Conn::SqliteWrite(writing, _) => writing.place()?,
            _ => return Ok(work(self).await),
        };
        place.run(move || work(self)).await
    }

    /// Commits the change, its events and its jobs, durably; then wakes those who listen.
    pub async fn commit(mut self) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        let now = self.now();
        let marked = match self.is_aside {
            true => request::Marked::default(),
            false => request::mark_current(&mut self.conn, now).await?,
        };
        let seq = if events.is_empty() {
            None
        } else {
            Some(event::append(&mut self.conn, &events, now).await?)
        };
        if let (true, Some(seq)) = (self.conn.is_postgres(), seq) {
            let payload: Vec<Value> = args![NOTIFY_CHANNEL, seq.to_string()];
            self.conn.all("select pg_notify($1, $2)", payload).await?;
        }
        let news = self.store.news;
        let tell = move || {
            marked.committed();
            if let Some(seq) = seq {
                news.raise(seq);
            }
        };
        match self.conn {
            Conn::SqliteWrite(tx, mut health) => {
                health.check()?;
                tx.commit(tell).await?;
            }
            Conn::PostgresWrite(tx, mut health) => {
                health.check()?;
                // Who gives up here is told by the server, as other nodes are.
                tx.commit().await?;
                tell();
            }
            Conn::SqliteRead(_) | Conn::PostgresRead(_) => {}
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
impl Deref for Reader {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0
    }
}
impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}
