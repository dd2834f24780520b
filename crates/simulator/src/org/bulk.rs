//! What bulk jobs ask of the org: which columns a file may have, and rows as CSV.

use std::ops::Range;

use super::csv::CsvStyle;
use super::schema::FieldKind;
use super::soql::{self, Found};
use super::{Call, Org, QueryAnswer};

/// A column of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UploadColumn {
    /// A field, by its API name.
    Field(String),
    /// A parent found by one of its fields.
    Parent {
        /// The field that holds the parent's id.
        lookup: String,
        relationship: String,
        /// The parent's field.
        field: String,
    },
}

impl Org {
    /// The object's API name, if records of it may be uploaded.
    pub(crate) fn uploadable(&self, call: &Call, object: &str) -> Option<String> {
        let state = self.read();
        let object = state.visible_object(&call.user, object).ok()?;
        let changes = object.createable || object.updateable || object.deletable;
        changes.then(|| object.name.clone())
    }

    /// Whether records of the object can be found by this field.
    pub(crate) fn finds_by(&self, call: &Call, object: &str, field: &str) -> bool {
        let state = self.read();
        let found = state.visible_object(&call.user, object).ok().and_then(|o| {
            let field = state.view(&call.user).field(o, field)?;
            Some(field.external_id || field.id_lookup)
        });
        found.unwrap_or_default()
    }

    /// Whether the user may delete past the recycle bin.
    pub(crate) fn may_hard_delete(&self, call: &Call) -> bool {
        self.has_permission(&call.user, "BulkApiHardDelete")
    }

    /// The columns of a file's header, or the first that the object does not have.
    pub(crate) fn upload_columns(
        &self,
        call: &Call,
        object: &str,
        header: &[String],
    ) -> Result<Vec<UploadColumn>, String> {
        let state = self.read();
        let view = state.view(&call.user);
        let object = state.visible_object(&call.user, object);
        let object = object.map_err(|_| header.first().cloned().unwrap_or_default())?;
        let column = |name: &String| {
            let unknown = || name.clone();
            let Some((relationship, field)) = name.split_once('.') else {
                let field = view.field(object, name).ok_or_else(unknown)?;
                return Ok(UploadColumn::Field(field.name.clone()));
            };
            let lookup = object.lookup(relationship).ok_or_else(unknown)?;
            let target = lookup.single_target().ok_or_else(unknown)?;
            let parent = view.field(state.store.def(target), field);
            let parent = parent
                .filter(|f| f.external_id || f.id_lookup)
                .ok_or_else(unknown)?;
            let relationship = lookup.relationship.clone().unwrap_or_default();
            Ok(UploadColumn::Parent {
                lookup: lookup.name.clone(),
                relationship,
                field: parent.name.clone(),
            })
        };
        header.iter().map(column).collect()
    }

    /// Whether a query asks for an address as a whole, or something else that has parts.
    pub(crate) fn selects_compound(&self, call: &Call, query: &str) -> bool {
        let state = self.read();
        let plan = soql::plan(&state, call, query, (self.now_ms(), false));
        plan.is_ok_and(|plan| plan.kinds().any(|kind| kind == FieldKind::Address))
    }

    /// The first line of an answer in CSV.
    pub(crate) fn csv_header(&self, answer: &QueryAnswer, style: CsvStyle) -> Vec<u8> {
        soql::csv_header(&answer.plan, style)
    }

    /// Some rows of an answer in CSV, read now.
    pub(crate) fn csv_rows(
        &self,
        answer: &QueryAnswer,
        rows: Range<usize>,
        style: CsvStyle,
    ) -> Vec<u8> {
        let Found::Slots(slots) = &*answer.found else {
            return Vec::new();
        };
        let state = self.read();
        // The org may have been put back to a time before some of the records.
        let known = state.store.table(answer.plan.object).len() as u32;
        let slots = slots[rows].iter().copied();
        let slots: Vec<u32> = slots.filter(|slot| *slot < known).collect();
        soql::csv_rows(&state.store, &answer.plan, &slots, style)
    }
}
