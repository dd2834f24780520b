//! Query pages: a locator names an answer and may be asked for any page of it, again and again.

use super::ask::{Answer, Answered, Ask};
use super::call_options::batch_size;
use crate::org::{ApiError, Call, Org, QueryAnswer, RecordId};
use crate::seeded::mix;
use crate::simulator::{Simulator, lock};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of a page, unless the client asks for fewer.
const PAGE_DEFAULT: usize = 2_000;
const PAGE_MIN: usize = 200;
/// Locators live this long.
const LOCATOR_MS: i64 = 2 * 86_400_000;

/// The answers whose pages may still be asked for.
#[derive(Default)]
pub(crate) struct Locators {
    open: BTreeMap<String, Open>,
    serial: u64,
}

/// An answer and how long its pages can be had.
#[derive(Clone)]
struct Open {
    answer: QueryAnswer,
    user: RecordId,
    until_ms: i64,
}

impl Locators {
    fn open(&mut self, answer: QueryAnswer, user: RecordId, now_ms: i64) -> String {
        self.open.retain(|_, open| open.until_ms > now_ms);
        self.serial += 1;
        let locator = format!("0r8xx{:013}", self.serial);
        let until_ms = now_ms + LOCATOR_MS;
        let open = Open {
            answer,
            user,
            until_ms,
        };
        self.open.insert(locator.clone(), open);
        locator
    }

    fn find(&self, locator: &str, user: RecordId, now_ms: i64) -> Option<QueryAnswer> {
        let open = self.open.get(locator)?;
        let good = open.until_ms > now_ms && open.user == user;
        good.then(|| open.answer.clone())
    }
}

/// `query` and `queryAll`, their first pages and the later ones.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    ask.only(&[Method::GET])?;
    match rest {
        [] if ask.query.contains_key("explain") => {
            Err(Answer::not_implemented("query plans (explain) yet"))
        }
        [] => first_page(simulator, ask),
        [name] => later_page(simulator, ask, name),
        _ => Err(ApiError::not_found().into()),
    }
}

/// The first page of an answer, and a way to the others when there are any.
pub(super) fn first_of(simulator: &Simulator, ask: &Ask<'_>, found: QueryAnswer) -> Value {
    let org = simulator.org();
    let (mut page, end) = page(org, &ask.call, &found, (0, size(ask)));
    if end < found.len() {
        let user = ask.call.user;
        let locator = lock(&simulator.host.locators).open(found, user, org.now_ms());
        page["nextRecordsUrl"] = next_url(ask, &locator, end);
    }
    page
}

fn first_page(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    let missing = || {
        let text = "A query string has to be specified";
        ApiError::request(400, "MALFORMED_QUERY", text)
    };
    let soql = ask.query.get("q").ok_or_else(missing)?;
    let org = simulator.org();
    if ask.flag("columns") {
        return Ok(Answer::ok(org.query_columns(&ask.call, soql)?));
    }
    let found = org.query(&ask.call, soql, ask.path.first() == Some(&"queryAll"))?;
    Ok(Answer::ok(first_of(simulator, ask, found)))
}

fn later_page(simulator: &Simulator, ask: &Ask<'_>, name: &str) -> Answered {
    let invalid = || ApiError::request(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    let (locator, offset) = name.rsplit_once('-').ok_or_else(invalid)?;
    let offset: usize = offset.parse().map_err(|_| invalid())?;
    let org = simulator.org();
    let found = lock(&simulator.host.locators).find(locator, ask.call.user, org.now_ms());
    let found = found.filter(|found| offset <= found.len());
    let found = found.ok_or_else(invalid)?;
    let (mut page, end) = page(org, &ask.call, &found, (offset, size(ask)));
    if end < found.len() {
        page["nextRecordsUrl"] = next_url(ask, locator, end);
    }
    Ok(Answer::ok(page))
}

fn next_url(ask: &Ask<'_>, locator: &str, end: usize) -> Value {
    Value::from(ask.at(&format!("query/{locator}-{end}")))
}

fn size(ask: &Ask<'_>) -> usize {
    let asked = batch_size(ask.headers).unwrap_or(PAGE_DEFAULT);
    asked.clamp(PAGE_MIN, PAGE_DEFAULT)
}

/// A page, and where the next one begins. A server may send fewer rows than it was asked for, and
/// the rows of child queries count as well.
fn page(
    org: &Org,
    call: &Call,
    found: &QueryAnswer,
    (offset, size): (usize, usize),
) -> (Value, usize) {
    let percent = u64::from(org.settings().page_jitter_percent.min(90));
    let missing = mix(offset as u64 ^ 0x5EED) % (percent + 1);
    let size = size - size * missing as usize / 100;
    let mut records = org.rows(call, found, offset..offset.saturating_add(size));
    if found.has_children() {
        let mut room = size;
        let fits = |row: &&Value| {
            let taken = room > 0;
            room = room.saturating_sub(1 + child_rows(row));
            taken
        };
        let fitting = records.iter().take_while(fits).count();
        records.truncate(fitting);
    }
    let end = offset + records.len();
    let page =
        json!({"totalSize": found.total_size(), "done": end >= found.len(), "records": records});
    (page, end)
}

fn child_rows(row: &Value) -> usize {
    let values = row.as_object().into_iter().flat_map(|row| row.values());
    values
        .filter_map(|value| value.get("records")?.as_array())
        .map(Vec::len)
        .sum()
}
