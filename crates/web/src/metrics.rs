//! Figures for Prometheus, in its text format. No personal data: only counts.

use crate::problem::Result;
use crate::state::WebState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use tieline_domain::access::Scope;
use tieline_storage::{job, message};

/// What this process counts; the rest is counted in the database when somebody asks.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers by the hundreds of their status.
    answers: [AtomicU64; 6],
    webhooks_refused: AtomicU64,
}

impl Metrics {
    pub(crate) fn refuse_webhook(&self) {
        self.webhooks_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Webhooks whose signature did not fit.
    pub fn webhooks_refused(&self) -> u64 {
        self.webhooks_refused.load(Ordering::Relaxed)
    }
}

pub(crate) async fn count(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let hundreds = usize::from(response.status().as_u16() / 100).min(5);
    state.metrics.answers[hundreds].fetch_add(1, Ordering::Relaxed);
    response
}

pub(crate) async fn show(State(state): State<WebState>) -> Result<Response> {
    let mut reader = state.store.reader().await?;
    let mut text = String::new();
    head(
        &mut text,
        "tieline_http_answers_total",
        "counter",
        "Answers by the class of their status.",
    );
    for (hundreds, count) in state.metrics.answers.iter().enumerate().skip(1) {
        line(
            &mut text,
            "tieline_http_answers_total",
            &format!("class=\"{hundreds}xx\""),
            count.load(Ordering::Relaxed),
        );
    }
    head(
        &mut text,
        "tieline_webhooks_refused_total",
        "counter",
        "Webhooks whose signature did not fit.",
    );
    line(
        &mut text,
        "tieline_webhooks_refused_total",
        "",
        state.metrics.webhooks_refused(),
    );
    head(
        &mut text,
        "tieline_messages",
        "gauge",
        "Messages by direction and state.",
    );
    for (direction, word, count) in message::count_states(&mut reader, &Scope::system()).await? {
        line(
            &mut text,
            "tieline_messages",
            &format!("direction=\"{direction}\",state=\"{word}\""),
            count as u64,
        );
    }
    head(
        &mut text,
        "tieline_jobs",
        "gauge",
        "Background jobs by kind and state.",
    );
    for (kind, word, count) in job::count_by_state(&mut reader).await? {
        line(
            &mut text,
            "tieline_jobs",
            &format!("kind=\"{kind}\",state=\"{word}\""),
            count as u64,
        );
    }
    Ok(([("content-type", "text/plain; version=0.0.4")], text).into_response())
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
        .expect("writing to a string cannot fail");
}

fn line(text: &mut String, name: &str, labels: &str, value: u64) {
    let labels = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    writeln!(text, "{name}{labels} {value}").expect("writing to a string cannot fail");
}
