//! A query bound to the schema as its user sees it: every name known to exist, every value of the
//! right type. A plan outlives the call that made it, so that later pages are read with it.

use std::cmp::Ordering;

use super::filter::{Bound, Test};
use super::path::{BoundPath, Hop};
use crate::org::schema::FieldKind;
use crate::org::value::Value;

/// A query ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub object: usize,
    pub columns: Vec<Column>,
    pub filter: Option<Test>,
    pub order: Vec<BoundKey>,
    pub limit: Option<usize>,
    pub offset: usize,
    pub grouping: Option<Grouping>,
    pub count_only: bool,
    pub include_deleted: bool,
}

/// One key of the order.
#[derive(Debug, Clone)]
pub(crate) struct BoundKey {
    pub bound: Bound,
    pub descending: bool,
    pub nulls_first: bool,
}

/// One column of the answer.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Field(BoundPath),
    Children(ChildColumn),
    TypeOf(BoundTypeOf),
    /// A group key or an aggregate, by position.
    Computed(String, usize, FieldKind),
}

/// The records on the other side of a lookup.
#[derive(Debug, Clone)]
pub(crate) struct ChildColumn {
    pub name: String,
    pub field: u16,
    pub plan: Box<Plan>,
}

/// Fields by the object behind a lookup.
#[derive(Debug, Clone)]
pub(crate) struct BoundTypeOf {
    pub hop: Hop,
    pub cases: Vec<(usize, Vec<BoundPath>)>,
    pub otherwise: Vec<BoundPath>,
}

/// What is grouped by and what is worked out for each group.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    /// As written, to recognise them in SELECT and ORDER BY.
    pub names: Vec<String>,
    pub keys: Vec<Bound>,
    pub aggregates: Vec<Aggregate>,
    pub having: Option<Test>,
}

/// A function over a group, and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregate {
    pub function: Function,
    pub of: Bound,
}

/// The functions over groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

impl Plan {
    /// The kinds of the plain columns.
    pub fn kinds(&self) -> impl Iterator<Item = FieldKind> + '_ {
        self.columns.iter().filter_map(|column| match column {
            Column::Field(path) => Some(path.kind),
            _ => None,
        })
    }
}

impl BoundKey {
    pub fn compare(&self, a: &Value, b: &Value) -> Ordering {
        let nulls = match self.nulls_first {
            true => Ordering::Less,
            false => Ordering::Greater,
        };
        match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => nulls,
            (false, true) => nulls.reverse(),
            _ if self.descending => b.compare(a),
            _ => a.compare(b),
        }
    }
}

impl Aggregate {
    /// The kind of its result.
    pub fn kind(&self) -> FieldKind {
        match self.function {
            Function::Count | Function::CountDistinct => FieldKind::Int,
            Function::Avg => FieldKind::Double,
            _ => self.of.kind(),
        }
    }
}

/// The function of this name, whatever its case.
pub(super) fn aggregate_kind(name: &str) -> Option<Function> {
    Some(match name.to_ascii_uppercase().as_str() {
        "COUNT" => Function::Count,
        "COUNT_DISTINCT" => Function::CountDistinct,
        "SUM" => Function::Sum,
        "AVG" => Function::Avg,
        "MIN" => Function::Min,
        "MAX" => Function::Max,
        _ => return None,
    })
}

/// Compares two rows by the keys in turn.
pub(super) fn compare_keys(
    keys: &[BoundKey],
    values: impl Fn(&Bound) -> (Value, Value),
) -> Ordering {
    let each = keys.iter().map(|key| {
        let (a, b) = values(&key.bound);
        key.compare(&a, &b)
    });
    each.into_iter()
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}
