//! Figures for Prometheus. No personal data: only counts, and how long answers took.
//!
//! They are kept in this process and cost the asker nothing from the database. They are shown on a
//! listener of their own, because how much is going on is nobody else's business.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use metrics::{counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tieline_domain::job::{JobKind, JobState};

const REQUEST_SECONDS: &str = "tieline_http_request_seconds";
const WEBHOOKS_REFUSED: &str = "tieline_webhooks_refused_total";
const JOBS: &str = "tieline_jobs";
const CONNECTIONS: &str = "tieline_connections";
const CONNECTIONS_REFUSED: &str = "tieline_connections_refused_total";
/// From "at once" to "the carrier has given up".
const SECONDS: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0,
];
/// Samples wait in memory until somebody looks or this many have come.
const SAMPLES_WAITING_MAX: u32 = 4_096;
/// Requests to no route of ours share one name, or strangers could make up as many as they like.
const NO_ROUTE: &str = "none";

/// What this process counts.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    waiting: AtomicU32,
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        let matcher = Matcher::Full(REQUEST_SECONDS.to_owned());
        let recorder = builder
            .set_buckets_for_metric(matcher, SECONDS)
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, || {
            describe_histogram!(
                REQUEST_SECONDS,
                "How long answers took, by route and class of status."
            );
            metrics::describe_counter!(WEBHOOKS_REFUSED, "Webhooks whose signature did not fit.");
            describe_gauge!(JOBS, "Background jobs by kind and state.");
            describe_gauge!(CONNECTIONS, "Open connections.");
            metrics::describe_counter!(CONNECTIONS_REFUSED, "Connections that were one too many.");
            counter!(WEBHOOKS_REFUSED).increment(0);
        });
        Metrics {
            recorder,
            handle,
            waiting: AtomicU32::new(0),
        }
    }
}

impl Metrics {
    pub(crate) fn refuse_webhook(&self) {
        with_local_recorder(&self.recorder, || counter!(WEBHOOKS_REFUSED).increment(1));
    }

    fn answered(&self, (method, route): (&'static str, String), status: u16, took: Duration) {
        let class = match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        with_local_recorder(&self.recorder, || {
            histogram!(REQUEST_SECONDS, "method" => method, "route" => route, "class" => class)
                .record(took);
        });
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= SAMPLES_WAITING_MAX {
            self.waiting.store(0, Ordering::Relaxed);
            self.handle.run_upkeep();
        }
    }

    /// Sets how many jobs of a kind are in a state.
    pub fn set_jobs(&self, kind: JobKind, state: JobState, number: i64) {
        with_local_recorder(&self.recorder, || {
            gauge!(JOBS, "kind" => kind.as_str(), "state" => state.as_str()).set(number as f64);
        });
    }

    /// Sets how many connections are open, and how many were refused for a bound.
    pub fn set_connections(&self, open: usize, refused: &[(&'static str, u64)]) {
        with_local_recorder(&self.recorder, || {
            gauge!(CONNECTIONS).set(open as f64);
            for (bound, refused) in refused {
                counter!(CONNECTIONS_REFUSED, "bound" => *bound).absolute(*refused);
            }
        });
    }
}

/// What the listener for metrics serves.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let show = move || async move {
        let kind = [("content-type", "text/plain; version=0.0.4")];
        (kind, metrics.handle.render())
    };
    Router::new().route("/metrics", get(show))
}

/// Counts a request and how long its answer took.
pub(crate) async fn count(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = match request.method().as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    };
    let begun = Instant::now();
    let response = next.run(request).await;
    metrics.answered((method, route), response.status().as_u16(), begun.elapsed());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::any;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn each_method_that_the_api_has_is_counted_as_itself_and_strangers_ones_together() {
        let metrics = Arc::new(Metrics::default());
        let counted = from_fn_with_state(metrics.clone(), count);
        let router = Router::new()
            .route("/a", any(async || ()))
            .route_layer(counted);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "BREW", "MKCOL"] {
            let request = Request::builder().method(method).uri("/a");
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let text = metrics.handle.render();
        for (method, number) in [("PUT", 1), ("PATCH", 1), ("DELETE", 1), ("other", 2)] {
            let line = format!(
                "tieline_http_request_seconds_count{{method=\"{method}\",route=\"/a\",class=\"2xx\"}} {number}"
            );
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }

    #[test]
    fn answers_are_counted_by_route_with_how_long_they_took() {
        let metrics = Metrics::default();
        for ms in [3, 30, 300] {
            let route = ("GET", "/api/v1/contacts/{id}".to_owned());
            metrics.answered(route, 200, Duration::from_millis(ms));
        }
        metrics.refuse_webhook();
        metrics.set_jobs(JobKind::MessageSend, JobState::Ready, 7);
        metrics.set_connections(2, &[("peer", 5)]);
        let text = metrics.handle.render();
        let labels = "method=\"GET\",route=\"/api/v1/contacts/{id}\",class=\"2xx\"";
        for line in [
            format!("tieline_http_request_seconds_bucket{{{labels},le=\"0.05\"}} 2"),
            format!("tieline_http_request_seconds_count{{{labels}}} 3"),
            "tieline_webhooks_refused_total 1".to_owned(),
            "tieline_jobs{kind=\"message.send\",state=\"ready\"} 7".to_owned(),
            "tieline_connections 2".to_owned(),
            "tieline_connections_refused_total{bound=\"peer\"} 5".to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
