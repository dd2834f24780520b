//! What other nodes commit, heard from PostgreSQL.
//!
//! A connection that listens can be lost at any moment, and what is told meanwhile is told to
//! nobody. So whoever comes back listens first and then looks up how far the events have come.

use super::{NOTIFY_CHANNEL, raise};
use crate::error::Result;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::sync::watch;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Passes on what other nodes commit, until the pool is closed.
pub(super) async fn listen(pool: &PgPool, head: watch::Sender<i64>) -> Result<()> {
    let mut listener = connect(pool, &head).await?;
    let pool = pool.clone();
    tokio::spawn(async move {
        while !pool.is_closed() {
            match listener.try_recv().await {
                Ok(Some(news)) => {
                    let seq = news.payload().parse().unwrap_or_default();
                    head.send_if_modified(|known| raise(known, seq));
                }
                Ok(None) | Err(_) => match come_back(&pool, &head).await {
                    Some(again) => listener = again,
                    None => return,
                },
            }
        }
    });
    Ok(())
}

/// Tries until it listens again; `None` when the pool was closed meanwhile.
async fn come_back(pool: &PgPool, head: &watch::Sender<i64>) -> Option<PgListener> {
    let mut wait = FIRST_WAIT;
    while !pool.is_closed() {
        match connect(pool, head).await {
            Ok(listener) => return Some(listener),
            Err(error) => {
                tracing::warn!(%error, "the news of other nodes cannot be heard; trying again");
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    None
}

async fn connect(pool: &PgPool, head: &watch::Sender<i64>) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(NOTIFY_CHANNEL).await?;
    let (seq,): (i64,) = sqlx::query_as("select seq from stream_head where id = 1")
        .fetch_one(pool)
        .await?;
    head.send_if_modified(|known| raise(known, seq));
    Ok(listener)
}
