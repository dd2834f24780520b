//! What became of the rows of an ingest job, as three lists in CSV.

use super::csv;
use crate::bulk::IngestJob;
use crate::http::ask::Answered;
use crate::org::{ApiError, SaveResult};
use crate::seeded::{Seeded, mix};

impl IngestJob {
    /// The three lists of results; the order is not that of the upload.
    pub(super) fn results(&self, which: &str) -> Answered {
        let upload = &self.upload;
        let mut header = upload.header.clone();
        let rows: Vec<Vec<String>> = match which.to_ascii_lowercase().as_str() {
            "successfulresults" => {
                header.splice(0..0, ["sf__Id".to_owned(), "sf__Created".to_owned()]);
                self.worked_off(|outcome| outcome.errors.is_empty())
            }
            "failedresults" => {
                header.splice(0..0, ["sf__Id".to_owned(), "sf__Error".to_owned()]);
                self.worked_off(|outcome| !outcome.errors.is_empty())
            }
            "unprocessedrecords" => {
                let left = upload.rows.get(self.outcomes.len()..);
                left.unwrap_or_default().to_vec()
            }
            _ => return Err(ApiError::not_found().into()),
        };
        let lines = std::iter::once(header).chain(rows);
        Ok(csv(self.head.style.rows(lines), &[]))
    }

    fn worked_off(&self, wanted: impl Fn(&SaveResult) -> bool) -> Vec<Vec<String>> {
        let mut order: Vec<usize> = (0..self.outcomes.len())
            .filter(|row| wanted(&self.outcomes[*row]))
            .collect();
        let salt = Seeded::new(0, &self.head.id).next_u64();
        order.sort_by_key(|row| mix(salt ^ *row as u64));
        let line = |row: usize| {
            let outcome = &self.outcomes[row];
            let given = self.upload.cell(row, "Id");
            let id = outcome
                .id
                .map_or_else(|| given.to_owned(), |id| id.to_string());
            let second = match outcome.errors.first() {
                Some(error) => shown(error),
                None => {
                    let inserted = self.head.operation == "insert";
                    outcome.created.unwrap_or(inserted).to_string()
                }
            };
            let mut line = vec![id, second];
            line.extend(self.upload.rows[row].iter().cloned());
            line
        };
        order.into_iter().map(line).collect()
    }
}

/// `CODE:message:fields --`.
fn shown(error: &ApiError) -> String {
    let fields = error.fields.clone().unwrap_or_default().join(",");
    format!("{}:{}:{fields} --", error.code, error.message)
}
