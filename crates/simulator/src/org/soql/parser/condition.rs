//! Conditions. AND and OR may not stand side by side without parentheses, as in the real language.

use super::cursor::Cursor;
use super::{expression, list, query};
use crate::org::soql::ast::{Among, Condition, Expression, Literal, Operator};
use crate::org::soql::date_literal::is_period;
use crate::org::soql::error::SoqlError;
use crate::org::soql::lexer::Kind;

const OPERATORS: [(&str, Operator); 8] = [
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<>", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("LIKE", Operator::Like),
];

pub(super) fn condition(cursor: &mut Cursor) -> Result<Condition, SoqlError> {
    cursor.deeper()?;
    let first = single(cursor)?;
    let word = ["AND", "OR"].into_iter().find(|w| cursor.is(w));
    let Some(word) = word else {
        cursor.shallower();
        return Ok(first);
    };
    let mut parts = vec![first];
    while cursor.take(word) {
        parts.push(single(cursor)?);
    }
    if cursor.is("AND") || cursor.is("OR") {
        return Err(cursor.unexpected());
    }
    cursor.shallower();
    Ok(match word {
        "AND" => Condition::And(parts),
        _ => Condition::Or(parts),
    })
}

fn single(cursor: &mut Cursor) -> Result<Condition, SoqlError> {
    if cursor.take("NOT") {
        cursor.deeper()?;
        let inner = single(cursor)?;
        cursor.shallower();
        return Ok(Condition::Not(Box::new(inner)));
    }
    if cursor.take("(") {
        let inner = condition(cursor)?;
        cursor.expect(")")?;
        return Ok(inner);
    }
    let left = expression(cursor)?;
    match among(cursor)? {
        Some(among) => right_set(cursor, left, among),
        None => {
            let operator = operator(cursor)?;
            let at = cursor.at();
            let right = literal(cursor)?;
            Ok(Condition::Compare {
                left,
                operator,
                right,
                at,
            })
        }
    }
}

fn among(cursor: &mut Cursor) -> Result<Option<Among>, SoqlError> {
    if cursor.take("NOT") {
        cursor.expect("IN")?;
        return Ok(Some(Among::NotIn));
    }
    let words = [
        ("IN", Among::In),
        ("INCLUDES", Among::Includes),
        ("EXCLUDES", Among::Excludes),
    ];
    Ok(words
        .into_iter()
        .find(|(word, _)| cursor.take(word))
        .map(|(_, among)| among))
}

fn right_set(cursor: &mut Cursor, left: Expression, among: Among) -> Result<Condition, SoqlError> {
    let at = cursor.at();
    cursor.expect("(")?;
    let inner = cursor.is("SELECT") && matches!(among, Among::In | Among::NotIn);
    let set = match left {
        Expression::Field(left) if inner => Condition::InQuery {
            left,
            negated: among == Among::NotIn,
            query: Box::new(query(cursor)?),
        },
        left => Condition::Among {
            left,
            among,
            values: list(cursor, literal)?,
            at,
        },
    };
    cursor.expect(")")?;
    Ok(set)
}

fn operator(cursor: &mut Cursor) -> Result<Operator, SoqlError> {
    let found = OPERATORS.iter().find(|(sign, _)| cursor.take(sign));
    found
        .map(|(_, operator)| *operator)
        .ok_or_else(|| cursor.unexpected())
}

fn literal(cursor: &mut Cursor) -> Result<Literal, SoqlError> {
    let token = cursor.peek().clone();
    let literal = match token.kind {
        Kind::Text => Literal::Text(token.text),
        Kind::Number if token.text.parse::<f64>().is_ok() => Literal::Number(token.text),
        Kind::Date => Literal::Date(token.text),
        Kind::DateTime => Literal::DateTime(token.text),
        Kind::Word => match token.text.to_ascii_uppercase().as_str() {
            "TRUE" => Literal::Bool(true),
            "FALSE" => Literal::Bool(false),
            "NULL" => Literal::Null,
            word if is_period(word) => {
                cursor.next();
                return period(cursor, word);
            }
            _ => return Err(cursor.unexpected()),
        },
        _ => return Err(cursor.unexpected()),
    };
    cursor.next();
    Ok(literal)
}

fn period(cursor: &mut Cursor, word: &str) -> Result<Literal, SoqlError> {
    let counted = word.contains("_N_") || word.starts_with("N_");
    if !counted {
        return Ok(Literal::Period(word.to_owned(), None));
    }
    cursor.expect(":")?;
    let too_many = cursor.unexpected();
    let count = u32::try_from(cursor.count()?).map_err(|_| too_many)?;
    Ok(Literal::Period(word.to_owned(), Some(count)))
}
