//! Binds conditions to the schema: values have the type of their field, date words are turned into
//! days, inner queries are run.

use super::ast::{Among, At, Condition, Expression, Literal, Operator};
use super::binder::Binder;
use super::date_literal;
use super::error::SoqlError;
use super::filter::{BindLeft, Bound, Test, ValueSet};
use super::pattern::{Pattern, unescape};
use crate::org::datetime;
use crate::org::id::RecordId;
use crate::org::schema::FieldKind;
use crate::org::value::Value;

impl Binder<'_> {
    pub(super) fn test(
        &self,
        condition: &Condition,
        left: &mut BindLeft<'_>,
    ) -> Result<Test, SoqlError> {
        let parts = |parts: &[Condition], left: &mut BindLeft<'_>| {
            parts
                .iter()
                .map(|p| self.test(p, left))
                .collect::<Result<Vec<_>, _>>()
        };
        match condition {
            Condition::And(inner) => Ok(Test::And(parts(inner, left)?)),
            Condition::Or(inner) => Ok(Test::Or(parts(inner, left)?)),
            Condition::Not(inner) => Ok(Test::Not(Box::new(self.test(inner, left)?))),
            Condition::Compare {
                left: expression,
                operator,
                right,
                at,
            } => {
                let bound = self.filterable(expression, left)?;
                self.comparison(bound, *operator, (right, *at))
            }
            Condition::Among {
                left: expression,
                among,
                values,
                at,
            } => {
                let bound = self.filterable(expression, left)?;
                self.among(bound, *among, (values, *at))
            }
            Condition::InQuery {
                left: path,
                negated,
                query,
            } => {
                let bound = self.filterable(&Expression::Field(path.clone()), left)?;
                if !bound.kind().is_id() {
                    let text = "The left operand of a semi-join must be an id or a reference field";
                    return Err(SoqlError::at("MALFORMED_QUERY", path.at.0, text));
                }
                let test = Test::In(bound, self.inner_values(query)?);
                Ok(if *negated {
                    Test::Not(Box::new(test))
                } else {
                    test
                })
            }
        }
    }

    fn filterable(
        &self,
        expression: &Expression,
        left: &mut BindLeft<'_>,
    ) -> Result<Bound, SoqlError> {
        let bound = left(expression)?;
        let path = match &bound {
            Bound::Field(path) | Bound::DatePart(_, path) => path,
            Bound::Computed(..) => return Ok(bound),
        };
        match path.field(self.schema()) {
            Some(field) if !field.filterable || field.kind == FieldKind::Address => {
                let text = format!("field '{}' can not be filtered in a query call", field.name);
                Err(SoqlError::at("INVALID_FIELD", expression.path().at.0, text))
            }
            _ => Ok(bound),
        }
    }

    fn comparison(
        &self,
        left: Bound,
        operator: Operator,
        (right, at): (&Literal, At),
    ) -> Result<Test, SoqlError> {
        if operator == Operator::Like {
            return match right {
                Literal::Text(raw) if left.kind().is_text() => {
                    Ok(Test::Like(left, Pattern::new(raw)))
                }
                _ => {
                    let text = format!("invalid operator on {} field", type_word(left.kind()));
                    Err(SoqlError::at("INVALID_QUERY_FILTER_OPERATOR", at.0, text))
                }
            };
        }
        if let Literal::Period(word, count) = right {
            return self.period(left, operator, (word, *count, at));
        }
        let value = self.literal(&left, right, at)?;
        Ok(Test::Compare(left, operator, value))
    }

    fn period(
        &self,
        left: Bound,
        operator: Operator,
        (word, count, at): (&str, Option<u32>, At),
    ) -> Result<Test, SoqlError> {
        let zone = &self.user_zone;
        let today = date_literal::date_in(zone, self.now_ms);
        let days = date_literal::days(word, count.unwrap_or(0), today);
        let days = days.ok_or_else(|| SoqlError::unexpected(at.0, word))?;
        match left.kind() {
            FieldKind::Date => {
                let value = |d| Value::Date(datetime::days(d));
                Ok(Test::Period(
                    left,
                    operator,
                    value(days.first),
                    value(days.end),
                ))
            }
            FieldKind::DateTime => {
                let value = |d| Value::Time(date_literal::begins(d, zone));
                Ok(Test::Period(
                    left,
                    operator,
                    value(days.first),
                    value(days.end),
                ))
            }
            _ => Err(wrong_type(&left, at, left.kind().is_text())),
        }
    }

    fn among(
        &self,
        left: Bound,
        among: Among,
        (values, at): (&[Literal], At),
    ) -> Result<Test, SoqlError> {
        let negated = matches!(among, Among::NotIn | Among::Excludes);
        let test = match among {
            Among::In | Among::NotIn => {
                let mut set = ValueSet::default();
                for value in values {
                    set.add(self.literal(&left, value, at)?);
                }
                Test::In(left, set)
            }
            Among::Includes | Among::Excludes => {
                if left.kind() != FieldKind::MultiPicklist {
                    let text = "includes/excludes operator only valid on multipicklist field";
                    return Err(SoqlError::at("INVALID_QUERY_FILTER_OPERATOR", at.0, text));
                }
                let alternatives = values.iter().filter_map(|value| match value {
                    Literal::Text(raw) => {
                        let text = unescape(raw);
                        Some(text.split(';').map(|p| p.trim().to_owned()).collect())
                    }
                    _ => None,
                });
                Test::Includes(left, alternatives.collect())
            }
        };
        Ok(if negated {
            Test::Not(Box::new(test))
        } else {
            test
        })
    }

    fn literal(&self, left: &Bound, literal: &Literal, at: At) -> Result<Value, SoqlError> {
        let kind = left.kind();
        let refused = || wrong_type(left, at, kind.is_text() || kind.is_id());
        match (literal, kind) {
            (Literal::Null, _) => Ok(Value::Null),
            (Literal::Text(raw), kind) if kind.is_id() => {
                let text = unescape(raw);
                match RecordId::parse(&text) {
                    _ if text.is_empty() => Ok(Value::Null),
                    Some(id) => Ok(Value::Id(id)),
                    None => {
                        let text = format!("invalid ID field: {text}");
                        Err(SoqlError::at("INVALID_QUERY_FILTER_OPERATOR", at.0, text))
                    }
                }
            }
            (Literal::Text(raw), kind) if kind.is_text() => Ok(Value::text(&unescape(raw))),
            (Literal::Number(text), kind) if kind.is_number() => {
                text.parse().map(Value::Number).map_err(|_| refused())
            }
            (Literal::Bool(flag), FieldKind::Bool) => Ok(Value::Bool(*flag)),
            (Literal::Date(text), FieldKind::Date) => datetime::read_date(text)
                .map(Value::Date)
                .ok_or_else(refused),
            (Literal::DateTime(text), FieldKind::DateTime) => datetime::read_time(text)
                .map(Value::Time)
                .ok_or_else(refused),
            _ => Err(refused()),
        }
    }
}

fn wrong_type(left: &Bound, at: At, quoted: bool) -> SoqlError {
    let name = match left {
        Bound::Field(path) | Bound::DatePart(_, path) => path.shown.as_str(),
        Bound::Computed(..) => "aggregate",
    };
    let advice = if quoted { "should be" } else { "should not be" };
    let text = format!(
        "value of filter criterion for field '{name}' must be of type {} and {advice} enclosed in \
         quotes",
        type_word(left.kind())
    );
    SoqlError::at("INVALID_FIELD", at.0, text)
}

fn type_word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::DateTime => "dateTime",
        FieldKind::Currency | FieldKind::Percent => "double",
        FieldKind::Reference | FieldKind::Id => "ID",
        kind if kind.is_text() => "string",
        kind => kind.name(),
    }
}
