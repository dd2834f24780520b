//! Several requests in one. Each subrequest goes the way of a request from outside; what is special
//! is only that it may use the answers of earlier ones, and that all may stand or fall together.

mod batch;
mod inner;
mod reference;
mod tree;

use super::ask::{Answer, Answered, Ask, malformed};
use crate::org::ApiError;
use crate::simulator::Simulator;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use inner::Inner;
use reference::{Results, filled, filled_text};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Subrequests that one request may carry.
const SUBREQUESTS_MAX: usize = 25;
/// Queries and collections among them.
const HEAVY_MAX: usize = 5;
/// Headers that a subrequest takes from the whole and may not set.
const INHERITED: [&str; 3] = ["accept", "authorization", "content-type"];
/// What became of the others when one of them failed.
const ROLLED_BACK: &str = "The transaction was rolled back since another operation in the same \
                           transaction failed.";

/// A subrequest as it was sent, before references are filled in.
struct Subrequest {
    method: Method,
    url: String,
    reference: String,
    headers: HeaderMap,
    body: Option<Value>,
}

/// How a subrequest ended.
struct Done {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: Value,
    failed: bool,
}

/// `composite` and what stands behind it, the collections aside.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    match rest {
        [] if ask.method == Method::GET => Ok(Answer::ok(json!({
            "batch": ask.at("composite/batch"),
            "graph": ask.at("composite/graph"),
            "sobjects": ask.at("composite/sobjects"),
            "tree": ask.at("composite/tree"),
        }))),
        [] => composite(simulator, ask),
        ["batch"] => batch::answer(simulator, ask),
        ["tree", object] => tree::answer(simulator, ask, object),
        ["graph"] => Err(Answer::not_implemented("composite/graph yet")),
        _ => Err(ApiError::not_found().into()),
    }
}

fn composite(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    ask.only(&[Method::GET, Method::POST])?;
    let body = ask.json()?;
    let subrequests = subrequests(&body)?;
    let all_or_none = body.get("allOrNone").and_then(Value::as_bool);
    let mut done = match all_or_none.unwrap_or(false) {
        false => run(simulator, ask, &subrequests, false),
        true => simulator.org().transaction(|| {
            let done = run(simulator, ask, &subrequests, true);
            let kept = done.iter().all(|done| !done.failed);
            (done, kept)
        }),
    };
    if all_or_none.unwrap_or(false) && done.iter().any(|done| done.failed) {
        for other in done.iter_mut().filter(|done| !done.failed) {
            *other = Done::halted(ROLLED_BACK);
        }
    }
    done.resize_with(subrequests.len(), || Done::halted(ROLLED_BACK));
    let pairs = subrequests.iter().zip(&done);
    let response: Vec<Value> = pairs
        .map(|(sub, done)| done.shown(&sub.reference))
        .collect();
    Ok(Answer::ok(json!({"compositeResponse": response})))
}

/// Runs one after the other; with `halting`, nothing behind the first failure is tried.
fn run(
    simulator: &Simulator,
    ask: &Ask<'_>,
    subrequests: &[Subrequest],
    halting: bool,
) -> Vec<Done> {
    let mut results = Results::new();
    let mut all: Vec<Done> = Vec::with_capacity(subrequests.len());
    for sub in subrequests {
        let done = match sub.resolved(&results) {
            Ok(inner) => Done::of(&inner, inner.answer(simulator, ask)),
            Err(text) => Done {
                failed: true,
                ..Done::halted(&text)
            },
        };
        results.insert(sub.reference.clone(), done.body.clone());
        let failed = done.failed;
        all.push(done);
        if failed && halting {
            break;
        }
    }
    all
}

impl Subrequest {
    /// The request with the answers of earlier ones filled in.
    fn resolved(&self, results: &Results) -> Result<Inner, String> {
        let body = self.body.clone().map(|body| filled(body, results));
        Ok(Inner {
            method: self.method.clone(),
            url: filled_text(&self.url, results)?,
            headers: self.headers.clone(),
            body: body.transpose()?,
        })
    }

    fn is_heavy(&self) -> bool {
        let path = self.url.split('?').next().unwrap_or_default();
        let mut segments = path.split('/').skip(4);
        match segments.next() {
            Some("query" | "queryAll") => true,
            Some("composite") => segments.next() == Some("sobjects"),
            _ => false,
        }
    }
}

impl Done {
    fn of(inner: &Inner, answer: Answer) -> Done {
        let (status, headers, body) = answer.into_parts();
        let body = body.unwrap_or_default();
        let row_failed = inner.is_all_or_none() && any_row_failed(&body);
        Done {
            failed: status.as_u16() >= 400 || row_failed,
            status,
            headers,
            body,
        }
    }

    fn halted(text: &str) -> Done {
        let error = ApiError::request(400, "PROCESSING_HALTED", text);
        Done {
            status: StatusCode::BAD_REQUEST,
            headers: Vec::new(),
            body: json!([error.to_json()]),
            failed: false,
        }
    }

    fn shown(&self, reference: &str) -> Value {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (header_name(name), json!(value)));
        json!({
            "body": self.body,
            "httpHeaders": headers.collect::<Map<String, Value>>(),
            "httpStatusCode": self.status.as_u16(),
            "referenceId": reference,
        })
    }
}

/// A collection that is all or none by itself fails as a whole with its first row.
fn any_row_failed(body: &Value) -> bool {
    let rows = body.as_array().into_iter().flatten();
    rows.into_iter().any(|row| row["success"] == json!(false))
}

/// `last-modified` as `Last-Modified`.
fn header_name(name: &str) -> String {
    let capital = |word: &str| match word.split_at_checked(1) {
        _ if word == "etag" => "ETag".to_owned(),
        Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
        None => String::new(),
    };
    name.split('-').map(capital).collect::<Vec<_>>().join("-")
}

fn subrequests(body: &Map<String, Value>) -> Answered<Vec<Subrequest>> {
    let list = body.get("compositeRequest").and_then(Value::as_array);
    let list = list.ok_or_else(|| malformed("compositeRequest is required"))?;
    check_count(list.len())?;
    let subrequests = list.iter().map(subrequest).collect::<Answered<Vec<_>>>()?;
    let mut references = BTreeSet::new();
    for sub in &subrequests {
        if !references.insert(&sub.reference) {
            let text = format!("Duplicate referenceId: {}", sub.reference);
            return Err(malformed(&text));
        }
    }
    if subrequests.iter().filter(|sub| sub.is_heavy()).count() > HEAVY_MAX {
        let text = format!("Up to {HEAVY_MAX} subrequests can be queries or sObject collections");
        return Err(ApiError::request(400, "LIMIT_EXCEEDED", text).into());
    }
    Ok(subrequests)
}

fn check_count(count: usize) -> Answered<()> {
    match count {
        0 => Err(malformed("At least one subrequest is required")),
        count if count > SUBREQUESTS_MAX => {
            let text = format!("Up to {SUBREQUESTS_MAX} subrequests are allowed, not {count}");
            Err(ApiError::request(400, "LIMIT_EXCEEDED", text).into())
        }
        _ => Ok(()),
    }
}

fn subrequest(value: &Value) -> Answered<Subrequest> {
    let reference = text(value, "referenceId")?;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if reference.is_empty() || !reference.chars().all(good) {
        let text =
            format!("The referenceId may hold letters, numbers and underscores only: {reference}");
        return Err(malformed(&text));
    }
    Ok(Subrequest {
        method: method(value)?,
        url: text(value, "url")?.to_owned(),
        reference: reference.to_owned(),
        headers: headers(value.get("httpHeaders"))?,
        body: value.get("body").filter(|body| !body.is_null()).cloned(),
    })
}

/// The method's name, in capitals and no other way.
fn method(value: &Value) -> Answered<Method> {
    const METHODS: [Method; 5] = [
        Method::DELETE,
        Method::GET,
        Method::PATCH,
        Method::POST,
        Method::PUT,
    ];
    let name = text(value, "method")?;
    let method = METHODS.into_iter().find(|method| method.as_str() == name);
    method.ok_or_else(|| malformed(&format!("Unrecognized method: {name}")))
}

fn headers(value: Option<&Value>) -> Answered<HeaderMap> {
    let given = value.and_then(Value::as_object).into_iter().flatten();
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if INHERITED
            .iter()
            .any(|inherited| name.eq_ignore_ascii_case(inherited))
        {
            let text = format!("A subrequest cannot set the header {name}");
            return Err(ApiError::request(400, "INVALID_HEADER", text).into());
        }
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let pair = HeaderName::from_bytes(name.as_bytes()).ok();
        let pair = pair.zip(HeaderValue::from_str(&text).ok());
        let (name, value) = pair.ok_or_else(|| malformed(&format!("Bad header: {name}")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn text<'v>(value: &'v Value, key: &str) -> Answered<&'v str> {
    let text = value.get(key).and_then(Value::as_str);
    text.ok_or_else(|| malformed(&format!("Each subrequest needs a {key}")))
}
