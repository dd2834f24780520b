//! The syntax tree of a query. Names stand as written; where they stood is remembered for error
//! messages but plays no part in comparing trees.

/// Byte offset in the query text.
#[derive(Debug, Clone, Copy, Default)]
pub struct At(pub usize);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A whole query, or a subquery.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is asked for, in order.
    pub select: Vec<SelectItem>,
    /// Object, or child relationship in a subquery.
    pub from: String,
    /// Where the object's name stands.
    pub from_at: At,
    /// Short name for the object.
    pub alias: Option<String>,
    /// `USING SCOPE`.
    pub scope: Option<String>,
    /// `WHERE`.
    pub filter: Option<Condition>,
    /// `WITH SECURITY_ENFORCED`, `USER_MODE` or `SYSTEM_MODE`.
    pub with: Option<String>,
    /// `GROUP BY`.
    pub group_by: Vec<Expression>,
    /// `HAVING`.
    pub having: Option<Condition>,
    /// `ORDER BY`.
    pub order_by: Vec<OrderKey>,
    /// `LIMIT`.
    pub limit: Option<u64>,
    /// `OFFSET`.
    pub offset: Option<u64>,
    /// `FOR VIEW`, `REFERENCE`, `UPDATE`.
    pub purposes: Vec<String>,
}

/// One entry of the SELECT list.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// A field or a function of one, with an alias.
    Value {
        /// What to read.
        expression: Expression,
        /// Its name in aggregate results.
        alias: Option<String>,
    },
    /// `SELECT count()`.
    Count,
    /// `FIELDS(ALL)` and its kin: the word inside.
    Fields(String, At),
    /// A subquery over a child relationship.
    Children(Box<Query>),
    /// `TYPEOF Who WHEN Contact THEN … ELSE … END`.
    TypeOf(TypeOf),
}

/// Fields that depend on the object behind a polymorphic lookup.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeOf {
    /// The relationship.
    pub relationship: String,
    /// Where it stands.
    pub at: At,
    /// Object and fields of each WHEN.
    pub cases: Vec<(String, Vec<Path>)>,
    /// Fields of ELSE.
    pub otherwise: Vec<Path>,
}

/// A dotted field name.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The names between the dots.
    pub names: Vec<String>,
    /// Where it stands.
    pub at: At,
}

/// A field, or a function of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A field.
    Field(Path),
    /// `SUM(Amount)`, `CALENDAR_YEAR(CreatedDate)`.
    Call {
        /// As written.
        function: String,
        /// Its field.
        argument: Path,
    },
}

impl Expression {
    /// The field at its heart.
    pub fn path(&self) -> &Path {
        match self {
            Self::Field(path) => path,
            Self::Call { argument, .. } => argument,
        }
    }
}

/// A truth about a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// Its opposite.
    Not(Box<Condition>),
    /// A comparison with one value.
    Compare {
        /// Left side.
        left: Expression,
        /// Operator.
        operator: Operator,
        /// Right side.
        right: Literal,
        /// Where the value stands.
        at: At,
    },
    /// `IN` and `NOT IN`, `INCLUDES` and `EXCLUDES` over values.
    Among {
        /// Left side.
        left: Expression,
        /// Which of the four.
        among: Among,
        /// The values.
        values: Vec<Literal>,
        /// Where the list stands.
        at: At,
    },
    /// `Id IN (SELECT …)`.
    InQuery {
        /// Left side.
        left: Path,
        /// `NOT IN`.
        negated: bool,
        /// The inner query.
        query: Box<Query>,
    },
}

/// Operators over one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=` or `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `LIKE`
    Like,
}

/// Operators over several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// `IN`
    In,
    /// `NOT IN`
    NotIn,
    /// `INCLUDES`
    Includes,
    /// `EXCLUDES`
    Excludes,
}

/// A value in a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Between quotes, escapes as written.
    Text(String),
    /// A number as written.
    Number(String),
    /// `true`, `false`
    Bool(bool),
    /// `null`
    Null,
    /// `2024-01-31`
    Date(String),
    /// `2024-01-31T10:00:00Z`
    DateTime(String),
    /// `TODAY`, `LAST_N_DAYS:3`; in capitals.
    Period(String, Option<u32>),
}

/// One key of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderKey {
    /// What to order by.
    pub expression: Expression,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST` or `NULLS LAST`, when said.
    pub nulls_first: Option<bool>,
}
