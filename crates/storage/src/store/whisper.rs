//! What is told to all nodes and never stored: over PostgreSQL where there are several, else within
//! the process. Who does not hear it at this moment never does.

use super::{Pools, Store, WHISPER_CHANNEL};
use crate::args;
use crate::db::json_text;
use crate::error::Result;
use tieline_domain::event::Whisper;
use tokio::sync::broadcast;

impl Store {
    /// Tells whoever listens, here and on all other nodes.
    pub async fn whisper(&self, whisper: Whisper) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { .. } => {
                // That nobody listens is no fault.
                let _ = self.news.whispers.send(whisper);
            }
            // This node hears it as the others do.
            Pools::Postgres(_) => {
                let payload = args![WHISPER_CHANNEL, json_text(&whisper)];
                let mut conn = self.reader().await?;
                conn.all("select pg_notify($1, $2)", payload).await?;
            }
        }
        Ok(())
    }

    /// What is whispered from now on; who is slow misses the earliest.
    pub fn whispers(&self) -> broadcast::Receiver<Whisper> {
        self.news.whispers.subscribe()
    }
}
