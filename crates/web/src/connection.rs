//! The connection that a request is about.

use crate::problem::{Code, Problem, Result};
use crate::state::WebState;
use tieline_domain::id::ConnectionId;
use tieline_storage::connection;

/// The connection; one a deployment today.
pub(crate) async fn the_connection(state: &WebState) -> Result<ConnectionId> {
    let all = connection::all(&mut *state.store.reader().await?).await?;
    all.first().map(|connection| connection.id).ok_or_else(|| {
        Problem::new(Code::NotConnected, "no Salesforce org is connected")
            .fix("Connect one under Settings.")
    })
}
