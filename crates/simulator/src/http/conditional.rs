//! Conditional requests: an answer that did not change since the client saw it is 304 without a
//! body, and a change whose condition does not hold is 412. Tags exist for accounts only, as in a
//! real org; everything else goes by dates.

use super::ask::{Answer, Answered, Ask};
use super::date::http_date;
use crate::lock::lock;
use crate::org::{ApiError, RecordId};
use crate::simulator::Simulator;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::Value;

/// A describe answer with its date, or 304.
pub(super) fn described(simulator: &Simulator, ask: &Ask<'_>, body: Value) -> Answer {
    let user = ask.call.user;
    let key = format!("{}/{}/{user}", ask.call.version, ask.path.join("/"));
    let now = simulator.org().now_ms().div_euclid(1_000);
    let print = fingerprint(&body);
    let mut known = lock(&simulator.host.described);
    let entry = known.entry(key.to_ascii_lowercase());
    let entry = entry.or_insert_with(|| (print.clone(), now));
    if entry.0 != print {
        *entry = (print, now);
    }
    let since = entry.1;
    drop(known);
    let answer = match date(ask, "if-modified-since") {
        Some(seen) if since <= seen => Answer::Empty(StatusCode::NOT_MODIFIED),
        _ => Answer::ok(body),
    };
    answer.with("last-modified", shown(since))
}

/// A record with its date and tag, or 304, or 412.
pub(super) fn record(simulator: &Simulator, ask: &Ask<'_>, id: &str, body: Value) -> Answer {
    let modified = modified(simulator, id);
    let tag = tag(simulator, ask, id);
    let unchanged = match (&tag, ask.header("if-none-match")) {
        (Some(tag), Some(given)) => names(given, tag),
        _ => date(ask, "if-modified-since").is_some_and(|seen| modified <= seen),
    };
    let answer = match (check(ask, modified, tag.as_deref()), unchanged) {
        (Err(refusal), _) => return refusal,
        (Ok(()), true) => Answer::Empty(StatusCode::NOT_MODIFIED),
        (Ok(()), false) => Answer::ok(body),
    };
    let answer = answer.with("last-modified", shown(modified));
    match tag {
        Some(tag) => answer.with("etag", tag),
        None => answer,
    }
}

/// Whether a change of the record may go on.
pub(super) fn check_write(
    simulator: &Simulator,
    ask: &Ask<'_>,
    object: &str,
    id: &str,
) -> Answered<()> {
    const HEADERS: [&str; 3] = ["if-match", "if-none-match", "if-unmodified-since"];
    if !HEADERS.iter().any(|name| ask.headers.contains_key(*name)) {
        return Ok(());
    }
    let unreadable = ask
        .header("if-unmodified-since")
        .is_some_and(|text| read(text).is_none());
    if unreadable {
        let text = "The header If-Unmodified-Since holds no date";
        return Err(ApiError::request(400, "INVALID_HEADER", text).into());
    }
    simulator.org().get(&ask.call, object, id, Some(&[]))?;
    let tag = tag(simulator, ask, id);
    check(ask, modified(simulator, id), tag.as_deref())?;
    match (tag, ask.header("if-none-match")) {
        (Some(tag), Some(given)) if names(given, &tag) => Err(failed()),
        _ => Ok(()),
    }
}

fn check(ask: &Ask<'_>, modified: i64, tag: Option<&str>) -> Answered<()> {
    let other = match (tag, ask.header("if-match")) {
        (Some(tag), Some(given)) => !names(given, tag),
        _ => false,
    };
    let later = date(ask, "if-unmodified-since").is_some_and(|seen| modified > seen);
    match other || later {
        true => Err(failed()),
        false => Ok(()),
    }
}

fn failed() -> Answer {
    let text = "The record does not meet the precondition of the request";
    ApiError::request(412, "PRECONDITION_FAILED", text).into()
}

fn modified(simulator: &Simulator, id: &str) -> i64 {
    let id = RecordId::parse(id);
    let modified = id.and_then(|id| simulator.org().last_modified(&id));
    modified.unwrap_or_default()
}

/// The tag of an account, over everything that the user sees of it.
fn tag(simulator: &Simulator, ask: &Ask<'_>, id: &str) -> Option<String> {
    let org = simulator.org();
    let object = org.object_of(&RecordId::parse(id)?)?;
    if object != "Account" {
        return None;
    }
    let whole = org.get(&ask.call, &object, id, None).ok()?;
    Some(format!("\"{}\"", fingerprint(&whole)))
}

/// Whether a list of tags names this one, packed or not, or any.
fn names(list: &str, tag: &str) -> bool {
    let bare = tag.trim_matches('"');
    list.split(',').map(str::trim).any(|given| {
        let given = given.trim_start_matches("W/").trim_matches('"');
        given == "*" || given.trim_end_matches("gzip").trim_end_matches('-') == bare
    })
}

fn date(ask: &Ask<'_>, header: &str) -> Option<i64> {
    read(ask.header(header)?)
}

fn read(text: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(zoned.timestamp().as_second())
}

fn shown(seconds: i64) -> String {
    http_date(seconds.saturating_mul(1_000))
}

fn fingerprint(body: &Value) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, body.to_string().as_bytes());
    STANDARD.encode(digest)
}
