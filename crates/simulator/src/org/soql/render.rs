//! Rows as JSON: attributes, then the columns in the order of the SELECT list, parents nested under
//! the name of their relationship, children as an answer of their own.

use serde_json::{Map, Value as Json, json};

use super::path::{BoundPath, Hop, Leaf};
use super::plan::Plan;
use super::run::run_among;
use super::select::{BoundTypeOf, ChildColumn, Column};
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

/// Renders records for one API version.
pub(super) struct Renderer<'a> {
    store: &'a Store,
    version: &'a str,
}

/// One row of an answer, read now.
pub(crate) fn render(store: &Store, plan: &Plan, slot: Slot, version: &str) -> Json {
    Renderer { store, version }.row(plan, slot)
}

/// `{type, url}` of a record.
pub(crate) fn attributes(store: &Store, object: usize, slot: Slot, version: &str) -> Json {
    let (name, id) = (&store.def(object).name, store.id_at(object, slot));
    json!({"type": name, "url": format!("/services/data/v{version}/sobjects/{name}/{id}")})
}

impl Renderer<'_> {
    fn row(&self, plan: &Plan, slot: Slot) -> Json {
        let place = (plan.object, slot);
        let mut row = self.start(place, false);
        for column in &plan.columns {
            match column {
                Column::Field(path) => self.field(&mut row, place, (&path.hops, path)),
                Column::Children(child) => {
                    let children = self.children(place, child, plan.include_deleted);
                    row.insert(child.name.clone(), children);
                }
                Column::TypeOf(type_of) => self.type_of(&mut row, place, type_of),
                Column::Computed(..) => {}
            }
        }
        Json::Object(row)
    }

    fn start(&self, (object, slot): (usize, Slot), as_name: bool) -> Map<String, Json> {
        let mut attributes = attributes(self.store, object, slot, self.version);
        if as_name {
            attributes["type"] = json!("Name");
        }
        Map::from_iter([("attributes".to_owned(), attributes)])
    }

    /// Puts a field into the row, or into the parent that its next hop leads to.
    fn field(
        &self,
        row: &mut Map<String, Json>,
        place: (usize, Slot),
        (hops, path): (&[Hop], &BoundPath),
    ) {
        let Some((hop, rest)) = hops.split_first() else {
            let (name, value) = self.leaf(place, path);
            row.insert(name, value);
            return;
        };
        let Some(parent) = self.follow(place, hop) else {
            row.entry(hop.relationship.clone()).or_insert(Json::Null);
            return;
        };
        let nested = row.entry(hop.relationship.clone());
        let nested = nested.or_insert_with(|| Json::Object(self.start(parent, hop.polymorphic)));
        if let Json::Object(nested) = nested {
            self.field(nested, parent, (rest, path));
        }
    }

    fn leaf(&self, (object, slot): (usize, Slot), path: &BoundPath) -> (String, Json) {
        match path.leaf {
            Leaf::Field(_, field) => {
                let field = &self.store.def(object).fields[field as usize];
                (
                    field.name.clone(),
                    self.store.read_json(object, slot, field),
                )
            }
            Leaf::OfName("Type") => ("Type".to_owned(), json!(self.store.def(object).name)),
            Leaf::OfName(name) => {
                let value = self.store.read_named(object, slot, name);
                (name.to_owned(), value.to_json(path.kind))
            }
        }
    }

    fn follow(&self, (object, slot): (usize, Slot), hop: &Hop) -> Option<(usize, Slot)> {
        let field = &self.store.def(object).fields[hop.field as usize];
        match self.store.read(object, slot, field) {
            Value::Id(id) => self.store.locate(&id),
            _ => None,
        }
    }

    fn children(&self, (object, slot): (usize, Slot), column: &ChildColumn, deleted: bool) -> Json {
        let id = self.store.id_at(object, slot);
        let plan = &*column.plan;
        let children = match deleted {
            true => self
                .store
                .children_with_deleted(plan.object, column.field, &id),
            false => self.store.children(plan.object, column.field, &id),
        };
        let found = run_among(self.store, plan, children);
        if found.is_empty() {
            return Json::Null;
        }
        let records: Vec<Json> = found.iter().map(|slot| self.row(plan, *slot)).collect();
        json!({"totalSize": records.len(), "done": true, "records": records})
    }

    fn type_of(&self, row: &mut Map<String, Json>, place: (usize, Slot), type_of: &BoundTypeOf) {
        let name = type_of.hop.relationship.clone();
        let Some(target) = self.follow(place, &type_of.hop) else {
            row.insert(name, Json::Null);
            return;
        };
        let mut nested = self.start(target, false);
        match type_of.cases.iter().find(|(object, _)| *object == target.0) {
            Some((_, paths)) => {
                for path in paths {
                    self.field(&mut nested, target, (&path.hops, path));
                }
            }
            None => {
                for path in &type_of.otherwise {
                    self.field(&mut nested, target, (&path.hops[1..], path));
                }
            }
        }
        row.insert(name, Json::Object(nested));
    }
}
