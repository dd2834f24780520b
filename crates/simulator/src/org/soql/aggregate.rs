//! The rows of a grouped query: groups are found by their keys, and functions worked out over each.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use super::filter::{Bound, read};
use super::plan::{Aggregate, Column, Function, Grouping, Plan, compare_keys};
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

/// What has been seen of a group so far.
#[derive(Default, Clone)]
struct Tally {
    count: u64,
    sum: f64,
    least: Option<Value>,
    greatest: Option<Value>,
    distinct: HashSet<u64>,
}

impl Aggregate {
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
