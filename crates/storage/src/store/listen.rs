//! What other nodes commit, heard from PostgreSQL.
//!
//! A connection that listens can be lost at any moment, and what is told meanwhile is told to
//! nobody. So whoever comes back listens first and then looks up how far the events have come.

use super::{NOTIFY_CHANNEL, WHISPER_CHANNEL};
use crate::error::Result;
use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgNotification};
use std::time::Duration;
use tieline_domain::event::Whisper;
use tokio::sync::{broadcast, watch};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Whispers that wait for who listens slowly; the earliest are lost beyond.
const WHISPERS_MAX: usize = 1_024;

/// What is heard of commits and whispers, on this node and on others.
#[derive(Clone)]
pub(super) struct News {
    /// The number of the last committed event.
    pub head: watch::Sender<i64>,
    pub whispers: broadcast::Sender<Whisper>,
}

impl Default for News {
    fn default() -> News {
        News {
            head: watch::channel(0).0,
            whispers: broadcast::channel(WHISPERS_MAX).0,
        }
    }
}

impl News {
    pub fn raise(&self, seq: i64) {
        self.head.send_if_modified(|known| {
            let higher = seq > *known;
            if higher {
                *known = seq;
            }
            higher
        });
    }

    fn hear(&self, notification: &PgNotification) {
        let payload = notification.payload();
        if notification.channel() != WHISPER_CHANNEL {
            self.raise(payload.parse().unwrap_or_default());
        } else if let Ok(whisper) = serde_json::from_str(payload) {
            // That nobody listens is no fault. What this node cannot read is of a later one.
            let _ = self.whispers.send(whisper);
        }
    }
}

/// Passes on what other nodes commit, until the pool is closed.
pub(super) async fn listen(pool: &PgPool, news: News) -> Result<()> {
    let mut listener = connect(pool, &news).await?;
    let pool = pool.clone();
    tokio::spawn(async move {
        while !pool.is_closed() {
            match listener.try_recv().await {
                Ok(Some(notification)) => news.hear(&notification),
                Ok(None) | Err(_) => match come_back(&pool, &news).await {
                    Some(again) => listener = again,
                    None => return,
                },
            }
        }
    });
    Ok(())
}

/// Tries until it listens again; `None` when the pool was closed meanwhile.
async fn come_back(pool: &PgPool, news: &News) -> Option<PgListener> {
    let mut wait = FIRST_WAIT;
    while !pool.is_closed() {
        match connect(pool, news).await {
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

async fn connect(pool: &PgPool, news: &News) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener
        .listen_all([NOTIFY_CHANNEL, WHISPER_CHANNEL])
        .await?;
    let (seq,): (i64,) = sqlx::query_as("select seq from stream_head where id = 1")
        .fetch_one(pool)
        .await?;
    news.raise(seq);
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::News;

    #[test]
    fn the_head_goes_forward_only_and_wakes_nobody_with_what_is_known() {
        let news = News::default();
        let mut head = news.head.subscribe();
        for (told, known) in [(5, 5), (3, 5), (5, 5), (6, 6)] {
            let was = *head.borrow();
            news.raise(told);
            assert_eq!(head.has_changed().unwrap(), was != known, "{told}");
            assert_eq!(*head.borrow_and_update(), known, "{told}");
        }
    }
}
