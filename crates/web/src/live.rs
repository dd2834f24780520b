//! The live stream: committed events in their order, told to those who may see them.
//!
//! A browser resumes from the last number it saw. One that was away for more events than are kept is
//! told to start afresh; one that reads too slowly likewise, and holds up nobody.

use crate::answer::EventStream;
use crate::api::live::LiveQuery;
use crate::caller::{Admitted, still_is};
use crate::extract::Query;
use crate::problem::{Code, Problem, Result};
use crate::state::WebState;
use crate::teller::Listener;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, HeaderValue};

/// Stands for a number that was spoilt on its way: who sends one begins afresh.
const NEVER: i64 = -1;

fn number_of(value: &HeaderValue) -> Option<i64> {
    value.to_str().ok()?.parse().ok()
}

pub(crate) async fn follow(
    State(state): State<WebState>,
    Extension(me): Extension<Admitted>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Result<EventStream> {
    let resumed = headers
        .get("last-event-id")
        .map(|value| number_of(value).unwrap_or(NEVER));
    let listener = Listener {
        scope: me.caller.principal.scope(),
        rights: me.caller.principal.rights(),
        staff: me.caller.principal.by().staff(),
        ground: me.ground,
        until: me.until,
    };
    let heard = state
        .teller
        .listen(listener, resumed.or(query.after.map(|it| it.0)))
        .await?;
    let stream = heard.map_err(|_| {
        Problem::new(
            Code::TooManyStreams,
            "this session or key follows in too many places at once",
        )
        .fix("Close some of them; the tabs of one browser share one stream.")
    })?;
    // What changed before the stream was there to be ended is asked here.
    if !still_is(&state, &headers, &me).await {
        return Err(Problem::new(
            Code::NotSignedIn,
            "the session or key has just changed or ended",
        )
        .fix("Open the stream again, or sign in."));
    }
    Ok(EventStream(Body::from_stream(stream)))
}
