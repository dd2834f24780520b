//! One stored field value. Small and cheap to clone, since an org holds tens of millions of them
//! and a query compares them by the hundred thousand.

mod text;

use std::cmp::Ordering;

use serde_json::{Value as Json, json};

use super::datetime;
use super::field_kind::FieldKind;
use super::id::RecordId;
use super::json_text::push_text;
pub(crate) use text::Text;

/// The value of a field, or its absence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(Text),
    Id(RecordId),
    /// Days since 1970-01-01.
    Date(i32),
    /// Seconds since the Unix epoch: stamps are whole seconds.
    Time(i64),
}

impl Value {
    pub fn text(text: &str) -> Self {
        match text.is_empty() {
            true => Self::Null,
            false => Self::Text(Text::from(text)),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_id(&self) -> Option<RecordId> {
        match self {
            Self::Id(id) => Some(*id),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// As the REST API shows it; whole-number fields print without a fraction.
    pub fn to_json(&self, kind: FieldKind) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => json!(flag),
            Self::Number(number) if kind == FieldKind::Int => json!(*number as i64),
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(&**text),
            Self::Id(id) => json!(id.to_string()),
            Self::Date(days) => json!(datetime::show_date(*days)),
            Self::Time(seconds) => json!(datetime::show_time(*seconds)),
        }
    }

    /// The same, appended to bytes.
    pub fn write_json(&self, kind: FieldKind, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Text(text) => push_text(text, out),
            Self::Id(id) => {
                out.push(b'"');
                out.extend_from_slice(&id.long());
                out.push(b'"');
            }
            Self::Time(seconds) => {
                out.push(b'"');
                datetime::push_time(*seconds, out);
                out.push(b'"');
            }
            Self::Number(_) | Self::Date(_) => {
                out.extend_from_slice(self.to_json(kind).to_string().as_bytes());
            }
        }
    }

    /// Order for filters and sorting: text without case, null before everything.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => compare_text(a, b),
            (Self::Id(a), Self::Id(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// A key for hash indexes: equal values (without regard to case) give equal keys.
    pub fn index_key(&self) -> u64 {
        let bytes: &mut dyn Iterator<Item = u8> = match self {
            Self::Id(id) => return fold_hash(id.short().bytes()),
            Self::Text(text) if text.is_ascii() => {
                return fold_hash(text.bytes().map(|b| b.to_ascii_lowercase()));
            }
            Self::Text(text) => return fold_hash(text.to_lowercase().into_bytes().into_iter()),
            Self::Number(number) => &mut number.to_bits().to_le_bytes().into_iter(),
            Self::Time(seconds) => &mut seconds.to_le_bytes().into_iter(),
            Self::Date(days) => &mut days.to_le_bytes().into_iter(),
            Self::Bool(flag) => return u64::from(*flag),
            Self::Null => return u64::MAX,
        };
        fold_hash(bytes)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Date(_) => 3,
            Self::Time(_) => 4,
            Self::Id(_) => 5,
            Self::Text(_) => 6,
        }
    }
}

/// Compares without regard to case; plain ASCII, the usual case, without allocating.
pub(crate) fn compare_text(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        return a
            .bytes()
            .map(|c| c.to_ascii_lowercase())
            .cmp(b.bytes().map(|c| c.to_ascii_lowercase()));
    }
    a.to_lowercase().cmp(&b.to_lowercase())
}

/// FNV-1a with a final scramble: the same in every release, unlike the standard hasher.
fn fold_hash(bytes: impl Iterator<Item = u8>) -> u64 {
    let hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |acc, byte| {
        (acc ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    crate::seeded::mix(hash)
}
