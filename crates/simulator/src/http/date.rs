//! Every answer says when it was given, by the clock of who gives it.

use crate::simulator::Simulator;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::DATE;

pub(super) async fn dated(
    State(simulator): State<Simulator>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let by_carrier = path.starts_with("/2010-04-01/") || path.starts_with("/phones");
    let mut response = next.run(request).await;
    let now_ms = match by_carrier {
        true => simulator.carrier_now_ms(),
        false => simulator.now_ms(),
    };
    if let Ok(value) = HeaderValue::from_str(&http_date(now_ms)) {
        response.headers_mut().insert(DATE, value);
    }
    response
}

/// A time as HTTP's headers write it: `Tue, 24 Nov 2026 03:46:04 GMT`.
pub(crate) fn http_date(epoch_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(epoch_ms).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
