//! The types of the parts of a formula, by the names that administrators know.

use super::FormulaError;
use crate::org::schema::FieldKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Of a null, which goes with everything; as a parameter: whatever is no picklist.
    Any,
    Bool,
    Number,
    Text,
    Date,
    Time,
    /// A picklist, which only some functions take; as a parameter: whatever there is.
    Picked,
}

impl Type {
    /// What a formula field of this type must give.
    pub fn of_result(kind: FieldKind) -> Result<Self, FormulaError> {
        match kind {
            FieldKind::Text
            | FieldKind::Bool
            | FieldKind::Double
            | FieldKind::Currency
            | FieldKind::Percent
            | FieldKind::Date
            | FieldKind::DateTime => Ok(Self::of_field(kind)),
            kind => Err(FormulaError(format!(
                "A formula field cannot be of type {}",
                kind.name()
            ))),
        }
    }

    /// What a field of this type gives.
    pub fn of_field(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Picklist | FieldKind::MultiPicklist => Self::Picked,
            FieldKind::Bool => Self::Bool,
            FieldKind::Date => Self::Date,
            FieldKind::DateTime => Self::Time,
            kind if kind.is_number() => Self::Number,
            _ => Self::Text,
        }
    }

    /// Whether a value of this type can stand where `wanted` is asked for.
    pub fn fits(self, wanted: Self) -> bool {
        match (self, wanted) {
            (_, Self::Picked) | (Self::Any, _) => true,
            (Self::Picked, _) => false,
            (_, Self::Any) => true,
            (found, wanted) => found == wanted,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "Any",
            Self::Bool => "Boolean",
            Self::Number => "Number",
            Self::Text => "Text",
            Self::Date => "Date",
            Self::Time => "DateTime",
            Self::Picked => "Picklist",
        }
    }
}
