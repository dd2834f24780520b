//! The open database: read connections, the write transaction, and the news of commits.

use crate::args;
use crate::db::{Conn, Value};
use crate::error::{Result, StorageError};
use crate::node_time::NodeTime;
use crate::{event, idempotency, migrate};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, PgPool, SqlitePool};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_domain::event::Event;
use tieline_domain::id::{Id, Ids, uuid_v7};
use tieline_domain::time::{Clock, Timestamp};
use tokio::sync::watch;

/// Pages that the writer of SQLite keeps in memory; negative, so in KiB.
const WRITER_CACHE: &str = "-32768";
/// Pages of the log of SQLite after which it is written back, 32 MiB. A page of records touches so
/// many that the usual 1,000 would have each written back at once.
const LOG_PAGES: &str = "8192";
const READERS_MAX: u32 = 4;
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Work that nobody waits for has this long to get a connection.
const PATIENCE: Duration = Duration::from_secs(30);
const NOTIFY_CHANNEL: &str = "tieline_event";

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
    head: watch::Sender<i64>,
    patience: Duration,
}

#[derive(Clone)]
enum Pools {
    /// SQLite wants one writer: several gave tails of 1.6 s.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Store {
    /// Opens and migrates the database.
    pub async fn open(options: StoreOptions) -> Result<Store> {
        let pools = Pools::open(&options.url).await?;
        let (head, _) = watch::channel(0);
        let store = Store {
            pools,
            time: NodeTime::new(options.clock),
            ids: options.ids,
            head,
            patience: PATIENCE,
        };
        store.learn_time().await?;
        let mut tx = store.begin(&Actor::system()).await?;
        migrate::migrate(&mut tx).await?;
        tx.commit().await?;
        let seq = event::head(&mut *store.reader().await?).await?;
        store.head.send_replace(seq);
        if let Pools::Postgres(pool) = &store.pools {
            listen(pool, store.head.clone()).await?;
        }
        Ok(store)
    }

    /// The present moment, by the database's clock as far as this node knows it.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Learns how far this node's clock is from the database's, so that nodes agree on leases.
    pub async fn learn_time(&self) -> Result<()> {
        let there = match self.time.given() {
            None if !self.has_one_hub() => {
                let sql =
                    "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as at";
                let mut reader = self.reader().await?;
                Some(reader.one("time", sql, args![]).await?.time("at")?)
            }
            given => given,
        };
        self.time.learn(there);
        Ok(())
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
                Pools::Sqlite { readers, .. } => Conn::SqliteRead(readers.acquire().await?),
                Pools::Postgres(pool) => Conn::PostgresRead(pool.acquire().await?),
            })
        });
        Ok(Reader(self.in_time(conn).await?))
    }

    /// A transaction to write in, on somebody's word. Dropping it rolls back.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx> {
        let conn = Box::pin(async {
            Ok(match &self.pools {
                Pools::Sqlite { writer, .. } => {
                    Conn::SqliteWrite(writer.begin_with("begin immediate").await?)
                }
                Pools::Postgres(pool) => Conn::PostgresWrite(pool.begin().await?),
            })
        });
        Ok(Tx {
            conn: self.in_time(conn).await?,
            store: self.clone(),
            actor: actor.clone(),
            events: Vec::new(),
        })
    }

    /// The wait is boxed: it would make the future of everybody who asks for a connection large.
    async fn in_time(&self, conn: Waiting<'_>) -> Result<Conn> {
        let in_time = tokio::time::timeout(self.patience, conn).await;
        in_time.unwrap_or_else(|_| {
            let waited = format!("no connection was free within {:?}", self.patience);
            Err(StorageError::Unavailable(waited))
        })
    }

    /// Whether one hub alone works on this database: a file has one, a server may have several.
    pub fn has_one_hub(&self) -> bool {
        matches!(self.pools, Pools::Sqlite { .. })
    }

    /// The number of the last committed event, as it moves.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// Closes all connections, after which the file may be moved.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                // What a full log would hold up, the next start would have to read.
                let written = sqlx::query("pragma wal_checkpoint(truncate)").execute(writer);
                let _ = written.await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Pools {
    async fn open(url: &str) -> Result<Pools> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|e| bad_url(&e))?
                .disable_statement_logging();
            let pool = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS_MAX)
                .connect_with(options)
                .await?;
            return Ok(Pools::Postgres(pool));
        }
        if !url.starts_with("sqlite:") {
            // Never shown: it may hold a password.
            return Err(StorageError::Settings(
                "database: the address begins neither with sqlite: nor with postgres://".to_owned(),
            ));
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|e| bad_url(&e))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let one = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .max_lifetime(None)
            .idle_timeout(None);
        let writing = options
            .clone()
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", LOG_PAGES);
        let writer = one.connect_with(writing).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .max_lifetime(None)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Pools::Sqlite { writer, readers })
    }
}

/// Says what is wrong with an address without showing it: it may hold a password.
fn bad_url(error: &sqlx::Error) -> StorageError {
    StorageError::Settings(format!(
        "database: this is not an address of a database: {error}"
    ))
}

/// Passes on what other nodes commit, for as long as somebody holds the store.
async fn listen(pool: &PgPool, head: watch::Sender<i64>) -> Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(NOTIFY_CHANNEL).await?;
    tokio::spawn(async move {
        loop {
            match listener.recv().await {
                Ok(news) => {
                    let seq = news.payload().parse().unwrap_or_default();
                    head.send_if_modified(|known| raise(known, seq));
                }
                // The listener reconnects by itself; an error here means the pool was closed.
                Err(_) => return,
            }
        }
    });
    Ok(())
}

fn raise(known: &mut i64, seq: i64) -> bool {
    let higher = seq > *known;
    if higher {
        *known = seq;
    }
    higher
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
}

impl Tx {
    /// Adds a fact for screens; it is stored and numbered by the commit.
    pub fn emit(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// On whose word this is written.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// A new id of the wanted kind.
    pub fn new_id<I: Id>(&self) -> I {
        self.store.new_id()
    }

    /// Commits the change, its events and its jobs, durably; then wakes those who listen.
    pub async fn commit(mut self) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        let now = self.now();
        let marked = idempotency::mark_current(&mut self.conn, now).await?;
        let seq = if events.is_empty() {
            None
        } else {
            Some(event::append(&mut self.conn, &events, now).await?)
        };
        match self.conn {
            Conn::SqliteWrite(tx) => tx.commit().await?,
            Conn::PostgresWrite(tx) => {
                let mut conn = Conn::PostgresWrite(tx);
                if let Some(seq) = seq {
                    let payload: Vec<Value> = args![NOTIFY_CHANNEL, seq.to_string()];
                    conn.all("select pg_notify($1, $2)", payload).await?;
                }
                if let Conn::PostgresWrite(tx) = conn {
                    tx.commit().await?;
                }
            }
            Conn::SqliteRead(_) | Conn::PostgresRead(_) => {}
        }
        marked.committed();
        if let Some(seq) = seq {
            self.store.head.send_if_modified(|known| raise(known, seq));
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
