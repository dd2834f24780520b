//! Queries, page by page, so that a caller can commit between pages and go on after a crash.

use crate::client::{Client, Repeat};
use crate::error::{Error, Result};
use crate::record::{Record, RecordId};
use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

/// Queries of one composite.
const QUERIES_MAX: usize = 5;

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

    /// One record by id, all or some of its fields.
    pub async fn get(&self, object: &str, id: &RecordId, fields: &[&str]) -> Result<Record> {
        let filter = if fields.is_empty() {
            String::new()
        } else {
            format!("?fields={}", fields.join(","))
        };
        let value = self
            .send(
                Method::GET,
                &format!("sobjects/{object}/{id}{filter}"),
                None,
                Repeat::Safe,
            )
            .await?;
        Record::from_json(value)
    }

    /// How many rows each of these queries has (`SELECT COUNT() FROM …`), by one call for five of them;
    /// none of one that the org refused. A composite is one call whatever it holds, of which five may be
    /// queries (REST API Developer Guide, "Composite").
    pub async fn count_many(&self, queries: &[String]) -> Result<Vec<Option<i64>>> {
        let mut counts = Vec::with_capacity(queries.len());
        for some in queries.chunks(QUERIES_MAX) {
            let requests: Vec<Value> = some
                .iter()
                .zip(0..)
                .map(|(soql, place)| {
                    let encoded: String = byte_serialize(soql.as_bytes()).collect();
                    let url = self.versioned(&format!("query?q={encoded}"));
                    json!({"method": "GET", "url": url, "referenceId": format!("count{place}")})
                })
                .collect();
            let body = json!({"allOrNone": false, "compositeRequest": requests});
            let answer = self
                .send(Method::POST, "composite", Some(&body), Repeat::Safe)
                .await?;
            let answers = answer.get("compositeResponse").and_then(Value::as_array);
            let answers = answers.filter(|all| all.len() == some.len());
            let answers = answers.ok_or_else(|| {
                Error::Unexpected("a composite that does not answer each request".to_owned())
            })?;
            let total = |answer: &Value| answer.pointer("/body/totalSize").and_then(Value::as_i64);
            counts.extend(answers.iter().map(total));
        }
        Ok(counts)
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
