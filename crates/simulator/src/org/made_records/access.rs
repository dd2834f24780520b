//! UserRecordAccess: what one user may do with named records. It answers only to a query that says
//! which user and which records.

use super::{Row, wanted};
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::sharing_rules::RecordAccess;
use crate::org::soql::ast::Query;
use crate::org::state::State;
use crate::org::value::Value;

/// Records that one query may ask for.
const RECORDS_MAX: usize = 200;

impl State {
    pub(super) fn make_record_access(
        &self,
        made: &mut State,
        query: &Query,
    ) -> Result<(), ApiError> {
        let filter = query.filter.as_ref();
        let given = |field: &str| filter.and_then(|filter| wanted(filter, field));
        let refused = |text: &str| ApiError::request(400, "MALFORMED_QUERY", text);
        let (Some(users), Some(records)) = (given("UserId"), given("RecordId")) else {
            let text = "UserRecordAccess: a filter on UserId and on RecordId is required";
            return Err(refused(text));
        };
        let [user] = users.as_slice() else {
            return Err(refused("UserRecordAccess: UserId must be one user"));
        };
        if records.len() > RECORDS_MAX {
            let text = format!("UserRecordAccess: at most {RECORDS_MAX} records");
            return Err(refused(&text));
        }
        let Some(user) = RecordId::parse(user) else {
            return Ok(());
        };
        let def = self.store.schema.index("UserRecordAccess");
        let def = self.store.def(def);
        let mut seen = std::collections::BTreeSet::new();
        for record in records.iter().filter_map(|id| RecordId::parse(id)) {
            if !seen.insert(record) {
                continue;
            }
            let level = self.access_to(&user, &record);
            let row = Row::new(def, user)
                .set("UserId", Value::Id(user))
                .set("RecordId", Value::Id(record))
                .flag("HasReadAccess", level >= RecordAccess::Read)
                .flag("HasEditAccess", level >= RecordAccess::Edit)
                .flag("HasDeleteAccess", level >= RecordAccess::Delete)
                .flag("HasTransferAccess", level >= RecordAccess::All)
                .flag("HasAllAccess", level >= RecordAccess::All)
                .text("MaxAccessLevel", level.name());
            made.store.insert(def.index, row.record);
        }
        Ok(())
    }
}
