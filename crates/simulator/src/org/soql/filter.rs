//! Conditions that are bound to the schema: what is left can be asked of one record after the other.

use std::collections::HashMap;

use super::ast::{Expression, Operator};
use super::date_part::DatePart;
use super::error::SoqlError;
use super::path::BoundPath;
use super::pattern::Pattern;
use crate::org::schema::FieldKind;
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

/// What a condition or an order key reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bound {
    Field(BoundPath),
    /// A part of a date.
    DatePart(DatePart, BoundPath),
    /// A group key or an aggregate of a grouped query, by position.
    Computed(usize, FieldKind),
}

/// A condition ready to be asked.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Compare(Bound, Operator, Value),
    /// Against the run of values from the first up to, but without, the second.
    Period(Bound, Operator, Value, Value),
    Like(Bound, Pattern),
    In(Bound, ValueSet),
    /// Each alternative is a set of picklist values that must all be chosen.
    Includes(Bound, Vec<Vec<String>>),
}

/// Values found by hash.
#[derive(Debug, Clone, Default)]
pub(crate) struct ValueSet {
    pub values: HashMap<u64, Vec<Value>>,
    pub has_null: bool,
}

/// Binds left sides, which differ between plain and grouped queries.
pub(super) type BindLeft<'b> = dyn FnMut(&Expression) -> Result<Bound, SoqlError> + 'b;

impl Bound {
    pub fn kind(&self) -> FieldKind {
        match self {
            Self::Field(path) => path.kind,
            Self::DatePart(part, _) => part.kind(),
            Self::Computed(_, kind) => *kind,
        }
    }
}

impl ValueSet {
    pub fn add(&mut self, value: Value) {
        if value.is_null() {
            self.has_null = true;
            return;
        }
        let bucket = self.values.entry(value.index_key()).or_default();
        if !bucket.contains(&value) {
            bucket.push(value);
        }
    }

    fn contains(&self, value: &Value) -> bool {
        if value.is_null() {
            return self.has_null;
        }
        let bucket = self.values.get(&value.index_key());
        bucket.is_some_and(|b| b.iter().any(|v| v.compare(value).is_eq()))
    }
}

impl Test {
    pub fn holds(&self, read: &impl Fn(&Bound) -> Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|p| p.holds(read)),
            Self::Or(parts) => parts.iter().any(|p| p.holds(read)),
            Self::Not(inner) => !inner.holds(read),
            Self::Compare(left, operator, right) => compare(&read(left), *operator, right),
            Self::Period(left, operator, from, until) => {
                let value = read(left);
                match operator {
                    Operator::Equal => {
                        !value.is_null() && !lower(&value, from) && lower(&value, until)
                    }
                    Operator::NotEqual => {
                        value.is_null() || lower(&value, from) || !lower(&value, until)
                    }
                    _ if value.is_null() => false,
                    Operator::Less => lower(&value, from),
                    Operator::LessOrEqual => lower(&value, until),
                    Operator::Greater => !lower(&value, until),
                    _ => !lower(&value, from),
                }
            }
            Self::Like(left, pattern) => read(left).as_str().is_some_and(|t| pattern.matches(t)),
            Self::In(left, set) => set.contains(&read(left)),
            Self::Includes(left, alternatives) => {
                let value = read(left);
                let chosen: Vec<&str> = value.as_str().unwrap_or_default().split(';').collect();
                let has = |wanted: &String| chosen.iter().any(|c| c.eq_ignore_ascii_case(wanted));
                alternatives.iter().any(|all| all.iter().all(has))
            }
        }
    }
}

fn compare(value: &Value, operator: Operator, right: &Value) -> bool {
    let order = value.compare(right);
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        _ if value.is_null() || right.is_null() => false,
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Like => false,
    }
}

fn lower(value: &Value, than: &Value) -> bool {
    value.compare(than).is_lt()
}

/// Reads what a condition or key refers to from one record.
pub(super) fn read(store: &Store, object: usize, slot: Slot, bound: &Bound) -> Value {
    match bound {
        Bound::Field(path) => path.read(store, object, slot),
        Bound::DatePart(part, path) => part.of(&path.read(store, object, slot)),
        Bound::Computed(..) => Value::Null,
    }
}
