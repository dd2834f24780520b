//! Where a formula reads from: a record as it is kept, or one that is only about to be, with its
//! parents and the user who saves it.

use super::{LEVELS_MAX, Scene};
use crate::org::expression::Path;
use crate::org::schema::{FieldDef, FieldKind, Role};
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

impl<'a> Scene<'a> {
    /// A record as it is kept.
    pub fn kept(store: &'a Store, object: usize, slot: Slot, level: u8) -> Self {
        Self {
            store,
            object,
            slot: Some(slot),
            record: store.record((object, slot)),
            prior: None,
            user: None,
            level,
        }
    }

    /// The same record before the change.
    pub(super) fn before(&self) -> Option<Self> {
        let prior = self.prior?;
        Some(Self {
            record: prior,
            prior: None,
            ..*self
        })
    }

    pub(super) fn read(&self, path: &Path) -> Value {
        let def = self.store.def(self.object);
        let Some((hop, target)) = path.hops.first() else {
            return self.own(&def.fields[path.field as usize]);
        };
        let id = self.own(&def.fields[*hop as usize]).as_id();
        match id.and_then(|id| self.store.locate(&id)) {
            Some(place) if place.0 == *target => self.follow_from(place, path, 1),
            _ => Value::Null,
        }
    }

    /// Reads a path that begins at another record.
    pub(super) fn follow(&self, place: (usize, Slot), path: &Path) -> Value {
        self.follow_from(place, path, 0)
    }

    fn follow_from(&self, mut place: (usize, Slot), path: &Path, done: usize) -> Value {
        for (hop, target) in &path.hops[done..] {
            let field = &self.store.def(place.0).fields[*hop as usize];
            let id = self.store.read(place.0, place.1, field).as_id();
            match id.and_then(|id| self.store.locate(&id)) {
                Some(next) if next.0 == *target => place = next,
                _ => return Value::Null,
            }
        }
        let field = &self.store.def(place.0).fields[path.field as usize];
        match field.role {
            Role::Formula => Self::kept(self.store, place.0, place.1, self.level).formula(field),
            _ => self.store.read(place.0, place.1, field),
        }
    }

    /// A field of the record itself.
    fn own(&self, field: &FieldDef) -> Value {
        match (field.role, self.slot) {
            (Role::Stored, _) => match self.record.cell(field.index) {
                Value::Null if field.kind == FieldKind::Bool => Value::Bool(false),
                value => value.clone(),
            },
            (Role::PersonName, _) => self.store.table(self.object).person_name(self.record),
            (Role::Formula, _) => self.formula(field),
            (_, Some(slot)) => self.store.read(self.object, slot, field),
            (_, None) => Value::Null,
        }
    }

    /// A formula field of the record, unless formulas read each other without end.
    pub fn formula(&self, field: &FieldDef) -> Value {
        match &field.custom.formula {
            Some(formula) if self.level < LEVELS_MAX => formula.value(&Self {
                level: self.level + 1,
                ..*self
            }),
            _ => Value::Null,
        }
    }
}
