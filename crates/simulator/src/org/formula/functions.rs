//! The functions that formulas may call: how they are written, what they take and what they give.

use super::FormulaError;
use super::types::Type;
use crate::org::expression::Function;

/// How a function is called.
pub(super) struct Signature {
    pub name: &'static str,
    pub function: Function,
    /// What it takes; the last repeats up to `most`.
    pub takes: &'static [Type],
    pub least: usize,
    pub most: usize,
    pub gives: Type,
    /// Only rules know what a record was before.
    pub rules_only: bool,
}

const MANY: usize = 60;

const fn plain(
    name: &'static str,
    function: Function,
    takes: &'static [Type],
    gives: Type,
) -> Signature {
    Signature {
        name,
        function,
        takes,
        least: takes.len(),
        most: takes.len(),
        gives,
        rules_only: false,
    }
}

impl Signature {
    const fn between(self, least: usize, most: usize) -> Self {
        Self {
            least,
            most,
            ..self
        }
    }

    const fn in_rules(self) -> Self {
        Self {
            rules_only: true,
            ..self
        }
    }

    /// The type of the argument at this place.
    pub fn taken(&self, place: usize) -> Type {
        let last = self.takes.last().copied().unwrap_or(Type::Any);
        self.takes.get(place).copied().unwrap_or(last)
    }

    pub fn check_count(&self, count: usize) -> Result<(), FormulaError> {
        let pairs = self.function != Function::Case || count.is_multiple_of(2);
        if (self.least..=self.most).contains(&count) && pairs {
            return Ok(());
        }
        Err(FormulaError(format!(
            "Incorrect number of parameters for function '{}()'. Expected {}, received {count}",
            self.name, self.least
        )))
    }
}

use Type::{Any, Bool, Number, Picked, Text};

static SIGNATURES: [Signature; 43] = [
    plain("ABS", Function::Abs, &[Number], Number),
    plain("AND", Function::And, &[Bool], Bool).between(1, MANY),
    plain("BEGINS", Function::Begins, &[Text, Text], Bool),
    plain("BLANKVALUE", Function::BlankValue, &[Any, Any], Any),
    plain("NULLVALUE", Function::BlankValue, &[Any, Any], Any),
    plain("CASE", Function::Case, &[Picked, Any], Any).between(4, MANY),
    plain("CEILING", Function::Ceiling, &[Number], Number),
    plain("CONTAINS", Function::Contains, &[Text, Text], Bool),
    plain(
        "DATE",
        Function::Date,
        &[Number, Number, Number],
        Type::Date,
    ),
    plain("DATEVALUE", Function::DateValue, &[Any], Type::Date),
    plain("DAY", Function::Day, &[Type::Date], Number),
    plain("FLOOR", Function::Floor, &[Number], Number),
    plain("HYPERLINK", Function::Hyperlink, &[Text], Text).between(2, 3),
    plain("IF", Function::If, &[Bool, Any, Any], Any),
    plain("INCLUDES", Function::Includes, &[Picked, Text], Bool),
    plain("ISBLANK", Function::IsBlank, &[Picked], Bool),
    plain("ISNULL", Function::IsBlank, &[Picked], Bool),
    plain("ISCHANGED", Function::IsChanged, &[Picked], Bool).in_rules(),
    plain("ISNEW", Function::IsNew, &[], Bool).in_rules(),
    plain("ISNUMBER", Function::IsNumber, &[Text], Bool),
    plain("ISPICKVAL", Function::IsPickVal, &[Picked, Text], Bool),
    plain("LEFT", Function::Left, &[Text, Number], Text),
    plain("LEN", Function::Len, &[Text], Number),
    plain("LOWER", Function::Lower, &[Text], Text).between(1, 2),
    plain("MAX", Function::Max, &[Number], Number).between(1, MANY),
    plain("MID", Function::Mid, &[Text, Number, Number], Text),
    plain("MIN", Function::Min, &[Number], Number).between(1, MANY),
    plain("MOD", Function::Mod, &[Number, Number], Number),
    plain("MONTH", Function::Month, &[Type::Date], Number),
    plain("NOT", Function::Not, &[Bool], Bool),
    plain("NOW", Function::Now, &[], Type::Time),
    plain("OR", Function::Or, &[Bool], Bool).between(1, MANY),
    plain("PRIORVALUE", Function::PriorValue, &[Picked], Any).in_rules(),
    plain("REGEX", Function::Regex, &[Text, Text], Bool).in_rules(),
    plain("RIGHT", Function::Right, &[Text, Number], Text),
    plain("ROUND", Function::Round, &[Number, Number], Number),
    plain(
        "SUBSTITUTE",
        Function::Substitute,
        &[Text, Text, Text],
        Text,
    ),
    plain("TEXT", Function::Text, &[Picked], Text),
    plain("TODAY", Function::Today, &[], Type::Date),
    plain("TRIM", Function::Trim, &[Text], Text),
    plain("UPPER", Function::Upper, &[Text], Text).between(1, 2),
    plain("VALUE", Function::Value, &[Text], Number),
    plain("YEAR", Function::Year, &[Type::Date], Number),
];

/// The function of this name, whatever its case.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES
        .iter()
        .find(|s| s.name.eq_ignore_ascii_case(name))
}

/// How a function is written.
pub(super) fn signature_of(function: Function) -> &'static Signature {
    let found = SIGNATURES.iter().find(|s| s.function == function);
    found.expect("each function has its row in the table")
}
