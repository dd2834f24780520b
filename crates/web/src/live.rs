//! The live stream: committed events in their order, told to those who may see them.
//!
//! A browser resumes from the last number it saw. One that was away for more events than are kept is
//! told to start afresh; one that reads too slowly likewise, and holds up nobody.

use crate::answer::EventStream;
use crate::api::live::LiveQuery;
use crate::extract::Query;
use crate::guard::session_of;
use crate::problem::{Code, Problem, Result};
use crate::state::WebState;
use crate::teller::Listener;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;
use tieline_access::SignedIn;

pub(crate) async fn follow(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Result<EventStream> {
    let resumed = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let listener = Listener {
        scope: me.principal.scope(),
        staff: me.staff.id,
        session: me.session,
        until: me.until,
    };
    let heard = state
        .teller
        .listen(listener, resumed.or(query.after))
        .await?;
    let stream = heard.map_err(|_| {
        Problem::new(
            Code::TooManyStreams,
            "this session follows in too many places at once",
        )
        .fix("Close some of them; the tabs of one browser share one stream.")
    })?;
    // What changed before the stream was there to be ended is asked here.
    let token = session_of(&state, &headers).unwrap_or_default();
    let still = state.access.principal(&token, me.from.clone()).await?;
    if still.is_none_or(|still| still.principal != me.principal) {
        return Err(
            Problem::new(Code::NotSignedIn, "the session has just changed or ended")
                .fix("Open the stream again, or sign in."),
        );
    }
    Ok(EventStream(Body::from_stream(stream)))
}
