//! Query pages: a locator names an answer and may be asked for any page of it, again and again.

use super::ask::{Answer, Answered, Ask};
use super::call_options::batch_size;
use crate::lock::lock;
use crate::org::{ApiError, Org, QueryAnswer};
use crate::seeded::mix;
use crate::simulator::Simulator;
use http::Method;

/// Rows of a page, unless the client asks for fewer.
const PAGE_DEFAULT: usize = 2_000;
const PAGE_MIN: usize = 200;
/// Bytes to make room for by row.
const ROW_BYTES: usize = 256;
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
pub(super) fn first_of(simulator: &Simulator, ask: &Ask<'_>, found: QueryAnswer) -> Answer {
    let org = simulator.org();
    let page = Page::of(org, ask, &found, 0);
    let more = page.end < found.len();
    let head = Head::of(&found);
    let locator = more.then(|| {
        let user = ask.call.user;
        lock(&simulator.host.locators).open(found, user, org.now_ms())
    });
    page.answer(ask, &head, locator.as_deref())
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
    Ok(first_of(simulator, ask, found))
}

fn later_page(simulator: &Simulator, ask: &Ask<'_>, name: &str) -> Answered {
    let invalid = || ApiError::request(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    let (locator, offset) = name.rsplit_once('-').ok_or_else(invalid)?;
    let offset: usize = offset.parse().map_err(|_| invalid())?;
    let org = simulator.org();
    let found = lock(&simulator.host.locators).find(locator, ask.call.user, org.now_ms());
    let found = found.filter(|found| offset <= found.len());
    let found = found.ok_or_else(invalid)?;
    let page = Page::of(org, ask, &found, offset);
    Ok(page.answer(ask, &Head::of(&found), Some(locator)))
}

fn size(ask: &Ask<'_>) -> usize {
    let asked = batch_size(ask.headers).unwrap_or(PAGE_DEFAULT);
    asked.clamp(PAGE_MIN, PAGE_DEFAULT)
}

/// What a page tells of the whole answer.
struct Head {
    total: usize,
    rows: usize,
}

impl Head {
    fn of(found: &QueryAnswer) -> Head {
        Head {
            total: found.total_size(),
            rows: found.len(),
        }
    }
}

/// Rows as text, and where the next page begins.
struct Page {
    rows: Vec<u8>,
    end: usize,
}

impl Page {
    /// A server may send fewer rows than it was asked for, and the rows of child queries count as
    /// well.
    fn of(org: &Org, ask: &Ask<'_>, found: &QueryAnswer, offset: usize) -> Page {
        let percent = u64::from(org.settings().page_jitter_percent.min(90));
        let missing = mix(offset as u64 ^ 0x5EED) % (percent + 1);
        let size = size(ask) - size(ask) * missing as usize / 100;
        let mut rows = Vec::with_capacity(ROW_BYTES * size.min(found.len() - offset));
        let taken = org.write_rows(&ask.call, found, (offset, size), &mut rows);
        Page {
            rows,
            end: offset + taken,
        }
    }

    fn answer(self, ask: &Ask<'_>, head: &Head, locator: Option<&str>) -> Answer {
        let done = self.end >= head.rows;
        let mut text = format!("{{\"totalSize\":{},\"done\":{done},", head.total);
        if let (false, Some(locator)) = (done, locator) {
            let next = ask.at(&format!("query/{locator}-{}", self.end));
            text.push_str(&format!("\"nextRecordsUrl\":\"{next}\","));
        }
        text.push_str("\"records\":[");
        let mut text = text.into_bytes();
        text.extend_from_slice(&self.rows);
        text.extend_from_slice(b"]}");
        Answer::Text(text)
    }
}
