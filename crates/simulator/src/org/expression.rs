//! A formula as the org keeps it: read and checked once, when it is set up. `formula` reads and works
//! out such expressions; the schema and the rules only hold them.

use super::field_kind::FieldKind;
use super::value::Value;

/// A formula that was checked against the schema.
#[derive(Debug, Clone)]
pub(crate) struct Formula {
    pub text: String,
    pub root: Node,
    pub purpose: Purpose,
    pub parts: usize,
}

/// What a formula is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Purpose {
    /// A field of this type; blank numbers may count as zero.
    Field {
        kind: FieldKind,
        scale: u32,
        blank_is_zero: bool,
    },
    /// A condition asked while a record is being saved.
    Rule,
}

/// A checked expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Constant(Value),
    Field(Path),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Concat(Vec<Node>),
    Call(Function, Vec<Node>),
}

/// A field of the record, of a parent, or of the running user.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub of_user: bool,
    /// Lookup fields to follow, each with the object it must lead to.
    pub hops: Vec<(u16, usize)>,
    pub object: usize,
    pub field: u16,
    pub kind: FieldKind,
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// What a formula calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    And,
    Begins,
    BlankValue,
    Case,
    Ceiling,
    Contains,
    Date,
    DateValue,
    Day,
    Floor,
    Hyperlink,
    If,
    Includes,
    IsBlank,
    IsChanged,
    IsNew,
    IsNumber,
    IsPickVal,
    Left,
    Len,
    Lower,
    Max,
    Mid,
    Min,
    Mod,
    Month,
    Not,
    Now,
    Or,
    PriorValue,
    Regex,
    Right,
    Round,
    Substitute,
    Text,
    Today,
    Trim,
    Upper,
    Value,
    Year,
}

impl Node {
    /// The expressions right below this one.
    pub fn inner(&self) -> Vec<&Node> {
        match self {
            Self::Constant(_) | Self::Field(_) => Vec::new(),
            Self::Negate(inner) => vec![inner],
            Self::Binary(_, a, b) => vec![a, b],
            Self::Concat(parts) | Self::Call(_, parts) => parts.iter().collect(),
        }
    }
}
