//! Queries built from parts, so that no value can change what a query means.

use std::fmt;

/// A value in a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Quoted and escaped.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A moment in epoch milliseconds, written unquoted.
    Time(i64),
    /// `null`.
    Null,
}

impl From<&str> for Literal {
    fn from(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => write!(f, "'{}'", escape(text)),
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Bool(bool) => write!(f, "{bool}"),
            Literal::Time(epoch_ms) => f.write_str(&crate::time::format(*epoch_ms)),
            Literal::Null => f.write_str("null"),
        }
    }
}

/// A condition, for the WHERE clause.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(String);

impl Condition {
    /// `field operator value`.
    pub fn compare(field: &str, operator: &'static str, value: Literal) -> Condition {
        Condition(format!("{} {operator} {value}", name(field)))
    }

    /// `field = value`.
    pub fn equals(field: &str, value: impl Into<Literal>) -> Condition {
        Condition::compare(field, "=", value.into())
    }

    /// `field IN (…)`.
    pub fn one_of<'a>(field: &str, values: impl IntoIterator<Item = &'a str>) -> Condition {
        let list: Vec<String> = values
            .into_iter()
            .map(|value| Literal::from(value).to_string())
            .collect();
        Condition(format!("{} IN ({})", name(field), list.join(", ")))
    }

    /// Both.
    pub fn and(self, other: Condition) -> Condition {
        Condition(format!("({} AND {})", self.0, other.0))
    }

    /// Either.
    pub fn or(self, other: Condition) -> Condition {
        Condition(format!("({} OR {})", self.0, other.0))
    }

    /// Behind the row (`stamp`, `id`) in the order of SystemModstamp and Id: stamps are whole
    /// seconds, so many rows share one.
    pub fn after(stamp_ms: i64, id: &str) -> Condition {
        let later = Condition::compare("SystemModstamp", ">", Literal::Time(stamp_ms));
        let same = Condition::compare("SystemModstamp", "=", Literal::Time(stamp_ms));
        later.or(same.and(Condition::compare("Id", ">", id.into())))
    }
}

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    fields: Vec<String>,
    object: String,
    condition: Option<Condition>,
    order: Vec<String>,
    limit: Option<u32>,
}

impl Select {
    /// `SELECT fields FROM object`.
    pub fn new<'a>(object: &str, fields: impl IntoIterator<Item = &'a str>) -> Select {
        Select {
            fields: fields
                .into_iter()
                .map(|field| name(field).to_owned())
                .collect(),
            object: name(object).to_owned(),
            condition: None,
            order: Vec::new(),
            limit: None,
        }
    }

    /// `SELECT count() FROM object`.
    pub fn count(object: &str) -> Select {
        let mut select = Select::new(object, []);
        select.fields.push("count()".to_owned());
        select
    }

    /// `WHERE condition`, and what stood there before.
    pub fn filter(mut self, condition: Condition) -> Select {
        self.condition = Some(match self.condition {
            Some(before) => before.and(condition),
            None => condition,
        });
        self
    }

    /// `ORDER BY field`, after those named before.
    pub fn order_by(mut self, field: &str) -> Select {
        self.order.push(name(field).to_owned());
        self
    }

    /// `LIMIT rows`.
    pub fn limit(mut self, rows: u32) -> Select {
        self.limit = Some(rows);
        self
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SELECT {} FROM {}", self.fields.join(", "), self.object)?;
        if let Some(condition) = &self.condition {
            write!(f, " WHERE {}", condition.0)?;
        }
        if !self.order.is_empty() {
            write!(f, " ORDER BY {}", self.order.join(", "))?;
        }
        if let Some(rows) = self.limit {
            write!(f, " LIMIT {rows}")?;
        }
        Ok(())
    }
}

/// A text between quotes of a query.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' => escaped.push_str("\\'"),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Names come from our own tables and from descriptions; anything else is a programmer's error.
fn name(name: &str) -> &str {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    assert!(plain, "{name:?} is not the name of a field or object");
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_built_in_order() {
        let select = Select::new("Contact", ["Id", "Account.Name"])
            .filter(Condition::equals("IsDeleted", Literal::Bool(false)))
            .filter(Condition::after(0, "003000000000001AAA"))
            .order_by("SystemModstamp")
            .order_by("Id")
            .limit(5);
        assert_eq!(
            select.to_string(),
            "SELECT Id, Account.Name FROM Contact WHERE (IsDeleted = false AND (SystemModstamp > 1970-01-01T00:00:00.000Z \
             OR (SystemModstamp = 1970-01-01T00:00:00.000Z AND Id > '003000000000001AAA'))) \
             ORDER BY SystemModstamp, Id LIMIT 5"
        );
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        let condition = Condition::equals("LastName", "O'Hara\\' OR Id != '");
        assert_eq!(condition.0, "LastName = 'O\\'Hara\\\\\\' OR Id != \\''");
    }

    #[test]
    #[should_panic(expected = "not the name of a field")]
    fn a_name_with_a_space_is_refused() {
        let _ = Select::new("Contact WHERE", ["Id"]);
    }
}
