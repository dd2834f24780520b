//! Text search over records. A search names what to find and, for each object, which fields to
//! show; rows are read by the query engine, so that a search knows what a query knows.

mod sosl;
mod terms;

use serde_json::Value as Json;

use super::error::ApiError;
use super::schema::{FieldDef, FieldKind, ObjectDef};
use super::soql::ast::{Among, At, Condition, Expression, Literal, Path};
use super::soql::{self, Found};
use super::state::State;
use super::store::Slot;
use super::{Call, Org};
use terms::Terms;

/// Records that one search may find.
const RECORDS_MAX: usize = 2_000;

/// What to find, where, and what to show of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The words, with `*`, `?`, quotes, AND, OR and AND NOT.
    pub find: String,
    /// The group of fields that is searched.
    pub within: SearchIn,
    /// For each object, its fields and clauses as they stand in SOQL. Empty for all objects.
    pub returning: Vec<(String, String)>,
    /// Records that are wanted at most.
    pub limit: usize,
}

/// A group of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchIn {
    /// Every text.
    All,
    /// Names only.
    Name,
    /// E-mail addresses only.
    Email,
    /// Phone numbers only.
    Phone,
    /// Names, e-mail addresses and phone numbers.
    Sidebar,
}

impl SearchIn {
    /// By its word, in any case.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "ALL" => Self::All,
            "NAME" => Self::Name,
            "EMAIL" => Self::Email,
            "PHONE" => Self::Phone,
            "SIDEBAR" => Self::Sidebar,
            _ => return None,
        })
    }

    fn holds(self, field: &FieldDef) -> bool {
        match self {
            Self::All => field.kind.is_text(),
            Self::Name => field.name_field,
            Self::Email => field.kind == FieldKind::Email,
            Self::Phone => field.kind == FieldKind::Phone,
            Self::Sidebar => {
                field.name_field || matches!(field.kind, FieldKind::Email | FieldKind::Phone)
            }
        }
    }
}

impl Search {
    /// Reads `FIND {…} IN … FIELDS RETURNING …`.
    pub fn parse(sosl: &str) -> Result<Search, ApiError> {
        sosl::parse(sosl)
    }

    /// A search in all fields of all objects.
    pub fn of(find: &str) -> Search {
        Search {
            find: find.to_owned(),
            within: SearchIn::All,
            returning: Vec::new(),
            limit: RECORDS_MAX,
        }
    }
}

impl Org {
    /// The records that a search finds, object after object.
    pub fn search(&self, call: &Call, search: &Search) -> Result<Vec<Json>, ApiError> {
        let terms = Terms::parse(&search.find)?;
        let now_ms = self.now_ms();
        let state = self.read();
        let mut returning = search.returning.clone();
        if returning.is_empty() {
            returning = state.searchable(call);
        }
        let limit = search.limit.min(RECORDS_MAX);
        let mut records = Vec::new();
        for (object, clauses) in &returning {
            let def = state.visible_object(&call.user, object);
            let def = def.ok().filter(|def| def.searchable);
            let def = def.ok_or_else(|| not_searchable(object))?;
            let found = state.matching(call, def, (&terms, search.within), now_ms);
            let room = limit - records.len();
            let rows = state.search_rows(call, (def, clauses), &found, now_ms)?;
            records.extend(rows.into_iter().take(room));
        }
        Ok(records)
    }
}

impl State {
    fn searchable(&self, call: &Call) -> Vec<(String, String)> {
        let view = self.view(&call.user);
        let objects = self.store.schema.objects.iter();
        let seen = objects.filter(|o| o.searchable && view.object(o.index).read);
        seen.map(|o| (o.name.clone(), "Id".to_owned())).collect()
    }

    /// Live records that the index knows and whose fields hold the terms.
    fn matching(
        &self,
        call: &Call,
        def: &ObjectDef,
        (terms, within): (&Terms, SearchIn),
        now_ms: i64,
    ) -> Vec<Slot> {
        let view = self.view(&call.user);
        let wanted = |f: &&FieldDef| within.holds(f) && view.sees(def.index, f);
        let fields: Vec<&FieldDef> = def.fields.iter().filter(wanted).collect();
        let indexed_until = now_ms.div_euclid(1_000) - i64::from(self.settings.search_lag_seconds);
        let table = self.store.table(def.index);
        let found = (0..table.len() as Slot).filter(|slot| {
            let record = table.record(*slot);
            let known = !record.deleted && record.stamp <= indexed_until;
            known && {
                let read = |field: &&FieldDef| self.store.read(def.index, *slot, field);
                let values: Vec<_> = fields.iter().map(read).collect();
                let texts: Vec<&str> = values.iter().filter_map(|v| v.as_str()).collect();
                terms.hold(&texts)
            }
        });
        found.collect()
    }

    fn search_rows(
        &self,
        call: &Call,
        (def, clauses): (&ObjectDef, &str),
        found: &[Slot],
        now_ms: i64,
    ) -> Result<Vec<Json>, ApiError> {
        let soql = sosl::as_query(&def.name, clauses);
        let mut query = soql::parse(&soql).map_err(|e| malformed(&e.message))?;
        if query.from != def.name {
            return Err(malformed("unexpected token: 'FROM'"));
        }
        let ids = found.iter().map(|slot| self.store.id_at(def.index, *slot));
        let own = Condition::Among {
            left: Expression::Field(Path {
                names: vec!["Id".to_owned()],
                at: At(0),
            }),
            among: Among::In,
            values: ids.map(|id| Literal::Text(id.to_string())).collect(),
            at: At(0),
        };
        query.filter = Some(match query.filter.take() {
            Some(filter) => Condition::And(vec![own, filter]),
            None => own,
        });
        let plan = soql::bind(self, call, (&query, &soql), (now_ms, false))?;
        match soql::run(&self.store, &plan) {
            Found::Slots(slots) => {
                let renderer = soql::Renderer::new(&self.store, &plan, &call.version);
                Ok(slots.iter().map(|slot| renderer.json(*slot)).collect())
            }
            _ => Err(malformed("A search returns fields of records only")),
        }
    }
}

/// An error of the search text.
fn malformed(text: &str) -> ApiError {
    ApiError::request(400, "MALFORMED_SEARCH", text)
}

fn not_searchable(object: &str) -> ApiError {
    let text = format!("sObject type '{object}' is not supported in a search");
    ApiError::request(400, "INVALID_TYPE", text)
}
