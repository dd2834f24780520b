//! Requests about jobs whose answer is a file: the rows are read as the pages are fetched, and a page
//! leaves in pieces, so that a million rows need no room.

use super::dialect;
use super::job::{find, list};
use super::{csv, refused};
use crate::bulk::{QueryJob, State};
use crate::http::ask::{Answer, Answered, Ask};
use crate::lock::lock;
use crate::org::soql::ast::{Expression, Query, SelectItem};
use crate::org::soql::parse;
use crate::org::{ApiError, Org, QueryAnswer};
use crate::simulator::Simulator;
use axum::body::{Body, Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Map, Value, json};
use std::convert::Infallible;

/// Rows of a page unless the client names a number.
const PAGE_ROWS: usize = 250_000;
/// Rows that are rendered at a time.
const PIECE_ROWS: usize = 2_000;

/// What a new job is asked to do.
struct Asked {
    operation: &'static str,
    soql: String,
    object: String,
}

pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    let org = simulator.org();
    let mut jobs = simulator.host.jobs();
    jobs.work(org, &simulator.host.bulk_use);
    match (&ask.method, rest) {
        (&Method::POST, []) => {
            let body = ask.json()?;
            let asked = asked(org, ask, &body)?;
            let kind = (asked.operation, dialect::read(&body)?);
            let mut head = jobs.new_head(org, &ask.call, kind);
            head.state = State::UploadComplete;
            lock(&simulator.host.bulk_use).count_query(org.now_ms());
            let job = QueryJob {
                done_ms: head.closed_ms,
                head,
                soql: asked.soql,
                object: asked.object,
                found: None,
            };
            let info = job.info(org.now_ms());
            jobs.query.insert(job.head.id.clone(), job);
            Ok(Answer::ok(info))
        }
        (&Method::GET, []) => {
            let infos = jobs.query.values().map(|job| job.info(org.now_ms()));
            let url = ask.at("jobs/query");
            let page = list(infos.collect(), &ask.query, &url)?;
            Ok(Answer::ok(page))
        }
        (_, []) => Err(ask.not_allowed(&[Method::GET, Method::POST])),
        (&Method::GET, [id, "results"]) => find(&mut jobs.query, id)?.results(simulator, ask),
        (_, [_, "results"]) => Err(ask.not_allowed(&[Method::GET])),
        (&Method::GET, [_, "resultPages"]) => {
            Err(Answer::not_implemented("pages of results in parallel"))
        }
        (method, [id]) => {
            let job = find(&mut jobs.query, id)?;
            match *method {
                Method::GET => {}
                Method::PATCH if ask.json()?.get("state") == Some(&json!("Aborted")) => {
                    job.head.abort(org.now_ms())?;
                }
                Method::PATCH => return Err(refused("INVALIDJOB", "state: must be Aborted")),
                Method::DELETE => {
                    job.head.deletable()?;
                    let id = job.head.id.clone();
                    jobs.query.remove(&id);
                    return Ok(Answer::nothing());
                }
                _ => return Err(ask.not_allowed(&[Method::GET, Method::PATCH, Method::DELETE])),
            }
            Ok(Answer::ok(job.info(org.now_ms())))
        }
        _ => Err(ApiError::not_found().into()),
    }
}

/// Operation and query of a new job, if it can be run in bulk.
fn asked(org: &Org, ask: &Ask<'_>, body: &Map<String, Value>) -> Answered<Asked> {
    let operation = match body.get("operation").and_then(Value::as_str) {
        Some("query") => "query",
        Some("queryAll") => "queryAll",
        _ => {
            return Err(refused(
                "INVALIDJOB",
                "operation: must be query or queryAll",
            ));
        }
    };
    let Some(soql) = body.get("query").and_then(Value::as_str) else {
        return Err(refused("INVALIDJOB", "query: is missing"));
    };
    let parsed = parse(soql).map_err(|error| error.into_api(soql))?;
    if let Some(text) = restriction(&parsed) {
        return Err(refused("API_ERROR", text));
    }
    org.query_columns(&ask.call, soql)?;
    if org.selects_compound(&ask.call, soql) {
        let text = "Selecting compound data not supported in Bulk Query";
        return Err(refused("FEATURENOTENABLED", text));
    }
    let object = org.uploadable(&ask.call, &parsed.from);
    Ok(Asked {
        operation,
        soql: soql.to_owned(),
        object: object.unwrap_or(parsed.from),
    })
}

/// Why a query that is fine elsewhere cannot be run in bulk.
fn restriction(query: &Query) -> Option<&'static str> {
    let aggregate = |item: &SelectItem| match item {
        SelectItem::Value { expression, .. } => matches!(
            expression,
            Expression::Call { function, .. }
                if !["toLabel", "format"].iter().any(|f| f.eq_ignore_ascii_case(function))
        ),
        SelectItem::Count => true,
        _ => false,
    };
    let any = |wanted: fn(&SelectItem) -> bool| query.select.iter().any(wanted);
    if !query.group_by.is_empty() || query.select.iter().any(aggregate) {
        return Some(
            "Implementation restriction: aggregate queries are not supported in Bulk Query",
        );
    }
    if any(|item| matches!(item, SelectItem::Children(_))) {
        return Some("Aggregate Relationships not supported in Bulk Query");
    }
    if any(|item| matches!(item, SelectItem::TypeOf(_))) {
        return Some("Implementation restriction: TYPEOF is not supported in Bulk Query");
    }
    query
        .offset
        .map(|_| "Implementation restriction: OFFSET is not supported in Bulk Query")
}

impl QueryJob {
    fn results(&self, simulator: &Simulator, ask: &Ask<'_>) -> Answered {
        let Some(found) = self.done() else {
            let text = "The results can be had when the state of the job is JobComplete";
            return Err(refused("INVALIDJOBSTATE", text));
        };
        if ask.call.version != self.head.call.version {
            let text = "The job was made with another version of the API";
            return Err(ApiError::request(409, "API_VERSION_MISMATCH", text).into());
        }
        let from = match ask.query.get("locator").map(String::as_str) {
            None | Some("") => 0,
            Some(locator) => self
                .read_locator(locator)
                .filter(|from| *from < found.len())
                .ok_or_else(|| {
                    refused("INVALID_QUERY_LOCATOR", "locator: it is none of this job")
                })?,
        };
        let rows = match ask
            .query
            .get("maxRecords")
            .map(|text| text.parse::<usize>())
        {
            None => PAGE_ROWS,
            Some(Ok(rows)) if rows > 0 => rows.min(PAGE_ROWS),
            Some(_) => {
                let text = "maxRecords: must be a number above 0";
                return Err(refused("INVALIDJOB", text));
            }
        };
        let end = from.saturating_add(rows).min(found.len());
        let next = match end < found.len() {
            true => self.locator(end),
            false => "null".to_owned(),
        };
        let headers = [
            ("sforce-locator", next),
            ("sforce-numberofrecords", (end - from).to_string()),
        ];
        Ok(csv(self.page(simulator, found, from..end), &headers))
    }

    /// A page that is rendered piece by piece while it leaves.
    fn page(
        &self,
        simulator: &Simulator,
        found: &QueryAnswer,
        rows: std::ops::Range<usize>,
    ) -> Body {
        let style = self.head.style;
        let header = simulator.org().csv_header(found, style);
        let (simulator, found) = (simulator.clone(), found.clone());
        let pieces = rows.clone().step_by(PIECE_ROWS).map(move |from| {
            let piece = from..(from + PIECE_ROWS).min(rows.end);
            simulator.org().csv_rows(&found, piece, style)
        });
        let pieces = std::iter::once(header).chain(pieces);
        let pieces = pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
        Body::from_stream(futures_util::stream::iter(pieces))
    }

    /// Where a later page begins; it is worth nothing to another job.
    fn locator(&self, from: usize) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}-{from}", self.head.id))
    }

    fn read_locator(&self, text: &str) -> Option<usize> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let from = text.strip_prefix(&self.head.id)?.strip_prefix('-')?;
        from.parse().ok()
    }
}
