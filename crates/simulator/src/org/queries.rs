//! Queries: what they find, what their rows look like, and the rows themselves.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::soql::{self, Column, Found, Plan, Renderer};
use super::{ApiError, Call, Org};

/// The answer to a query. Rows are rendered when asked for, from the records as they are then.
#[derive(Clone)]
pub struct QueryAnswer {
    pub(super) plan: Arc<Plan>,
    pub(super) found: Arc<Found>,
}

impl QueryAnswer {
    /// `totalSize`: rows of the whole result, or the number of a `SELECT count()`.
    pub fn total_size(&self) -> usize {
        match &*self.found {
            Found::Count(count) => *count,
            _ => self.len(),
        }
    }

    /// Rows that can be fetched; 0 for `SELECT count()`.
    pub fn len(&self) -> usize {
        match &*self.found {
            Found::Slots(slots) => slots.len(),
            Found::Rows(rows) => rows.len(),
            Found::Count(_) => 0,
        }
    }

    /// Whether rows carry the rows of child queries.
    pub fn has_children(&self) -> bool {
        let child = |column: &Column| matches!(column, Column::Children(_));
        self.plan.columns.iter().any(child)
    }

    /// Whether there is no row to fetch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Org {
    /// `GET query?q=`, or `queryAll` when `include_deleted`.
    pub fn query(
        &self,
        call: &Call,
        soql: &str,
        include_deleted: bool,
    ) -> Result<QueryAnswer, ApiError> {
        let state = self.read();
        let now_ms = self.now_ms();
        let query = soql::parse(soql).map_err(|error| error.into_api(soql))?;
        let (plan, found) = match state.made(call, (&query, soql), now_ms)? {
            Some(answered) => answered,
            None => {
                let plan = soql::bind(&state, call, (&query, soql), (now_ms, include_deleted))?;
                let found = soql::run(&state.store, &plan);
                (plan, found)
            }
        };
        Ok(QueryAnswer {
            plan: Arc::new(plan),
            found: Arc::new(found),
        })
    }

    /// `GET query?columns=true&q=`: the shape of the rows, without the rows.
    pub fn query_columns(&self, call: &Call, soql: &str) -> Result<Json, ApiError> {
        let state = self.read();
        let plan = soql::plan(&state, call, soql, (self.now_ms(), false))?;
        Ok(soql::column_metadata(&state.store.schema, &plan))
    }

    /// The rows of an answer in `range` (cut to what there is), read now.
    pub fn rows(&self, call: &Call, answer: &QueryAnswer, range: Range<usize>) -> Vec<Json> {
        let end = range.end.min(answer.len());
        let range = range.start.min(end)..end;
        match &*answer.found {
            Found::Count(_) => Vec::new(),
            Found::Rows(rows) => rows[range].to_vec(),
            Found::Slots(slots) => {
                let state = self.read();
                let renderer = Renderer::new(&state.store, &answer.plan, &call.version);
                // The org may have been put back to a time before some of the records.
                let known = state.store.table(answer.plan.object).len() as u32;
                let slots = slots[range].iter().filter(|slot| **slot < known);
                slots.map(|slot| renderer.json(*slot)).collect()
            }
        }
    }

    /// Appends the rows of an answer from one on, read now, as JSON with commas between them, until
    /// `room` rows are there; the rows of child queries take room as well. How many rows it took.
    pub(crate) fn write_rows(
        &self,
        call: &Call,
        answer: &QueryAnswer,
        (from, mut room): (usize, usize),
        out: &mut Vec<u8>,
    ) -> usize {
        let state = self.read();
        let renderer = Renderer::new(&state.store, &answer.plan, &call.version);
        let known = state.store.table(answer.plan.object).len() as u32;
        let mut written = 0;
        while room > 0 && from + written < answer.len() {
            // The org may have been put back to a time before the record.
            if matches!(&*answer.found, Found::Slots(slots) if slots[from + written] >= known) {
                break;
            }
            if written > 0 {
                out.push(b',');
            }
            let children = match &*answer.found {
                Found::Slots(slots) => renderer.write(slots[from + written], out),
                Found::Rows(rows) => {
                    out.extend_from_slice(rows[from + written].to_string().as_bytes());
                    0
                }
                Found::Count(_) => 0,
            };
            written += 1;
            room = room.saturating_sub(1 + children);
        }
        written
    }
}
