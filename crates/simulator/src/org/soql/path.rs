//! Dotted names bound to the schema: which lookups to follow from a record and which field to read
//! at the end. A lookup to several objects ends in the pseudo object `Name`.

use super::ast::Path;
use super::error::SoqlError;
use crate::org::schema::{FieldDef, FieldKind, ObjectDef, Schema};
use crate::org::store::{Slot, Store};
use crate::org::value::Value;
use crate::org::view::View;

/// Lookups that one name may follow.
const LEVELS_MAX: usize = 5;

/// Fields that every object behind a polymorphic lookup is asked for.
const NAME_FIELDS: [(&str, FieldKind); 13] = [
    ("Id", FieldKind::Id),
    ("Name", FieldKind::Text),
    ("Type", FieldKind::Text),
    ("FirstName", FieldKind::Text),
    ("LastName", FieldKind::Text),
    ("Title", FieldKind::Text),
    ("Email", FieldKind::Email),
    ("Phone", FieldKind::Phone),
    ("Username", FieldKind::Text),
    ("Alias", FieldKind::Text),
    ("IsActive", FieldKind::Bool),
    ("ProfileId", FieldKind::Reference),
    ("UserRoleId", FieldKind::Reference),
];

/// A name that is known to exist.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundPath {
    pub hops: Vec<Hop>,
    pub leaf: Leaf,
    pub kind: FieldKind,
    /// The names in the casing of describe.
    pub shown: String,
}

/// A lookup on the way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hop {
    pub object: usize,
    pub field: u16,
    pub relationship: String,
    pub polymorphic: bool,
}

/// The field at the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leaf {
    Field(usize, u16),
    /// A field of whatever object is there.
    OfName(&'static str),
}

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub schema: &'a Schema,
    pub view: View<'a>,
    pub object: &'a ObjectDef,
    pub alias: Option<&'a str>,
}

impl<'a> Scope<'a> {
    pub fn bind(&self, path: &Path) -> Result<BoundPath, SoqlError> {
        let mut names: Vec<&str> = path.names.iter().map(String::as_str).collect();
        if names.len() > 1 && self.is_own_name(names[0]) {
            names.remove(0);
        }
        self.bind_names(&names, path.at.0)
    }

    /// Whether a name before the first dot is the object itself.
    fn is_own_name(&self, name: &str) -> bool {
        let alias = self.alias.is_some_and(|a| a.eq_ignore_ascii_case(name));
        alias || (self.object.name.eq_ignore_ascii_case(name) && self.object.lookup(name).is_none())
    }

    fn bind_names(&self, names: &[&str], at: usize) -> Result<BoundPath, SoqlError> {
        let (last, relationships) = names.split_last().expect("a path has at least one name");
        if relationships.len() > LEVELS_MAX {
            let text = format!("A query may follow at most {LEVELS_MAX} parent relationships");
            return Err(SoqlError::at("INVALID_FIELD", at, text));
        }
        let mut object = self.object;
        let mut hops: Vec<Hop> = Vec::with_capacity(relationships.len());
        for name in relationships {
            let unknown = || SoqlError::no_such_relationship(at, name);
            if hops.last().is_some_and(|hop| hop.polymorphic) {
                return Err(unknown());
            }
            let lookup = object
                .lookup(name)
                .filter(|f| self.view.sees(object.index, f));
            let lookup = lookup.ok_or_else(unknown)?;
            hops.push(hop(object, lookup));
            if let Some(target) = lookup.single_target() {
                object = &self.schema.objects[target];
                if !self.view.object(target).read {
                    return Err(unknown());
                }
            } else if lookup.targets.is_empty() {
                return Err(unknown());
            }
        }
        let shown = |name: &str| {
            let before = hops.iter().map(|h| h.relationship.as_str());
            before.chain([name]).collect::<Vec<_>>().join(".")
        };
        if hops.last().is_some_and(|hop| hop.polymorphic) {
            let known = NAME_FIELDS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(last));
            let (name, kind) = known.ok_or_else(|| SoqlError::no_such_column(at, last, "Name"))?;
            let shown = shown(name);
            return Ok(BoundPath {
                hops,
                leaf: Leaf::OfName(name),
                kind: *kind,
                shown,
            });
        }
        let field = self.view.field(object, last);
        let field = field.ok_or_else(|| SoqlError::no_such_column(at, last, &object.name))?;
        let shown = shown(&field.name);
        let leaf = Leaf::Field(object.index, field.index);
        Ok(BoundPath {
            hops,
            leaf,
            kind: field.kind,
            shown,
        })
    }
}

impl BoundPath {
    /// A field of the object itself.
    pub fn own(object: &ObjectDef, field: &FieldDef) -> Self {
        Self {
            hops: Vec::new(),
            leaf: Leaf::Field(object.index, field.index),
            kind: field.kind,
            shown: field.name.clone(),
        }
    }

    /// The field's definition, unless it belongs to the pseudo object.
    pub fn field<'s>(&self, schema: &'s Schema) -> Option<&'s FieldDef> {
        match self.leaf {
            Leaf::Field(object, field) => Some(&schema.objects[object].fields[field as usize]),
            Leaf::OfName(_) => None,
        }
    }

    /// Reads the value from a record; null when a lookup on the way is empty.
    pub fn read(&self, store: &Store, object: usize, slot: Slot) -> Value {
        let mut place = (object, slot);
        for hop in &self.hops {
            let field = &store.def(hop.object).fields[hop.field as usize];
            let id = store.read(place.0, place.1, field).as_id();
            match id.and_then(|id| store.locate(&id)) {
                Some(next) => place = next,
                None => return Value::Null,
            }
        }
        match self.leaf {
            Leaf::Field(object, field) => {
                store.read(object, place.1, &store.def(object).fields[field as usize])
            }
            Leaf::OfName("Type") => Value::text(&store.def(place.0).name),
            Leaf::OfName(name) => store.read_named(place.0, place.1, name),
        }
    }
}

pub(super) fn hop(object: &ObjectDef, lookup: &FieldDef) -> Hop {
    Hop {
        object: object.index,
        field: lookup.index,
        relationship: lookup.relationship.clone().unwrap_or_default(),
        polymorphic: lookup.single_target().is_none(),
    }
}
