//! The bulk jobs of one org: uploads that it works off and queries whose answer is a file. They move
//! on by the org's clock, so that whoever polls sees each state, and the same states every time.

mod daily;
mod dialect;
mod ingest;
mod job;
mod query;
mod upload;

pub(crate) use daily::DailyUse;
pub(crate) use dialect::DELIMITERS;
pub(crate) use ingest::IngestJob;
pub(crate) use job::{Head, State};
pub(crate) use query::QueryJob;
pub(crate) use upload::Upload;

use crate::lock::lock;
use crate::org::{Call, CsvStyle, Org, RecordId};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Results can be had for this long after the job was made.
const KEPT_MS: i64 = 7 * 86_400_000;
/// Records of an upload that count as one batch.
const BATCH_ROWS: usize = 10_000;

/// All jobs of one org.
#[derive(Default)]
pub(crate) struct Jobs {
    pub ingest: BTreeMap<String, IngestJob>,
    pub query: BTreeMap<String, QueryJob>,
    serial: u64,
}

impl Jobs {
    /// Moves every job on to the present, and forgets the old ones.
    pub fn work(&mut self, org: &Org, bulk_use: &Mutex<DailyUse>) {
        let now_ms = org.now_ms();
        self.ingest
            .retain(|_, job| job.head.created_ms + KEPT_MS > now_ms);
        self.query
            .retain(|_, job| job.head.created_ms + KEPT_MS > now_ms);
        for job in self.ingest.values_mut() {
            let began = job.head.state;
            job.work(org, now_ms);
            if began == State::UploadComplete && job.head.state != State::UploadComplete {
                let rows = job.rows().max(1);
                lock(bulk_use).count_batches(now_ms, rows.div_ceil(BATCH_ROWS));
            }
        }
        for job in self.query.values_mut() {
            if let Some(bytes) = job.work(org, now_ms) {
                lock(bulk_use).count_stored(now_ms, bytes);
            }
        }
    }

    /// The head of a job that is made now.
    pub fn new_head(
        &mut self,
        org: &Org,
        call: &Call,
        (operation, style): (&'static str, CsvStyle),
    ) -> Head {
        self.serial += 1;
        let now_ms = org.now_ms();
        Head {
            id: RecordId::new("750", *b"xx", self.serial).to_string(),
            // A row that was planned to fail was one of this request, which has none.
            call: Call {
                refuse: None,
                ..call.clone()
            },
            operation,
            style,
            state: State::Open,
            created_ms: now_ms,
            changed_ms: now_ms,
            closed_ms: now_ms,
            error: None,
        }
    }
}
