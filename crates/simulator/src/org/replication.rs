//! What changed and what vanished in a span of time. Spans are cut to whole minutes, so that the
//! end of one is the start of the next without a gap.

use super::error::ApiError;
use super::id::RecordId;
use super::schema::ObjectDef;
use super::state::State;
use super::store::Slot;
use super::{Call, Org, datetime};

/// How far back a span may begin.
const DAYS_MAX: i64 = 30;
/// Ids that one answer may hold.
const IDS_MAX: usize = 600_000;

/// The records that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// In the order of their ids.
    pub ids: Vec<RecordId>,
    /// Where the next span begins.
    pub latest_date_covered: String,
}

/// The records that were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Id and time of the deletion.
    pub records: Vec<(RecordId, String)>,
    /// The oldest deletion that the org still knows of.
    pub earliest_date_available: String,
    /// Where the next span begins.
    pub latest_date_covered: String,
}

/// A span of time in epoch seconds, the end without.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: i64,
    end: i64,
    covered: i64,
}

impl Org {
    /// `sobjects/X/updated`: live records made or changed from `start` up to, but without, `end`.
    pub fn updated(
        &self,
        call: &Call,
        object: &str,
        (start, end): (&str, &str),
    ) -> Result<Updated, ApiError> {
        let state = self.read();
        let def = state.replicable(call, object)?;
        let span = span(start, end, self.now_ms())?;
        let table = state.store.table(def.index);
        let changed = table.by_stamp(span.start..span.end);
        let mut slots: Vec<Slot> = changed.filter(|s| !table.record(*s).deleted).collect();
        slots.retain(|slot| state.sees_record(&call.user, (def.index, *slot)));
        check_count(slots.len())?;
        slots.sort_unstable();
        Ok(Updated {
            ids: slots.into_iter().map(|slot| table.id_at(slot)).collect(),
            latest_date_covered: datetime::show_time(span.covered),
        })
    }

    /// `sobjects/X/deleted`: records put into the recycle bin in the span.
    pub fn deleted(
        &self,
        call: &Call,
        object: &str,
        (start, end): (&str, &str),
    ) -> Result<Deleted, ApiError> {
        let state = self.read();
        let def = state.replicable(call, object)?;
        let span = span(start, end, self.now_ms())?;
        let table = state.store.table(def.index);
        // A deletion moves SystemModstamp, which never goes back.
        let gone = table.by_stamp(span.start..).filter_map(|slot| {
            let at = table.record(slot).deleted_at()?;
            let seen = state.sees_record(&call.user, (def.index, slot));
            (seen && span.start <= at && at < span.end).then_some((at, slot))
        });
        let mut gone: Vec<(i64, Slot)> = gone.collect();
        check_count(gone.len())?;
        gone.sort_unstable();
        let shown = |(at, slot): (i64, Slot)| (table.id_at(slot), datetime::show_time(at));
        let organization = state.store.schema.index("Organization");
        let founded = state.store.record((organization, 0)).created;
        Ok(Deleted {
            records: gone.into_iter().map(shown).collect(),
            earliest_date_available: datetime::show_time(founded - founded.rem_euclid(60)),
            latest_date_covered: datetime::show_time(span.covered),
        })
    }

    /// LastModifiedDate of a record, epoch seconds.
    pub fn last_modified(&self, id: &RecordId) -> Option<i64> {
        let state = self.read();
        let found = state.store.locate(id)?;
        Some(state.store.record(found).modified)
    }
}

impl State {
    fn replicable(&self, call: &Call, object: &str) -> Result<&ObjectDef, ApiError> {
        let def = self.visible_object(&call.user, object)?;
        if !def.is_replicable() {
            let text = format!("sObject type {} is not replicable", def.name);
            return Err(ApiError::request(400, "INVALID_TYPE", text));
        }
        Ok(def)
    }
}

fn span(start: &str, end: &str, now_ms: i64) -> Result<Span, ApiError> {
    let minute = |name: &str, text: &str| {
        // A plus sign that was not escaped arrives as a blank.
        let time = datetime::read_time(&text.trim().replace(' ', "+"));
        let time = time.map(|seconds| seconds - seconds.rem_euclid(60));
        time.ok_or_else(|| refused(format!("{name} is not a dateTime: {text}")))
    };
    let (start, end) = (minute("startDate", start)?, minute("endDate", end)?);
    let now = now_ms.div_euclid(1_000);
    if end <= start {
        return Err(refused(
            "endDate must be at least one minute after startDate",
        ));
    }
    if start < now - DAYS_MAX * 86_400 {
        return Err(refused("startDate cannot be more than 30 days ago"));
    }
    if start > now {
        return Err(refused("startDate cannot be in the future"));
    }
    let covered = end.min(now - now.rem_euclid(60));
    Ok(Span {
        start,
        end,
        covered,
    })
}

fn refused(text: impl Into<String>) -> ApiError {
    ApiError::request(400, "INVALID_REPLICATION_DATE", text)
}

fn check_count(count: usize) -> Result<(), ApiError> {
    match count > IDS_MAX {
        true => {
            let text = format!("the result would hold more than {IDS_MAX} ids; ask for less time");
            Err(ApiError::request(400, "EXCEEDED_ID_LIMIT", text))
        }
        false => Ok(()),
    }
}
