//! Rows as JSON, written straight into bytes: attributes, then the columns in the order of the
//! SELECT list, parents nested under the name of their relationship, children as an answer of their
//! own. What stands where is worked out once for all rows of a page.

use super::path::{BoundPath, Hop, Leaf};
use super::plan::{BoundTypeOf, ChildColumn, Column, Plan};
use super::run::run_among;
use crate::org::json_text::{push_key, push_text};
use crate::org::store::{Slot, Store};
use crate::org::value::Value;
use serde_json::Value as Json;

/// Renders the rows of one plan for one API version.
pub(crate) struct Renderer<'a> {
    store: &'a Store,
    version: &'a str,
    object: usize,
    members: Vec<Member<'a>>,
}

/// What stands in a row under one name.
enum Member<'a> {
    Field(&'a str, &'a BoundPath),
    Parent(&'a Hop, Vec<Member<'a>>),
    Children(&'a ChildColumn, Vec<Member<'a>>, bool),
    TypeOf(
        &'a BoundTypeOf,
        Vec<(usize, Vec<Member<'a>>)>,
        Vec<Member<'a>>,
    ),
}

/// A record to be written.
type Place = (usize, Slot);

impl<'a> Renderer<'a> {
    pub fn new(store: &'a Store, plan: &'a Plan, version: &'a str) -> Self {
        Self {
            store,
            version,
            object: plan.object,
            members: members_of(plan),
        }
    }

    /// Appends a row; how many rows of child queries it carries.
    pub fn write(&self, slot: Slot, out: &mut Vec<u8>) -> usize {
        self.row((self.object, slot), &self.members, false, out)
    }

    /// A row for who looks into it instead of sending it.
    pub fn json(&self, slot: Slot) -> Json {
        let mut text = Vec::new();
        self.write(slot, &mut text);
        serde_json::from_slice(&text).expect("rows are written as JSON")
    }

    fn row(&self, place: Place, members: &[Member<'_>], as_name: bool, out: &mut Vec<u8>) -> usize {
        self.attributes(place, as_name, out);
        let mut children = 0;
        for member in members {
            out.push(b',');
            children += self.member(place, member, out);
        }
        out.push(b'}');
        children
    }

    /// The opening of a record; a parent behind a lookup to several objects calls itself a Name.
    fn attributes(&self, (object, slot): Place, as_name: bool, out: &mut Vec<u8>) {
        let name = &self.store.def(object).name;
        let parts = [
            "{\"attributes\":{\"type\":\"",
            if as_name { "Name" } else { name },
            "\",\"url\":\"/services/data/v",
            self.version,
            "/sobjects/",
            name,
            "/",
        ];
        for part in parts {
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(&self.store.id_at(object, slot).long());
        out.extend_from_slice(b"\"}");
    }

    fn member(&self, place: Place, member: &Member<'_>, out: &mut Vec<u8>) -> usize {
        match member {
            Member::Field(name, path) => {
                push_key(name, out);
                self.leaf(place, path, out);
            }
            Member::Parent(hop, members) => {
                push_key(&hop.relationship, out);
                match self.follow(place, hop) {
                    Some(parent) => return self.row(parent, members, hop.polymorphic, out),
                    None => out.extend_from_slice(b"null"),
                }
            }
            Member::Children(column, members, deleted) => {
                push_key(&column.name, out);
                return self.children(place, (column, members, *deleted), out);
            }
            Member::TypeOf(type_of, cases, otherwise) => {
                push_key(&type_of.hop.relationship, out);
                match self.follow(place, &type_of.hop) {
                    Some(parent) => {
                        let case = cases.iter().find(|(object, _)| *object == parent.0);
                        let members = case.map_or(otherwise, |(_, members)| members);
                        return self.row(parent, members, false, out);
                    }
                    None => out.extend_from_slice(b"null"),
                }
            }
        }
        0
    }

    fn leaf(&self, (object, slot): Place, path: &BoundPath, out: &mut Vec<u8>) {
        match path.leaf {
            Leaf::Field(_, field) => {
                let field = &self.store.def(object).fields[field as usize];
                self.store.write_json(object, slot, field, out);
            }
            Leaf::OfName("Type") => push_text(&self.store.def(object).name, out),
            Leaf::OfName(name) => {
                let value = self.store.read_named(object, slot, name);
                value.write_json(path.kind, out);
            }
        }
    }

    fn follow(&self, (object, slot): Place, hop: &Hop) -> Option<Place> {
        let field = &self.store.def(object).fields[hop.field as usize];
        match self.store.read(object, slot, field) {
            Value::Id(id) => self.store.locate(&id),
            _ => None,
        }
    }

    fn children(
        &self,
        (object, slot): Place,
        (column, members, deleted): (&ChildColumn, &[Member<'_>], bool),
        out: &mut Vec<u8>,
    ) -> usize {
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
            out.extend_from_slice(b"null");
            return 0;
        }
        let head = format!(
            "{{\"totalSize\":{},\"done\":true,\"records\":[",
            found.len()
        );
        out.extend_from_slice(head.as_bytes());
        let mut rows = found.len();
        for (number, slot) in found.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            rows += self.row((plan.object, *slot), members, false, out);
        }
        out.extend_from_slice(b"]}");
        rows
    }
}

fn members_of(plan: &Plan) -> Vec<Member<'_>> {
    let mut members = Vec::with_capacity(plan.columns.len());
    for column in &plan.columns {
        match column {
            Column::Field(path) => join(&mut members, &path.hops, path),
            Column::Children(child) => {
                let inner = members_of(&child.plan);
                members.push(Member::Children(child, inner, plan.include_deleted));
            }
            Column::TypeOf(type_of) => {
                let name = &type_of.hop.relationship;
                members.retain(|member| !member.is_parent(name));
                members.push(type_of_member(type_of));
            }
            Column::Computed(..) => {}
        }
    }
    members
}

fn type_of_member(type_of: &BoundTypeOf) -> Member<'_> {
    let mut cases = Vec::new();
    for (object, paths) in &type_of.cases {
        let mut members = Vec::new();
        for path in paths {
            join(&mut members, &path.hops, path);
        }
        cases.push((*object, members));
    }
    let mut otherwise = Vec::new();
    for path in &type_of.otherwise {
        join(&mut otherwise, &path.hops[1..], path);
    }
    Member::TypeOf(type_of, cases, otherwise)
}

/// Puts a field among the members, or among those of the parent that its next hop leads to.
fn join<'a>(members: &mut Vec<Member<'a>>, hops: &'a [Hop], path: &'a BoundPath) {
    let Some((hop, rest)) = hops.split_first() else {
        let name = path.shown.rsplit('.').next().unwrap_or_default();
        members.push(Member::Field(name, path));
        return;
    };
    let name = &hop.relationship;
    let known = members.iter().position(|member| member.is_parent(name));
    let at = known.unwrap_or_else(|| {
        members.push(Member::Parent(hop, Vec::new()));
        members.len() - 1
    });
    if let Member::Parent(_, inner) = &mut members[at] {
        join(inner, rest, path);
    }
}

impl Member<'_> {
    /// Whether a parent stands here, by either way of asking for one.
    fn is_parent(&self, relationship: &str) -> bool {
        match self {
            Member::Parent(hop, _) => hop.relationship == relationship,
            Member::TypeOf(type_of, ..) => type_of.hop.relationship == relationship,
            _ => false,
        }
    }
}
