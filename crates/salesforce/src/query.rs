//! Queries, page by page, so that a caller can commit between pages and go on after a crash.

use crate::client::{Client, Repeat};
use crate::error::{Error, Result};
use crate::record::Record;
use http::Method;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

/// One page of a query's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Rows of the whole answer.
    pub total: i64,
    /// Rows of this page.
    pub records: Vec<Record>,
    /// Where the next page is; good for two days and for any number of requests.
    pub next: Option<String>,
}

impl Client {
    /// The first page of a query.
    pub async fn query(&self, soql: &str) -> Result<Page> {
        self.first_page("query", soql).await
    }

    /// The first page of a query that also sees deleted and archived rows.
    pub async fn query_all(&self, soql: &str) -> Result<Page> {
        self.first_page("queryAll", soql).await
    }

    /// A further page.
    pub async fn next_page(&self, next: &str) -> Result<Page> {
        page(
            self.send_absolute(Method::GET, next, None, Repeat::Safe)
                .await?,
        )
    }

    async fn first_page(&self, resource: &str, soql: &str) -> Result<Page> {
        let encoded: String = byte_serialize(soql.as_bytes()).collect();
        page(
            self.send(
                Method::GET,
                &format!("{resource}?q={encoded}"),
                None,
                Repeat::Safe,
            )
            .await?,
        )
    }
}

fn page(mut answer: Value) -> Result<Page> {
    let total = answer.get("totalSize").and_then(Value::as_i64);
    let next = answer
        .get("nextRecordsUrl")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let (Some(total), Some(Value::Array(rows))) =
        (total, answer.get_mut("records").map(Value::take))
    else {
        return Err(Error::Unexpected(
            "a query answer without totalSize or records".to_owned(),
        ));
    };
    Ok(Page {
        total,
        records: rows
            .into_iter()
            .map(Record::from_json)
            .collect::<Result<_>>()?,
        next,
    })
}
