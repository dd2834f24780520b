//! Finds the rows of a plan. Ids, lookups, names, e-mail addresses and stamps are served from
//! indexes; every candidate is still asked the whole condition, so an index only saves time.

use std::ops::Bound as Edge;

use serde_json::Value as Json;

use super::aggregate;
use super::ast::Operator;
use super::filter::{Bound, Test, read};
use super::path::Leaf;
use super::plan::{BoundKey, Plan};
use crate::org::schema::Role;
use crate::org::store::{Slot, Store, Table};
use crate::org::value::Value;
use crate::seeded::mix;

/// What a query found.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    Slots(Vec<Slot>),
    /// Rows of a grouped query.
    Rows(Vec<Json>),
    /// `SELECT count()`.
    Count(usize),
}

/// A way to the candidates.
#[derive(Debug, Clone)]
enum Access {
    Slots(Vec<Slot>),
    /// SystemModstamp from and to, both included.
    Stamps(i64, i64),
    /// Slots from, up to but without: a range of ids.
    Ids(Slot, Slot),
}

pub(crate) fn run(store: &Store, plan: &Plan) -> Found {
    let table = store.table(plan.object);
    let access = plan.filter.as_ref().and_then(|test| access(store, test));
    if plan.count_only {
        let all = matching(store, plan, scan(table, access.as_ref(), false));
        let limit = plan.limit.unwrap_or(usize::MAX);
        return Found::Count(all.skip(plan.offset).take(limit).count());
    }
    if let Some(grouping) = &plan.grouping {
        let slots: Vec<Slot> = matching(store, plan, scan(table, access.as_ref(), false)).collect();
        return Found::Rows(aggregate::rows(store, plan, grouping, &slots));
    }
    if let Some(ordered) = in_order(store, plan, access.as_ref()) {
        return Found::Slots(cut(plan, matching(store, plan, ordered)));
    }
    let candidates = scan(table, access.as_ref(), plan.order.is_empty());
    let found = matching(store, plan, candidates);
    match plan.order.is_empty() {
        true => Found::Slots(cut(plan, found)),
        false => Found::Slots(cut(plan, sorted(store, plan, found.collect()).into_iter())),
    }
}

/// The rows of a child subquery among the children of one parent.
pub(super) fn run_among(store: &Store, plan: &Plan, mut children: Vec<Slot>) -> Vec<Slot> {
    children.sort_by_key(|slot| mix(u64::from(*slot)));
    let found = matching(store, plan, Box::new(children.into_iter()));
    match plan.order.is_empty() {
        true => cut(plan, found),
        false => cut(plan, sorted(store, plan, found.collect()).into_iter()),
    }
}

type Slots<'a> = Box<dyn Iterator<Item = Slot> + 'a>;

fn matching<'a>(store: &'a Store, plan: &'a Plan, slots: Slots<'a>) -> Slots<'a> {
    let table = store.table(plan.object);
    Box::new(slots.filter(move |slot| {
        let record = table.record(*slot);
        let alive = !record.purged && (plan.include_deleted || !record.deleted);
        let asked = plan.filter.as_ref();
        alive
            && asked.is_none_or(|test| test.holds(&|bound| read(store, plan.object, *slot, bound)))
    }))
}

fn cut(plan: &Plan, slots: impl Iterator<Item = Slot>) -> Vec<Slot> {
    slots
        .skip(plan.offset)
        .take(plan.limit.unwrap_or(usize::MAX))
        .collect()
}

/// Candidates in any order; `shuffled` when nobody asked for one, because a real org does not
/// answer in the order of insertion either.
fn scan<'a>(table: &'a Table, access: Option<&Access>, shuffled: bool) -> Slots<'a> {
    let count = table.len() as u64;
    let mut slots = match access {
        None if shuffled => {
            let stride = stride(count);
            return Box::new((0..count).map(move |i| ((i * stride + count / 3) % count) as Slot));
        }
        None => return Box::new(0..count as Slot),
        Some(Access::Slots(slots)) => slots.clone(),
        Some(Access::Stamps(from, to)) => table.by_stamp(*from..=*to).collect(),
        Some(Access::Ids(from, to)) => (*from..*to).collect(),
    };
    if shuffled {
        slots.sort_by_key(|slot| mix(u64::from(*slot)));
    }
    Box::new(slots.into_iter())
}

/// A step that visits every place once before it comes back to the first.
fn stride(count: u64) -> u64 {
    const PRIMES: [u64; 3] = [1_000_003, 999_983, 7_919];
    let fits = |prime: &u64| count > 0 && !count.is_multiple_of(*prime);
    PRIMES.into_iter().find(fits).unwrap_or(1)
}

/// Candidates already in the order asked for, so that a LIMIT can stop early.
fn in_order<'a>(store: &'a Store, plan: &Plan, access: Option<&Access>) -> Option<Slots<'a>> {
    let table = store.table(plan.object);
    let roles: Vec<Role> = plan
        .order
        .iter()
        .map(|key| own_role(store, &key.bound))
        .collect::<Option<_>>()?;
    let descending = plan.order.first()?.descending;
    if plan.order.iter().any(|key| key.descending != descending) {
        return None;
    }
    let slots: Slots<'a> = match (roles.as_slice(), access) {
        ([Role::Stamp] | [Role::Stamp, Role::Id], None) => turned(table.by_stamp(..), descending),
        ([Role::Stamp] | [Role::Stamp, Role::Id], Some(Access::Stamps(from, to))) => {
            let range = (Edge::Included(*from), Edge::Included(*to));
            turned(table.by_stamp(range), descending)
        }
        ([Role::Id], None) => turned(0..table.len() as Slot, descending),
        ([Role::Id], Some(Access::Ids(from, to))) => turned(*from..*to, descending),
        _ => return None,
    };
    Some(slots)
}

fn turned<'a>(slots: impl DoubleEndedIterator<Item = Slot> + 'a, descending: bool) -> Slots<'a> {
    match descending {
        true => Box::new(slots.rev()),
        false => Box::new(slots),
    }
}

fn sorted(store: &Store, plan: &Plan, slots: Vec<Slot>) -> Vec<Slot> {
    let keys = |slot: Slot| -> Vec<Value> {
        let read = |key: &BoundKey| read(store, plan.object, slot, &key.bound);
        plan.order.iter().map(read).collect()
    };
    let mut rows: Vec<(Vec<Value>, Slot)> = slots.into_iter().map(|s| (keys(s), s)).collect();
    rows.sort_by(|(a, a_slot), (b, b_slot)| {
        let pairs = plan.order.iter().zip(a.iter().zip(b));
        let asked = pairs
            .map(|(key, (x, y))| key.compare(x, y))
            .find(|o| o.is_ne());
        let tie = || mix(u64::from(*a_slot)).cmp(&mix(u64::from(*b_slot)));
        asked.unwrap_or_else(tie)
    });
    rows.into_iter().map(|(_, slot)| slot).collect()
}

/// The role of a field of the object itself.
fn own_role(store: &Store, bound: &Bound) -> Option<Role> {
    let (object, field) = own_field(bound)?;
    Some(store.def(object).fields[field as usize].role)
}

fn own_field(bound: &Bound) -> Option<(usize, u16)> {
    match bound {
        Bound::Field(path) if path.hops.is_empty() => match path.leaf {
            Leaf::Field(object, field) => Some((object, field)),
            Leaf::OfName(_) => None,
        },
        _ => None,
    }
}

/// The best index for a condition, or none.
fn access(store: &Store, test: &Test) -> Option<Access> {
    match test {
        Test::And(parts) => {
            let ways = parts.iter().filter_map(|p| access(store, p));
            ways.reduce(narrower)
        }
        Test::Or(parts) => {
            let mut ways = parts.iter().map(|p| access(store, p));
            let first = ways.next()??;
            ways.try_fold(first, |all, way| wider(all, way?))
        }
        Test::Compare(left, operator, right) => compared(store, left, *operator, right),
        Test::Period(left, operator, from, until) => {
            let low = compared(store, left, Operator::GreaterOrEqual, from);
            match operator {
                Operator::Equal | Operator::GreaterOrEqual => low,
                Operator::Greater => compared(store, left, Operator::GreaterOrEqual, until),
                _ => None,
            }
        }
        Test::In(left, set) if !set.has_null => {
            let values = set.values.values().flatten();
            let ways = values.map(|v| compared(store, left, Operator::Equal, v));
            let mut all = Vec::new();
            for way in ways {
                let Access::Slots(slots) = way? else {
                    return None;
                };
                all.extend(slots);
            }
            Some(Access::Slots(unique(all)))
        }
        _ => None,
    }
}

fn compared(store: &Store, left: &Bound, operator: Operator, right: &Value) -> Option<Access> {
    let (object, field) = own_field(left)?;
    let table = store.table(object);
    let field = &store.def(object).fields[field as usize];
    match (field.role, operator, right) {
        (Role::Id, Operator::Equal, Value::Id(id)) => {
            Some(Access::Slots(table.slot_of(id).into_iter().collect()))
        }
        (Role::Id, _, Value::Id(id)) => {
            let (from, end) = (table.slot_from(id), table.len() as Slot);
            match operator {
                Operator::Greater | Operator::GreaterOrEqual => Some(Access::Ids(from, end)),
                Operator::Less => Some(Access::Ids(0, from)),
                Operator::LessOrEqual => Some(Access::Ids(0, end.min(from + 1))),
                _ => None,
            }
        }
        (Role::Stamp, _, Value::Time(time)) => match operator {
            Operator::Equal => Some(Access::Stamps(*time, *time)),
            Operator::Greater => Some(Access::Stamps(time + 1, i64::MAX)),
            Operator::GreaterOrEqual => Some(Access::Stamps(*time, i64::MAX)),
            Operator::Less => Some(Access::Stamps(i64::MIN, time - 1)),
            Operator::LessOrEqual => Some(Access::Stamps(i64::MIN, *time)),
            _ => None,
        },
        // Neither mark is ever later than SystemModstamp.
        (Role::ModifiedDate | Role::CreatedDate, _, Value::Time(time)) => match operator {
            Operator::Equal | Operator::Greater | Operator::GreaterOrEqual => {
                Some(Access::Stamps(*time, i64::MAX))
            }
            _ => None,
        },
        (_, Operator::Equal, value) if field.indexed && !value.is_null() => Some(Access::Slots(
            table.with_key(field.index, value.index_key()).collect(),
        )),
        _ => None,
    }
}

/// The smaller of two ways that must both hold.
fn narrower(a: Access, b: Access) -> Access {
    match (a, b) {
        (Access::Slots(a), Access::Slots(b)) => {
            Access::Slots(if a.len() <= b.len() { a } else { b })
        }
        (Access::Slots(a), _) | (_, Access::Slots(a)) => Access::Slots(a),
        (Access::Stamps(from, to), Access::Stamps(from_b, to_b)) => {
            let from = from.max(from_b);
            Access::Stamps(from, to.min(to_b).max(from))
        }
        (Access::Stamps(from, to), _) | (_, Access::Stamps(from, to)) => Access::Stamps(from, to),
        (Access::Ids(from, to), Access::Ids(from_b, to_b)) => {
            let from = from.max(from_b);
            Access::Ids(from, to.min(to_b).max(from))
        }
    }
}

/// One way that covers both.
fn wider(a: Access, b: Access) -> Option<Access> {
    match (a, b) {
        (Access::Slots(mut a), Access::Slots(b)) => {
            a.extend(b);
            Some(Access::Slots(unique(a)))
        }
        (Access::Stamps(from, to), Access::Stamps(from_b, to_b)) => {
            Some(Access::Stamps(from.min(from_b), to.max(to_b)))
        }
        (Access::Ids(from, to), Access::Ids(from_b, to_b)) => {
            Some(Access::Ids(from.min(from_b), to.max(to_b)))
        }
        _ => None,
    }
}

fn unique(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_unstable();
    slots.dedup();
    slots
}
