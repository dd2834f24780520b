//! The arguments of statements: three types carry all that we store, and a null knows its type.

use crate::error::{Result, StorageError};
use sqlx::postgres::PgArguments;
use tieline_domain::id::{
    ApiKeyId, AttachmentId, AuditId, CarrierAccountId, ConnectionId, ConsentEntryId,
    ContactFieldId, ContactId, ConversationId, CreateIntentId, Id, InboxId, JobId, LinkId,
    MessageId, ObjectMappingId, PointId, SenderId, SessionId, StaffId, SyncRunId, UnassignedTextId,
};
use tieline_domain::time::Timestamp;

/// One argument of a statement; a null knows its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// bigint: numbers, booleans as 0 and 1, times as epoch milliseconds.
    Int(Option<i64>),
    /// text: words, JSON.
    Text(Option<String>),
    /// blob or bytea: ids, hashes and sealed secrets.
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// Its type, in a word of ours; see [`crate::Conn`].
    pub(super) fn sql_type(&self) -> &'static str {
        match self {
            Value::Int(_) => "bigint",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
        }
    }
}

/// The arguments of a statement: `args![id, now, name]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(Some(value))
    }
}
impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Value::Int(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(Some(value.into()))
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Value::Int(Some(value.0))
    }
}
impl From<Option<Timestamp>> for Value {
    fn from(value: Option<Timestamp>) -> Self {
        Value::Int(value.map(|at| at.0))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(Some(value.to_owned()))
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(Some(value))
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(Some(value.clone()))
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Value::Text(value)
    }
}
impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Value::Text(value.map(str::to_owned))
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(Some(value))
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Bytes(Some(value.to_vec()))
    }
}
impl From<Option<Vec<u8>>> for Value {
    fn from(value: Option<Vec<u8>>) -> Self {
        Value::Bytes(value)
    }
}
macro_rules! id_values {
    ($($id:ident),* $(,)?) => {$(
        impl From<$id> for Value {
            fn from(value: $id) -> Self {
                Value::Bytes(Some(value.uuid().to_be_bytes().to_vec()))
            }
        }
        impl From<Option<$id>> for Value {
            fn from(value: Option<$id>) -> Self {
                Value::Bytes(value.map(|id| id.uuid().to_be_bytes().to_vec()))
            }
        }
    )*};
}

id_values!(
    ContactId,
    PointId,
    InboxId,
    ConversationId,
    MessageId,
    AttachmentId,
    StaffId,
    ConnectionId,
    ContactFieldId,
    ObjectMappingId,
    LinkId,
    SyncRunId,
    CreateIntentId,
    UnassignedTextId,
    SessionId,
    CarrierAccountId,
    SenderId,
    ApiKeyId,
    AuditId,
    ConsentEntryId,
    JobId,
);

/// A value as JSON text, for a column that holds JSON.
pub fn json_text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have string keys and finite numbers")
}

pub(super) fn postgres_arguments(args: Vec<Value>) -> Result<PgArguments> {
    use sqlx::Arguments as _;
    let mut all = PgArguments::default();
    for value in args {
        match value {
            Value::Int(value) => all.add(value),
            Value::Text(value) => all.add(value),
            Value::Bytes(value) => all.add(value),
        }
        .map_err(|error| StorageError::Database(error.to_string()))?;
    }
    Ok(all)
}
