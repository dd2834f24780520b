//! The one way by which requests leave: count, send, classify, and retry what may be repeated.

use crate::error::{ApiError, Error, Transient};
use crate::hosts::Hosts;
use crate::time::parse_http_date;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::time::Duration;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// Whatever the transport says went wrong.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Carries requests out: a real HTTP client, or in tests a router in the same process.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Time, randomness and waiting, injected.
pub trait Environment: Send + Sync {
    /// The present moment in epoch milliseconds.
    fn now_ms(&self) -> i64;
    /// 64 random bits.
    fn random(&self) -> u64;
    /// Waits.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// What a call is for; calls are counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallPurpose {
    /// Bulk work that a budget may stop.
    Sync,
    /// Following live changes.
    Live,
    /// A person waits for it.
    Staff,
}

impl CallPurpose {
    /// The word it is counted under.
    pub fn as_str(self) -> &'static str {
        match self {
            CallPurpose::Sync => "sync",
            CallPurpose::Live => "live",
            CallPurpose::Staff => "staff",
        }
    }
}

/// Asked before every call that counts against the org's limit, so that none can forget.
pub trait CallBudget: Send + Sync {
    /// Permits one call for this purpose, or says until when there is none.
    fn take(
        &self,
        purpose: CallPurpose,
    ) -> Pin<Box<dyn Future<Output = crate::Result<()>> + Send + '_>>;

    /// A call that the org surely has not counted costs nothing: without this a long outage would use
    /// all up.
    fn give_back(&self, purpose: CallPurpose) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// What an answer may take; goes with each request to the transport, which holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// From the request to the last byte of the answer.
    pub time: Duration,
    /// Bytes of the answer's body once it is unpacked.
    pub answer_bytes_max: usize,
}

impl CallLimits {
    /// Signing in: a person or a whole run waits for it.
    pub(crate) const SIGN_IN: CallLimits = CallLimits {
        time: Duration::from_secs(20),
        answer_bytes_max: 256 << 10,
    };

    /// A call for this purpose. A page has up to 2,000 rows, and an org ends a call after 120 s.
    pub(crate) fn of(purpose: CallPurpose) -> CallLimits {
        let seconds = match purpose {
            CallPurpose::Staff => 30,
            _ => 120,
        };
        CallLimits {
            time: Duration::from_secs(seconds),
            answer_bytes_max: 64 << 20,
        }
    }
}

/// Attempts at one request, the first included.
const ATTEMPTS_MAX: u32 = 4;
const BACK_OFF_FIRST_MS: u64 = 250;
const BACK_OFF_MAX_MS: u64 = 8_000;
/// How often one request follows an org that has moved.
pub(crate) const MOVES_MAX: u32 = 3;
/// "Elsewhere": redirects, and 421 of a host that serves the org no longer.
const MOVED: &[u16] = &[301, 302, 303, 307, 308, 421];
/// Statuses after which another attempt makes sense; 420 is an instance that moves.
const PASSING: &[u16] = &[420, 429, 500, 502, 503, 504];
/// Those among them by which the org is said to take no calls at all, unless its API says so itself.
const TURNED_AWAY: &[u16] = &[420, 429, 503];

/// What came of one attempt.
pub(crate) enum Outcome {
    /// The org carried it out.
    Done(Response<Bytes>),
    /// The session is over; sign in and send it again.
    SessionOver,
    /// The org is elsewhere, and did nothing; the address that it gave, if it gave one.
    Moved(Option<String>),
    /// It may work later; whether the org saw it is unknown.
    Transient(Transient),
    /// It may work later, and the org has neither done nor counted anything.
    Unseen(Transient),
    /// It was answered with more than is taken.
    TooLarge(String),
    /// It will not work.
    Failed(Error),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The request leads to where nothing may be sent; nothing was.
    #[error("{0}")]
    Refused(String),
    /// The answer is larger than anybody wants to keep; whatever was asked for may be done.
    #[error("{0}")]
    TooLarge(String),
    /// Nothing has left, because nobody could be connected with.
    #[error("{0}")]
    NotSent(String),
    /// The way there, or the answer's way back, is broken; it may have been done and counted.
    #[error("{0}")]
    Broken(String),
}

/// Sends to a host that is allowed.
pub(crate) async fn send_once(
    transport: &Transport,
    hosts: Hosts,
    request: Request<Bytes>,
) -> std::result::Result<Response<Bytes>, SendError> {
    let address = request.uri().to_string();
    hosts.check(&address).map_err(SendError::Refused)?;
    let answer = transport.clone().oneshot(request).await;
    answer.map_err(|error| {
        let io = error.downcast_ref::<std::io::Error>();
        match io.map(std::io::Error::kind) {
            Some(ErrorKind::FileTooLarge) => SendError::TooLarge(error.to_string()),
            Some(ErrorKind::ConnectionRefused) => SendError::NotSent(error.to_string()),
            _ => SendError::Broken(error.to_string()),
        }
    })
}

/// Whether an org has moved, and to which address if it says so.
pub(crate) fn moved_to(response: &Response<Bytes>) -> Option<Option<String>> {
    let location = response.headers().get("location");
    let location = || Some(location?.to_str().ok()?.to_owned());
    MOVED.contains(&response.status().as_u16()).then(location)
}

/// What an answer means.
pub(crate) fn classify(answer: std::result::Result<Response<Bytes>, SendError>) -> Outcome {
    let response = match answer {
        Ok(response) => response,
        Err(SendError::Refused(why)) => return Outcome::Failed(Error::Invalid(why)),
        Err(SendError::TooLarge(why)) => return Outcome::TooLarge(why),
        Err(SendError::NotSent(why)) => return Outcome::Unseen(why.into()),
        Err(SendError::Broken(why)) => return Outcome::Transient(why.into()),
    };
    if let Some(place) = moved_to(&response) {
        return Outcome::Moved(place);
    }
    let status = response.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Outcome::Done(response);
    }
    let errors = serde_json::from_slice::<Vec<ApiError>>(response.body());
    if is_html(response.headers()) || PASSING.contains(&status.as_u16()) {
        let transient = Transient {
            why: format!("status {}", status.as_u16()),
            asked_ms: retry_after_ms(response.headers()),
        };
        let turned_away = errors.is_err() && TURNED_AWAY.contains(&status.as_u16());
        return match turned_away {
            true => Outcome::Unseen(transient),
            false => Outcome::Transient(transient),
        };
    }
    let errors = match errors {
        Ok(errors) => errors,
        Err(_) => {
            return Outcome::Failed(Error::Unexpected(format!(
                "status {} without the error array",
                status.as_u16()
            )));
        }
    };
    if status == StatusCode::UNAUTHORIZED && errors.iter().any(is_session_over) {
        return Outcome::SessionOver;
    }
    if let Some(error) = errors
        .iter()
        .find(|error| error.code == "REQUEST_LIMIT_EXCEEDED")
    {
        return Outcome::Failed(Error::LimitReached(error.message.clone()));
    }
    Outcome::Failed(Error::Refused {
        status: status.as_u16(),
        errors,
    })
}

/// How long to wait before attempt `attempt` (from 1): exponential with full jitter.
pub(crate) fn back_off(attempt: u32, random: u64) -> Duration {
    let ceiling = (BACK_OFF_FIRST_MS << attempt.min(10)).min(BACK_OFF_MAX_MS);
    Duration::from_millis(random % ceiling + 1)
}

/// How long an answer asks us to stay away: so many seconds, or until a moment of its own clock.
pub(crate) fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text("retry-after")?;
    let asked_ms = match asked.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * 1_000,
        Err(_) => parse_http_date(asked)? - parse_http_date(text("date")?)?,
    };
    Some(asked_ms.max(0))
}

/// The wait before the next attempt, unless we are asked for one so long that a job waits better.
pub(crate) fn wait_here(attempt: u32, random: u64, asked_ms: Option<i64>) -> Option<Duration> {
    let asked = Duration::from_millis(asked_ms.unwrap_or_default().max(0) as u64);
    let bearable = attempt < ATTEMPTS_MAX && asked <= Duration::from_millis(BACK_OFF_MAX_MS);
    bearable.then(|| back_off(attempt, random).max(asked))
}

/// A new sign-in does not help when the org says that this kind of session is not for this API.
fn is_session_over(error: &ApiError) -> bool {
    error.code == "INVALID_SESSION_ID"
        && error.message != "This session is not valid for use with the REST API"
        && error.message != "Connected app is not attached to Agent"
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get("content-type")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Outcome {
        let response = Response::builder()
            .status(status)
            .header("content-type", content_type);
        let body = Bytes::copy_from_slice(body.as_bytes());
        classify(Ok(response.body(body).unwrap()))
    }

    #[test]
    fn a_short_wait_that_is_asked_for_is_kept_here_and_a_long_one_is_not() {
        let seconds = |asked: u64| Some(Duration::from_secs(asked));
        let cases = [
            (1, 0, Some(5_000), seconds(5)),
            (1, 0, Some(8_000), seconds(8)),
            (1, 0, Some(8_001), None),
            (1, 0, None, Some(Duration::from_millis(1))),
            (1, 400, Some(0), Some(Duration::from_millis(401))),
            (ATTEMPTS_MAX, 0, None, None),
        ];
        for (attempt, random, asked_ms, wait) in cases {
            assert_eq!(wait_here(attempt, random, asked_ms), wait, "{asked_ms:?}");
        }
    }

    #[test]
    fn an_answer_may_ask_for_seconds_or_for_a_moment_of_its_own_clock() {
        let date = "Mon, 02 Mar 2026 09:00:00 GMT";
        let later = "Mon, 02 Mar 2026 09:01:30 GMT";
        let cases = [
            (Some("120"), None, Some(120_000)),
            (Some(" 0 "), None, Some(0)),
            (Some(later), Some(date), Some(90_000)),
            (Some(later), None, None),
            (Some(date), Some(later), Some(0)),
            (Some("-5"), None, None),
            (Some("soon"), Some(date), None),
            (None, Some(date), None),
        ];
        for (asked, date, wait_ms) in cases {
            let mut response = Response::builder().status(503);
            for (name, value) in [("retry-after", asked), ("date", date)] {
                if let Some(value) = value {
                    response = response.header(name, value);
                }
            }
            let outcome = classify(Ok(response.body(Bytes::new()).unwrap()));
            let Outcome::Unseen(transient) = outcome else {
                panic!("503 passes");
            };
            assert_eq!(transient.asked_ms, wait_ms, "{asked:?} {date:?}");
        }
    }

    #[test]
    fn an_edge_page_is_passing_whatever_its_status() {
        assert!(matches!(
            answer(503, "text/html", "<html>"),
            Outcome::Unseen(_)
        ));
        assert!(matches!(
            answer(404, "text/html; charset=utf-8", "<html>"),
            Outcome::Transient(_)
        ));
    }

    #[test]
    fn an_answer_costs_a_call_unless_the_org_turned_it_away() {
        let errors = r#"[{"errorCode":"SERVER_UNAVAILABLE","message":"Busy."}]"#;
        for (status, body, is_free) in [
            (420, "", true),
            (429, "Slow down.", true),
            (503, "", true),
            (503, errors, false),
            (500, "", false),
            (502, "", false),
            (504, "", false),
        ] {
            let outcome = answer(status, "text/plain", body);
            let free = matches!(outcome, Outcome::Unseen(_));
            assert!(free || matches!(outcome, Outcome::Transient(_)), "{status}");
            assert_eq!(free, is_free, "{status} {body:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_connected_with_costs_no_call_and_what_breaks_off_does() {
        for (kind, is_free) in [
            (ErrorKind::ConnectionRefused, true),
            (ErrorKind::ConnectionReset, false),
            (ErrorKind::TimedOut, false),
        ] {
            let fails = move |_| {
                let error: BoxError = std::io::Error::new(kind, "planned").into();
                std::future::ready(Err(error))
            };
            let transport = Transport::new(tower::service_fn(fails));
            let request = Request::get("https://login.salesforce.com/").body(Bytes::new());
            let sent = send_once(&transport, Hosts::Salesforce, request.unwrap()).await;
            let free = matches!(classify(sent), Outcome::Unseen(_));
            assert_eq!(free, is_free, "{kind}");
        }
    }

    #[test]
    fn the_daily_limit_is_its_own_error() {
        let body =
            r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#;
        let outcome = answer(403, "application/json", body);
        assert!(matches!(outcome, Outcome::Failed(Error::LimitReached(_))));
    }

    #[test]
    fn only_some_refused_sessions_are_worth_a_new_sign_in() {
        let over = r#"[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]"#;
        assert!(matches!(
            answer(401, "application/json", over),
            Outcome::SessionOver
        ));
        let wrong = r#"[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]"#;
        assert!(matches!(
            answer(401, "application/json", wrong),
            Outcome::Failed(_)
        ));
    }

    #[test]
    fn the_wait_grows_and_is_bounded() {
        for attempt in 1..20 {
            assert!(back_off(attempt, u64::MAX) <= Duration::from_millis(BACK_OFF_MAX_MS));
        }
        assert!(back_off(1, 499) > back_off(1, 0));
    }
}
