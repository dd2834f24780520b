//! Whether the hub can do its work: asked of what the work needs, which is the writer.
//!
//! Anybody may ask, so all who ask at one time share one look.

use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tieline_domain::access::Actor;
use tieline_storage::{Store, event};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Whoever asks is answered within this time.
const PATIENCE: Duration = Duration::from_millis(1_800);
/// What was seen stands for so long.
const STANDS: Duration = Duration::from_secs(1);

/// What was seen last, and when.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<(Instant, bool)>>>);

impl Readiness {
    async fn look(&self, store: &Store) -> bool {
        // Those who come meanwhile wait here, and find an answer.
        let mut last = self.0.lock().await;
        if let Some((at, is_ready)) = *last
            && at.elapsed() < STANDS
        {
            return is_ready;
        }
        let asked = timeout(PATIENCE, async {
            let mut tx = store.begin(&Actor::system()).await?;
            event::head(&mut tx).await
        });
        let is_ready = matches!(asked.await, Ok(Ok(_)));
        *last = Some((Instant::now(), is_ready));
        is_ready
    }
}

pub(crate) async fn readyz(State(state): State<WebState>) -> Result<&'static str, Problem> {
    match timeout(PATIENCE, state.readiness.look(&state.store)).await {
        Ok(true) => Ok("ready"),
        _ => Err(Problem::new(
            Code::DatabaseUnavailable,
            "the database takes no change in time",
        )
        .fix("Look whether it runs, and whether its disk is full.")),
    }
}
