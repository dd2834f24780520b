//! Rights and the schema as records that a query reads: they are made for the one query that asks
//! and for the user who asks, because what they say depends on both, and keeping them beside the
//! schema would be a second truth to keep in step.

mod access;
mod definitions;
mod permissions;

use super::Call;
use super::error::ApiError;
use super::id::RecordId;
use super::record::Record;
use super::schema::ObjectDef;
use super::soql::ast::{Condition, Expression, Literal, Operator, Query, SelectItem};
use super::soql::{self, Found, Plan};
use super::state::State;
use super::store::Slot;
use super::value::Value;

/// Objects whose records are made when they are asked for.
const VIRTUAL: [&str; 5] = [
    "EntityDefinition",
    "FieldDefinition",
    "FieldPermissions",
    "ObjectPermissions",
    "UserRecordAccess",
];
/// Child relationships that lead to such records.
const RELATIONSHIPS: [(&str, &str); 3] = [
    ("ObjectPerms", "ObjectPermissions"),
    ("FieldPerms", "FieldPermissions"),
    ("Fields", "FieldDefinition"),
];
/// Objects that queries over rights join with.
const JOINED: [&str; 4] = [
    "PermissionSet",
    "PermissionSetAssignment",
    "Profile",
    "User",
];

impl State {
    /// The answer to a query that touches made records; `None` for any other query.
    pub fn made(
        &self,
        call: &Call,
        (query, soql): (&Query, &str),
        now_ms: i64,
    ) -> Result<Option<(Plan, Found)>, ApiError> {
        let mut touched = Vec::new();
        collect(query, &mut touched);
        if touched.is_empty() {
            return Ok(None);
        }
        let mut made = State::new(self.store.emptied());
        made.rights = self.rights.clone();
        made.settings = self.settings.clone();
        for object in JOINED {
            self.copy_into(&mut made, object);
        }
        for object in touched {
            match object {
                "ObjectPermissions" => self.make_object_permissions(&mut made),
                "FieldPermissions" => self.make_field_permissions(&mut made),
                "UserRecordAccess" => self.make_record_access(&mut made, query)?,
                "FieldDefinition" => {
                    definitions::check_filter(query)?;
                    self.make_definitions(&mut made, call, true);
                }
                _ => self.make_definitions(&mut made, call, false),
            }
        }
        let mut query = query.clone();
        if let Some(filter) = &mut query.filter {
            definitions::by_durable_id(filter);
        }
        let plan = soql::bind(&made, call, (&query, soql), (now_ms, false))?;
        let found = match soql::run(&made.store, &plan) {
            Found::Slots(slots) => {
                let renderer = soql::Renderer::new(&made.store, &plan, &call.version);
                Found::Rows(slots.iter().map(|slot| renderer.json(*slot)).collect())
            }
            other => other,
        };
        Ok(Some((plan, found)))
    }

    fn copy_into(&self, made: &mut State, object: &str) {
        let object = self.store.schema.index(object);
        let table = self.store.table(object);
        for slot in 0..table.len() as Slot {
            made.store.insert(object, table.record(slot).clone());
        }
    }

    /// Whether the records of an object are made for each query.
    pub fn is_made(object: &str) -> bool {
        VIRTUAL.contains(&object)
    }
}

/// Fills the fields of a made record by name; what the object does not have is left out.
struct Row<'a> {
    def: &'a ObjectDef,
    record: Record,
}

impl<'a> Row<'a> {
    fn new(def: &'a ObjectDef, by: RecordId) -> Self {
        Self {
            def,
            record: Record::new(by, 0),
        }
    }

    fn set(mut self, field: &str, value: Value) -> Self {
        if let Some(index) = self.def.field_index(field) {
            self.record.set(index, value);
        }
        self
    }

    fn text(self, field: &str, text: &str) -> Self {
        match text.is_empty() {
            true => self,
            false => self.set(field, Value::text(text)),
        }
    }

    fn flag(self, field: &str, flag: bool) -> Self {
        self.set(field, Value::Bool(flag))
    }
}

/// Which made objects a query reads, each once.
fn collect(query: &Query, touched: &mut Vec<&'static str>) {
    let named = VIRTUAL
        .iter()
        .find(|name| name.eq_ignore_ascii_case(&query.from));
    let related = RELATIONSHIPS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&query.from));
    let found = named.copied().or(related.map(|(_, object)| *object));
    if let Some(name) = found.filter(|name| !touched.contains(name)) {
        // A field definition's parent must stand before it.
        if name == "FieldDefinition" && !touched.contains(&"EntityDefinition") {
            touched.push("EntityDefinition");
        }
        touched.push(name);
    }
    for item in &query.select {
        if let SelectItem::Children(inner) = item {
            let under = ["PermissionSet", "EntityDefinition"];
            if under.iter().any(|o| o.eq_ignore_ascii_case(&query.from)) {
                collect(inner, touched);
            }
        }
    }
    if let Some(filter) = &query.filter {
        collect_in(filter, touched);
    }
}

fn collect_in(condition: &Condition, touched: &mut Vec<&'static str>) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().for_each(|part| collect_in(part, touched));
        }
        Condition::Not(inner) => collect_in(inner, touched),
        Condition::InQuery { query, .. } => collect(query, touched),
        Condition::Compare { .. } | Condition::Among { .. } => {}
    }
}

/// The texts that a field must equal for a record to be found; `None` without such a condition.
fn wanted(condition: &Condition, field: &str) -> Option<Vec<String>> {
    let is_field = |left: &Expression| {
        let name = left.path().names.last();
        name.is_some_and(|name| name.eq_ignore_ascii_case(field))
    };
    let text = |literal: &Literal| match literal {
        Literal::Text(text) => Some(text.clone()),
        _ => None,
    };
    match condition {
        Condition::And(parts) => parts.iter().find_map(|part| wanted(part, field)),
        Condition::Compare {
            left,
            operator: Operator::Equal,
            right,
            ..
        } if is_field(left) => Some(text(right).into_iter().collect()),
        Condition::Among {
            left,
            among: soql::ast::Among::In,
            values,
            ..
        } if is_field(left) => Some(values.iter().filter_map(text).collect()),
        _ => None,
    }
}
