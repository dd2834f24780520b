//! Prints a syntax tree as a query that parses to the same tree.

use std::fmt::{self, Display, Formatter, Write as _};

use super::ast::{
    Among, Condition, Expression, Literal, Operator, OrderKey, Path, Query, SelectItem, TypeOf,
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "SELECT {} FROM {}", Listed(&self.select), self.from)?;
        if let Some(alias) = &self.alias {
            write!(f, " {alias}")?;
        }
        if let Some(scope) = &self.scope {
            write!(f, " USING SCOPE {scope}")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(with) = &self.with {
            write!(f, " WITH {with}")?;
        }
        if !self.group_by.is_empty() {
            write!(f, " GROUP BY {}", Listed(&self.group_by))?;
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", Listed(&self.order_by))?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " OFFSET {offset}")?;
        }
        self.purposes.iter().try_for_each(|p| write!(f, " FOR {p}"))
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value {
                expression,
                alias: None,
            } => expression.fmt(f),
            Self::Value {
                expression,
                alias: Some(alias),
            } => write!(f, "{expression} {alias}"),
            Self::Count => f.write_str("COUNT()"),
            Self::Fields(word, _) => write!(f, "FIELDS({word})"),
            Self::Children(query) => write!(f, "({query})"),
            Self::TypeOf(type_of) => type_of.fmt(f),
        }
    }
}

impl Display for TypeOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "TYPEOF {}", self.relationship)?;
        for (object, fields) in &self.cases {
            write!(f, " WHEN {object} THEN {}", Listed(fields))?;
        }
        if !self.otherwise.is_empty() {
            write!(f, " ELSE {}", Listed(&self.otherwise))?;
        }
        f.write_str(" END")
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join("."))
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(path) => path.fmt(f),
            Self::Call { function, argument } => write!(f, "{function}({argument})"),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " AND "),
            Self::Or(parts) => joined(f, parts, " OR "),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                nested(f, inner)
            }
            Self::Compare {
                left,
                operator,
                right,
                ..
            } => {
                write!(f, "{left} {} {right}", operator.sign())
            }
            Self::Among {
                left,
                among,
                values,
                ..
            } => {
                write!(f, "{left} {} ({})", among.word(), Listed(values))
            }
            Self::InQuery {
                left,
                negated,
                query,
            } => {
                let word = if *negated { "NOT IN" } else { "IN" };
                write!(f, "{left} {word} ({query})")
            }
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(raw) => write!(f, "'{raw}'"),
            Self::Number(text) | Self::Date(text) | Self::DateTime(text) => f.write_str(text),
            Self::Bool(flag) => flag.fmt(f),
            Self::Null => f.write_str("null"),
            Self::Period(word, None) => f.write_str(word),
            Self::Period(word, Some(count)) => write!(f, "{word}:{count}"),
        }
    }
}

impl Display for OrderKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)?;
        if self.descending {
            f.write_str(" DESC")?;
        }
        match self.nulls_first {
            Some(true) => f.write_str(" NULLS FIRST"),
            Some(false) => f.write_str(" NULLS LAST"),
            None => Ok(()),
        }
    }
}

impl Operator {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Like => "LIKE",
        }
    }
}

impl Among {
    fn word(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::Includes => "INCLUDES",
            Self::Excludes => "EXCLUDES",
        }
    }
}

/// Entries with commas between them.
struct Listed<'a, T>(&'a [T]);

impl<T: Display> Display for Listed<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Condition], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        nested(f, part)?;
    }
    Ok(())
}

fn nested(f: &mut Formatter<'_>, part: &Condition) -> fmt::Result {
    match part {
        Condition::And(_) | Condition::Or(_) => {
            f.write_char('(')?;
            part.fmt(f)?;
            f.write_char(')')
        }
        _ => part.fmt(f),
    }
}
