//! The administrator's little language: formula fields and the conditions of rules. A formula is
//! read and checked once, when it is set up, and then worked out from a record whenever somebody
//! asks. A formula field's value thus changes without any stamp moving.

mod check;
mod evaluate;
mod functions;
mod lexer;
mod parser;
mod pattern;
mod scene;
mod types;

use std::collections::HashSet;

use super::expression::{Formula, Node, Path, Purpose};
use super::id::RecordId;
use super::record::Record;
use super::schema::{FieldKind, Role, Schema};
use super::store::{Slot, Store};
use super::value::Value;
use types::Type;

/// Characters that a formula may have.
const LENGTH_MAX: usize = 3_900;
/// Parts that a formula may have, with those of the formula fields that it reads.
const PARTS_MAX: usize = 5_000;
/// Characters that a formula field shows.
const SHOWN_MAX: usize = 1_300;
/// How deep formula fields may read each other.
const LEVELS_MAX: u8 = 8;

/// Why a formula cannot be taken; the text is for the administrator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FormulaError(pub String);

/// A record to work a formula out from.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub store: &'a Store,
    pub object: usize,
    /// `None` while the record is being made.
    pub slot: Option<Slot>,
    pub record: &'a Record,
    /// The record before the change that is being judged.
    pub prior: Option<&'a Record>,
    pub user: Option<RecordId>,
    /// How many formula fields are being worked out around this one.
    pub level: u8,
}

impl Formula {
    /// Reads a formula over the fields of an object.
    pub fn compile(
        schema: &Schema,
        object: usize,
        text: &str,
        purpose: Purpose,
    ) -> Result<Self, FormulaError> {
        if text.chars().count() > LENGTH_MAX {
            let text = format!("Formula is too long: the maximum is {LENGTH_MAX} characters");
            return Err(FormulaError(text));
        }
        let root = parser::parse(schema, object, text, purpose == Purpose::Rule)?;
        let found = check::type_of(&root)?;
        let wanted = match purpose {
            Purpose::Rule => Type::Bool,
            Purpose::Field { kind, .. } => Type::of_result(kind)?,
        };
        if !found.fits(wanted) {
            return Err(FormulaError(format!(
                "Error: Formula result is data type ({}), incompatible with expected data type ({}).",
                found.name(),
                wanted.name()
            )));
        }
        let parts = parts(schema, &root);
        if parts > PARTS_MAX {
            let text =
                format!("Compiled formula is too big to execute. Maximum size is {PARTS_MAX}");
            return Err(FormulaError(text));
        }
        Ok(Self {
            text: text.to_owned(),
            root,
            purpose,
            parts,
        })
    }

    /// As the administrator wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn blank_is_zero(&self) -> bool {
        matches!(
            self.purpose,
            Purpose::Field {
                blank_is_zero: true,
                ..
            }
        )
    }

    /// The value of a formula field, in the form of its type.
    pub fn value(&self, scene: &Scene<'_>) -> Value {
        let value = evaluate::value(&self.root, scene, self.blank_is_zero());
        match self.purpose {
            Purpose::Rule => value,
            Purpose::Field { kind, scale, .. } => in_form(value, kind, scale),
        }
    }

    /// Whether a condition is true of the record.
    pub fn holds(&self, scene: &Scene<'_>) -> bool {
        self.value(scene).is_true()
    }

    /// Whether the formula reads this field, directly or through other formula fields.
    pub fn reads(&self, schema: &Schema, place: (usize, u16)) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![&self.root];
        while let Some(node) = open.pop() {
            open.extend(node.inner());
            let Node::Field(path) = node else {
                continue;
            };
            if (path.object, path.field) == place {
                return true;
            }
            if let Some(inner) = path.formula(schema)
                && seen.insert((path.object, path.field))
            {
                open.push(&inner.root);
            }
        }
        false
    }
}

impl Path {
    fn formula<'s>(&self, schema: &'s Schema) -> Option<&'s Formula> {
        let field = &schema.objects[self.object].fields[self.field as usize];
        let formula = field.custom.formula.as_deref();
        formula.filter(|_| field.role == Role::Formula)
    }
}

fn parts(schema: &Schema, node: &Node) -> usize {
    let read = match node {
        Node::Field(path) => path.formula(schema).map_or(0, |inner| inner.parts),
        _ => 0,
    };
    let inner = node.inner().into_iter().map(|n| parts(schema, n));
    1 + read + inner.sum::<usize>()
}

fn in_form(value: Value, kind: FieldKind, scale: u32) -> Value {
    let power = 10f64.powi(scale as i32);
    let rounded = |n: f64| {
        let n = (n * power).round() / power;
        match n.is_finite() {
            true => Value::Number(n),
            false => Value::Null,
        }
    };
    match (kind, value) {
        (FieldKind::Bool, value) => Value::Bool(value.is_true()),
        (FieldKind::Percent, Value::Number(n)) => rounded(n * 100.0),
        (kind, Value::Number(n)) if kind.is_number() => rounded(n),
        (kind, value) if kind.is_text() => {
            let text = evaluate::text_of(&value);
            Value::text(&text.chars().take(SHOWN_MAX).collect::<String>())
        }
        (FieldKind::Date, value @ Value::Date(_)) => value,
        (FieldKind::DateTime, value @ Value::Time(_)) => value,
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compile(text: &str) -> Result<Formula, FormulaError> {
        let schema = Schema::standard();
        Formula::compile(&schema, schema.index("Contact"), text, Purpose::Rule)
    }

    #[test]
    fn mistakes_of_an_administrator_are_told_plainly() {
        let cases = [
            ("", "Syntax error"),
            ("ISBLANK(Title", "Missing ')'"),
            ("ISBLANK(Titel)", "Field Titel does not exist"),
            ("ISBLANC(Title)", "Unknown function ISBLANC"),
            ("ISBLANK()", "Incorrect number of parameters"),
            ("LEN(Birthdate) > 3", "Incorrect parameter type"),
            ("Title & 'x'", "Formula result is data type (Text)"),
            ("LeadSource = 'Web'", "is a picklist field"),
            ("ISBLANK(Title) AND", "Extra"),
            ("\"open", "text that does not end"),
            ("Account.Nope = 1", "Field Account.Nope does not exist"),
        ];
        for (formula, expected) in cases {
            let error = compile(formula).expect_err(formula).0;
            assert!(error.contains(expected), "{formula}: {error}");
        }
    }

    #[test]
    fn a_formula_too_deep_is_refused_instead_of_overflowing() {
        for text in ["(".repeat(1_900), "NOT(".repeat(900), "-".repeat(3_000)] {
            assert!(compile(&text).is_err());
        }
        let sum = format!("0{} = 1", " + 1".repeat(900));
        assert!(compile(&sum).unwrap_err().0.contains("too deep"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,80}") {
            let _ = compile(&text);
        }

        #[test]
        fn no_run_of_known_words_makes_it_panic(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "IF", "(", ")", ",", "\"a\"", "1", "LastName", "&", "=", "AND", "-", "NOT",
                    "Account.Name", "ISCHANGED", "CASE", "'", "$User.Id", "<", "TODAY", ".", "é",
                ]),
                0..20,
            )
        ) {
            let _ = compile(&words.join(" "));
            let _ = compile(&words.concat());
        }
    }
}
