//! Query pages: a locator names an answer and may be asked for any page of it, again and again.

use crate::org::{ApiError, Call, Org, QueryAnswer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of a page, unless the client asks for fewer.
const PAGE_DEFAULT: usize = 2_000;
const PAGE_MIN: usize = 200;
/// Locators live this long.
const LOCATOR_MS: i64 = 2 * 86_400_000;

#[derive(Default)]
pub(crate) struct Locators {
    open: BTreeMap<String, (QueryAnswer, i64)>,
    serial: u64,
}

impl Locators {
    /// The first page of an answer.
    pub fn first(&mut self, org: &Org, call: &Call, answer: QueryAnswer, size: usize) -> Value {
        let size = size.clamp(PAGE_MIN, PAGE_DEFAULT);
        let more = answer.len() > size;
        let locator = more.then(|| {
            self.serial += 1;
            format!("0r8xx{:013}", self.serial)
        });
        let page = page(org, call, &answer, (0, size), locator.as_deref());
        if let Some(locator) = locator {
            self.open
                .retain(|_, (_, until_ms)| *until_ms > org.now_ms());
            self.open
                .insert(locator, (answer, org.now_ms() + LOCATOR_MS));
        }
        page
    }

    /// The page that a locator and offset name.
    pub fn next(&self, org: &Org, call: &Call, name: &str, size: usize) -> Result<Value, ApiError> {
        let invalid = || ApiError::request(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
        let (locator, offset) = name.rsplit_once('-').ok_or_else(invalid)?;
        let offset: usize = offset.parse().map_err(|_| invalid())?;
        let (answer, until_ms) = self.open.get(locator).ok_or_else(invalid)?;
        if *until_ms <= org.now_ms() || offset > answer.len() {
            return Err(invalid());
        }
        Ok(page(
            org,
            call,
            answer,
            (offset, size.clamp(PAGE_MIN, PAGE_DEFAULT)),
            Some(locator),
        ))
    }
}

/// The page size that a header asks for.
pub(crate) fn page_size(header: Option<&str>) -> usize {
    header
        .and_then(|value| value.split("batchSize=").nth(1))
        .and_then(|value| {
            value
                .split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(PAGE_DEFAULT)
}

fn page(
    org: &Org,
    call: &Call,
    answer: &QueryAnswer,
    (offset, size): (usize, usize),
    locator: Option<&str>,
) -> Value {
    let records = org.rows(call, answer, offset..offset + size);
    let end = offset + size;
    let done = end >= answer.len();
    let mut page = json!({"totalSize": answer.total_size(), "done": done, "records": records});
    if let (false, Some(locator)) = (done, locator) {
        page["nextRecordsUrl"] = Value::from(format!(
            "/services/data/v{}/query/{locator}-{end}",
            call.version
        ));
    }
    page
}
