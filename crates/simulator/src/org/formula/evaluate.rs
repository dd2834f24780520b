//! Works a checked expression out from a record. Whatever cannot be said, such as a division by
//! zero, is blank; nothing here fails.

use std::cmp::Ordering;

use super::{Scene, pattern};
use crate::org::datetime;
use crate::org::expression::{Function, Node, Operator, Path};
use crate::org::schema::FieldKind;
use crate::org::value::Value;

const DAY: i64 = 86_400;

/// The value of an expression; `zero` counts blank numbers as zero.
pub(super) fn value(node: &Node, scene: &Scene<'_>, zero: bool) -> Value {
    match node {
        Node::Constant(value) => value.clone(),
        Node::Field(path) => field(path, scene, zero),
        Node::Negate(inner) => match value(inner, scene, zero) {
            Value::Number(n) => Value::Number(-n),
            _ => Value::Null,
        },
        Node::Concat(parts) => {
            let texts = parts.iter().map(|p| text_of(&value(p, scene, zero)));
            Value::text(&texts.collect::<String>())
        }
        Node::Binary(Operator::And, a, b) => {
            Value::Bool(value(a, scene, zero).is_true() && value(b, scene, zero).is_true())
        }
        Node::Binary(Operator::Or, a, b) => {
            Value::Bool(value(a, scene, zero).is_true() || value(b, scene, zero).is_true())
        }
        Node::Binary(operator, a, b) => {
            binary(*operator, &value(a, scene, zero), &value(b, scene, zero))
        }
        Node::Call(function, arguments) => call(*function, arguments, scene, zero),
    }
}

/// A value as the text functions see it.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Id(id) => id.to_string(),
        Value::Date(days) => datetime::show_date(*days),
        Value::Time(seconds) => {
            let shown = datetime::show_time(*seconds);
            format!("{} {}Z", &shown[..10], &shown[11..19])
        }
    }
}

fn field(path: &Path, scene: &Scene<'_>, zero: bool) -> Value {
    let read = match path.of_user {
        true => scene.user.map_or(Value::Null, |user| {
            let found = scene.store.locate(&user);
            found.map_or(Value::Null, |place| scene.follow(place, path))
        }),
        false => scene.read(path),
    };
    match read {
        Value::Number(n) if path.kind == FieldKind::Percent => Value::Number(n / 100.0),
        Value::Null if zero && path.kind.is_number() => Value::Number(0.0),
        Value::Null if path.kind == FieldKind::Bool => Value::Bool(false),
        value => value,
    }
}

fn binary(operator: Operator, a: &Value, b: &Value) -> Value {
    let number = |n: f64| match n.is_finite() {
        true => Value::Number(n),
        false => Value::Null,
    };
    match (operator, a, b) {
        (Operator::Equal, a, b) => Value::Bool(same(a, b)),
        (Operator::NotEqual, a, b) => Value::Bool(!same(a, b)),
        (Operator::Less, a, b) => Value::Bool(order(a, b) == Some(Ordering::Less)),
        (Operator::Greater, a, b) => Value::Bool(order(a, b) == Some(Ordering::Greater)),
        (Operator::LessOrEqual, a, b) => Value::Bool(order(a, b).is_some_and(Ordering::is_le)),
        (Operator::GreaterOrEqual, a, b) => Value::Bool(order(a, b).is_some_and(Ordering::is_ge)),
        (Operator::Add, Value::Number(a), Value::Number(b)) => number(a + b),
        (Operator::Subtract, Value::Number(a), Value::Number(b)) => number(a - b),
        (Operator::Multiply, Value::Number(a), Value::Number(b)) => number(a * b),
        (Operator::Divide, Value::Number(a), Value::Number(b)) => number(a / b),
        (Operator::Power, Value::Number(a), Value::Number(b)) => number(a.powf(*b)),
        (Operator::Add, Value::Date(_) | Value::Time(_), Value::Number(n)) => later(a, *n),
        (Operator::Add, Value::Number(n), Value::Date(_) | Value::Time(_)) => later(b, *n),
        (Operator::Subtract, Value::Date(_) | Value::Time(_), Value::Number(n)) => later(a, -n),
        (Operator::Subtract, Value::Date(a), Value::Date(b)) => {
            Value::Number(f64::from(*a) - f64::from(*b))
        }
        (Operator::Subtract, Value::Time(a), Value::Time(b)) => {
            Value::Number((*a as f64 - *b as f64) / DAY as f64)
        }
        (Operator::Add, Value::Text(_), Value::Text(_) | Value::Null) => {
            Value::text(&format!("{}{}", text_of(a), text_of(b)))
        }
        _ => Value::Null,
    }
}

/// A date or a time some days on; out of the calendar there is none.
fn later(from: &Value, by_days: f64) -> Value {
    // The calendar of the API ends in the year 4000.
    const DAYS_MAX: f64 = 750_000.0;
    let within = |days: f64| days.abs() < DAYS_MAX;
    match from {
        Value::Date(days) => {
            let days = f64::from(*days) + by_days.trunc();
            match within(days) {
                true => Value::Date(days as i32),
                false => Value::Null,
            }
        }
        Value::Time(seconds) => {
            let seconds = *seconds as f64 + by_days * DAY as f64;
            match within(seconds / DAY as f64) {
                true => Value::Time(seconds.round() as i64),
                false => Value::Null,
            }
        }
        _ => Value::Null,
    }
}

/// Equality minds the case of text; a blank text is an empty one.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(_) | Value::Id(_), _) | (_, Value::Text(_) | Value::Id(_)) => {
            text_of(a) == text_of(b)
        }
        (a, b) => a == b,
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (a, b) => Some(a.compare(b)),
    }
}

fn blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn call(function: Function, arguments: &[Node], scene: &Scene<'_>, zero: bool) -> Value {
    let at = |place: usize| {
        let node = arguments.get(place);
        node.map_or(Value::Null, |node| value(node, scene, zero))
    };
    let all = || arguments.iter().map(|node| value(node, scene, zero));
    match function {
        Function::And => Value::Bool(all().all(|v| v.is_true())),
        Function::Or => Value::Bool(all().any(|v| v.is_true())),
        Function::Not => Value::Bool(!at(0).is_true()),
        Function::If => at(if at(0).is_true() { 1 } else { 2 }),
        Function::Case => case(arguments, scene, zero),
        Function::IsBlank => Value::Bool(blank(&at(0))),
        Function::BlankValue => Some(at(0)).filter(|v| !blank(v)).unwrap_or_else(|| at(1)),
        Function::IsNew => Value::Bool(scene.prior.is_none()),
        Function::IsChanged => Value::Bool(match (arguments, scene.before()) {
            ([Node::Field(path)], Some(before)) => scene.read(path) != before.read(path),
            _ => false,
        }),
        Function::PriorValue => match (arguments, scene.before()) {
            ([Node::Field(path)], Some(before)) => field(path, &before, zero),
            _ => at(0),
        },
        Function::Today => Value::Date(scene.store.now().div_euclid(DAY) as i32),
        Function::Now => Value::Time(scene.store.now()),
        Function::Max => numbers(all(), f64::max),
        Function::Min => numbers(all(), f64::min),
        _ => plain(function, &all().collect::<Vec<_>>()),
    }
}

fn case(arguments: &[Node], scene: &Scene<'_>, zero: bool) -> Value {
    let [asked, rest @ ..] = arguments else {
        return Value::Null;
    };
    let asked = value(asked, scene, zero);
    let mut pairs = rest.chunks_exact(2);
    let chosen = pairs
        .by_ref()
        .find(|p| same(&asked, &value(&p[0], scene, zero)));
    let otherwise = || rest.last().map_or(Value::Null, |n| value(n, scene, zero));
    chosen.map_or_else(otherwise, |pair| value(&pair[1], scene, zero))
}

fn numbers(values: impl Iterator<Item = Value>, better: fn(f64, f64) -> f64) -> Value {
    let numbers = values.filter_map(|v| v.as_number());
    numbers.reduce(better).map_or(Value::Null, Value::Number)
}

/// Functions of their arguments alone.
fn plain(function: Function, values: &[Value]) -> Value {
    let at = |place: usize| values.get(place).unwrap_or(&Value::Null);
    let text = |place: usize| text_of(at(place));
    let count = |place: usize| at(place).as_number().unwrap_or_default().max(0.0) as usize;
    let number = |work: fn(f64) -> f64| {
        at(0)
            .as_number()
            .map_or(Value::Null, |n| Value::Number(work(n)))
    };
    match function {
        Function::Abs => number(f64::abs),
        Function::Ceiling => number(f64::ceil),
        Function::Floor => number(f64::floor),
        Function::Round => round(at(0), at(1)),
        Function::Mod => match (at(0), at(1)) {
            (Value::Number(a), Value::Number(b)) if *b != 0.0 => Value::Number(a.rem_euclid(*b)),
            _ => Value::Null,
        },
        Function::Begins => Value::Bool(text(0).starts_with(&text(1))),
        Function::Contains => Value::Bool(text(0).contains(&text(1))),
        Function::IsPickVal => Value::Bool(text(0) == text(1)),
        Function::Includes => Value::Bool(text(0).split(';').any(|chosen| chosen == text(1))),
        Function::IsNumber => Value::Bool(text(0).trim().parse::<f64>().is_ok()),
        Function::Regex => Value::Bool(pattern::matches(&text(1), &text(0))),
        Function::Len => Value::Number(text(0).chars().count() as f64),
        Function::Left => Value::text(&text(0).chars().take(count(1)).collect::<String>()),
        Function::Right => {
            let all: Vec<char> = text(0).chars().collect();
            let from = all.len().saturating_sub(count(1));
            Value::text(&all[from..].iter().collect::<String>())
        }
        Function::Mid => {
            let from = count(1).saturating_sub(1);
            let part = text(0)
                .chars()
                .skip(from)
                .take(count(2))
                .collect::<String>();
            Value::text(&part)
        }
        Function::Lower => Value::text(&text(0).to_lowercase()),
        Function::Upper => Value::text(&text(0).to_uppercase()),
        Function::Trim => Value::text(text(0).trim()),
        Function::Substitute if text(1).is_empty() => at(0).clone(),
        // Bounded, so that replacements of replacements cannot grow without end.
        Function::Substitute => {
            let replaced = text(0).replace(&text(1), &text(2));
            Value::text(&replaced.chars().take(4_000).collect::<String>())
        }
        Function::Hyperlink => Value::text(&format!(
            "<a href=\"{}\" target=\"{}\">{}</a>",
            text(0),
            values.get(2).map_or("_blank".to_owned(), text_of),
            text(1)
        )),
        Function::Text => Value::text(&text(0)),
        Function::Value => text(0).trim().parse().map_or(Value::Null, Value::Number),
        _ => calendar(function, values),
    }
}

fn round(number: &Value, digits: &Value) -> Value {
    match (number, digits) {
        (Value::Number(n), Value::Number(digits)) => {
            let power = 10f64.powi(digits.clamp(-18.0, 18.0) as i32);
            Value::Number((n * power).round() / power)
        }
        _ => Value::Null,
    }
}

fn calendar(function: Function, values: &[Value]) -> Value {
    let date = |days: i32| datetime::civil(days);
    let number = |n: i16| Value::Number(f64::from(n));
    match (function, values) {
        (Function::Year, [Value::Date(days)]) => number(date(*days).year()),
        (Function::Month, [Value::Date(days)]) => number(date(*days).month().into()),
        (Function::Day, [Value::Date(days)]) => number(date(*days).day().into()),
        (Function::DateValue, [Value::Time(seconds)]) => {
            Value::Date(seconds.div_euclid(DAY) as i32)
        }
        (Function::DateValue, [Value::Date(days)]) => Value::Date(*days),
        (Function::DateValue, [Value::Text(text)]) => {
            datetime::read_date(text).map_or(Value::Null, Value::Date)
        }
        (Function::Date, [Value::Number(y), Value::Number(m), Value::Number(d)]) => {
            let text = format!("{y:04.0}-{m:02.0}-{d:02.0}");
            datetime::read_date(&text).map_or(Value::Null, Value::Date)
        }
        _ => Value::Null,
    }
}
