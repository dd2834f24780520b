//! GROUP BY and the functions over groups.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use super::ast::{Expression, Query, SelectItem};
use super::condition::{Bound, Test};
use super::error::SoqlError;
use super::plan::{Binder, Plan};
use super::run::{compare_keys, read};
use super::select::Column;
use crate::org::schema::FieldKind;
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

/// What is grouped by and what is worked out for each group.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    /// As written, to recognise them in SELECT and ORDER BY.
    names: Vec<String>,
    keys: Vec<Bound>,
    aggregates: Vec<Aggregate>,
    pub having: Option<Test>,
}

#[derive(Debug, Clone, PartialEq)]
struct Aggregate {
    function: Function,
    of: Bound,
}

/// A function over a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

/// What has been seen of a group so far.
#[derive(Default, Clone)]
struct Tally {
    count: u64,
    sum: f64,
    least: Option<Value>,
    greatest: Option<Value>,
    distinct: HashSet<u64>,
}

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

impl Binder<'_> {
    pub(super) fn grouping(&self, query: &Query) -> Result<Option<Grouping>, SoqlError> {
        let aggregated = query.select.iter().any(|item| match item {
            SelectItem::Value {
                expression: Expression::Call { function, .. },
                ..
            } => aggregate_kind(function).is_some(),
            _ => false,
        });
        if !aggregated && query.group_by.is_empty() {
            return Ok(None);
        }
        if query.group_by.is_empty() && query.limit.is_some() {
            let text =
                "Non-grouped query that uses overall aggregate functions cannot also use LIMIT";
            return Err(SoqlError::whole("MALFORMED_QUERY", text));
        }
        let mut grouping = Grouping {
            names: Vec::new(),
            keys: Vec::new(),
            aggregates: Vec::new(),
            having: None,
        };
        for expression in &query.group_by {
            let bound = self.plain(expression)?;
            if let Bound::Field(path) = &bound
                && path.field(self.schema()).is_some_and(|f| !f.groupable)
            {
                let text = format!("field '{}' can not be grouped in a query call", path.shown);
                return Err(SoqlError::at("INVALID_FIELD", expression.path().at.0, text));
            }
            grouping.names.push(expression.to_string());
            grouping.keys.push(bound);
        }
        Ok(Some(grouping))
    }

    pub(super) fn grouped_columns(
        &self,
        query: &Query,
        grouping: &mut Grouping,
    ) -> Result<Vec<Column>, SoqlError> {
        let mut unnamed = 0;
        let mut columns = Vec::with_capacity(query.select.len());
        for item in &query.select {
            let SelectItem::Value { expression, alias } = item else {
                let text = "Only fields and aggregate functions can be selected in a grouped query";
                return Err(SoqlError::at("MALFORMED_QUERY", query.from_at.0, text));
            };
            let bound = self.grouped(expression, grouping)?;
            let Bound::Computed(index, kind) = bound else {
                continue;
            };
            let own_name = match (expression, grouping.keys.get(index)) {
                (Expression::Field(_), Some(Bound::Field(path))) => {
                    path.shown.rsplit('.').next().map(str::to_owned)
                }
                _ => None,
            };
            let name = alias.clone().or(own_name).unwrap_or_else(|| {
                unnamed += 1;
                format!("expr{}", unnamed - 1)
            });
            columns.push(Column::Computed(name, index, kind));
        }
        Ok(columns)
    }

    /// A group key, or an aggregate that is worked out from now on.
    pub(super) fn grouped(
        &self,
        expression: &Expression,
        grouping: &mut Grouping,
    ) -> Result<Bound, SoqlError> {
        let text = expression.to_string();
        let key = grouping
            .names
            .iter()
            .position(|n| n.eq_ignore_ascii_case(&text));
        if let Some(index) = key {
            return Ok(Bound::Computed(index, grouping.keys[index].kind()));
        }
        let Expression::Call { function, argument } = expression else {
            let text = format!("Field must be grouped or aggregated: {}", expression.path());
            return Err(SoqlError::at(
                "MALFORMED_QUERY",
                expression.path().at.0,
                text,
            ));
        };
        let at = argument.at.0;
        let kind = aggregate_kind(function);
        let function_of = kind.ok_or_else(|| SoqlError::unexpected(at, function))?;
        let of = Bound::Field(self.scope().bind(argument)?);
        if !self.can_aggregate(&of, function_of) {
            let text = format!("field {argument} does not support aggregate operator {function}");
            return Err(SoqlError::at("MALFORMED_QUERY", at, text));
        }
        let aggregate = Aggregate {
            function: function_of,
            of,
        };
        let known = grouping.aggregates.iter().position(|a| *a == aggregate);
        let place = known.unwrap_or(grouping.aggregates.len());
        let result = aggregate.kind();
        if known.is_none() {
            grouping.aggregates.push(aggregate);
        }
        Ok(Bound::Computed(grouping.keys.len() + place, result))
    }

    fn can_aggregate(&self, of: &Bound, function: Function) -> bool {
        let number = of.kind().is_number();
        let allowed = match of {
            Bound::Field(path) => path.field(self.schema()).is_none_or(|f| f.aggregatable),
            _ => true,
        };
        match function {
            Function::Sum | Function::Avg => number,
            Function::Count | Function::CountDistinct => allowed || number,
            Function::Min | Function::Max => allowed,
        }
    }
}

impl Aggregate {
    fn kind(&self) -> FieldKind {
        match self.function {
            Function::Count | Function::CountDistinct => FieldKind::Int,
            Function::Avg => FieldKind::Double,
            _ => self.of.kind(),
        }
    }

    fn result(&self, tally: &Tally) -> Value {
        match self.function {
            Function::Count => Value::Number(tally.count as f64),
            Function::CountDistinct => Value::Number(tally.distinct.len() as f64),
            Function::Sum | Function::Avg if tally.count == 0 => Value::Null,
            Function::Sum => Value::Number(tally.sum),
            Function::Avg => Value::Number(tally.sum / tally.count as f64),
            Function::Min => tally.least.clone().unwrap_or(Value::Null),
            Function::Max => tally.greatest.clone().unwrap_or(Value::Null),
        }
    }
}

impl Tally {
    fn add(&mut self, value: Value) {
        if value.is_null() {
            return;
        }
        self.count += 1;
        self.sum += value.as_number().unwrap_or_default();
        self.distinct.insert(value.index_key());
        let less = |than: &Value| value.compare(than).is_lt();
        if self.least.as_ref().is_none_or(less) {
            self.least = Some(value.clone());
        }
        let more = |than: &Value| value.compare(than).is_gt();
        if self.greatest.as_ref().is_none_or(more) {
            self.greatest = Some(value);
        }
    }
}

/// The rows of a grouped query over the records that passed its filter.
pub(super) fn rows(store: &Store, plan: &Plan, grouping: &Grouping, slots: &[Slot]) -> Vec<Json> {
    let mut groups: Vec<(Vec<Value>, Vec<Tally>)> = Vec::new();
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let empty = || vec![Tally::default(); grouping.aggregates.len()];
    if grouping.keys.is_empty() {
        places.insert(Vec::new(), 0);
        groups.push((Vec::new(), empty()));
    }
    for slot in slots {
        let read = |bound: &Bound| read(store, plan.object, *slot, bound);
        let keys: Vec<Value> = grouping.keys.iter().map(read).collect();
        let hash: Vec<u64> = keys.iter().map(Value::index_key).collect();
        let place = *places.entry(hash).or_insert_with(|| {
            groups.push((keys, empty()));
            groups.len() - 1
        });
        for (aggregate, tally) in grouping.aggregates.iter().zip(&mut groups[place].1) {
            tally.add(read(&aggregate.of));
        }
    }
    let mut rows: Vec<Vec<Value>> = groups
        .into_iter()
        .map(|(mut values, tallies)| {
            let results = grouping.aggregates.iter().zip(&tallies);
            values.extend(results.map(|(aggregate, tally)| aggregate.result(tally)));
            values
        })
        .filter(|values| {
            let having = grouping.having.as_ref();
            having.is_none_or(|test| test.holds(&|bound| computed(values, bound)))
        })
        .collect();
    rows.sort_by(|a, b| {
        let asked = compare_keys(&plan.order, |bound| {
            (computed(a, bound), computed(b, bound))
        });
        let mut places = a.iter().zip(b);
        asked.then_with(|| {
            let first = places.find_map(|(x, y)| Some(x.compare(y)).filter(|o| o.is_ne()));
            first.unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    let limit = plan.limit.unwrap_or(usize::MAX);
    let chosen = rows.iter().skip(plan.offset).take(limit);
    chosen.map(|values| row(plan, values)).collect()
}

fn computed(values: &[Value], bound: &Bound) -> Value {
    match bound {
        Bound::Computed(index, _) => values[*index].clone(),
        _ => Value::Null,
    }
}

fn row(plan: &Plan, values: &[Value]) -> Json {
    let mut row = Map::new();
    row.insert("attributes".to_owned(), json!({"type": "AggregateResult"}));
    for column in &plan.columns {
        if let Column::Computed(name, index, kind) = column {
            row.insert(name.clone(), values[*index].to_json(*kind));
        }
    }
    Json::Object(row)
}
