//! An author as three columns: kind, id, and the reason of what the hub says by itself.

use crate::db::{Row, Value};
use crate::error::Result;
use tieline_domain::conversation::{Author, AuthorKind, HubReason};

/// The values of the three columns.
pub(crate) fn author_values(author: Author) -> [Value; 3] {
    let id = match author {
        Author::Staff(id) => Value::from(id),
        Author::ApiKey(id) => Value::from(id),
        Author::Contact | Author::Visitor | Author::Hub(_) => Value::Bytes(None),
    };
    let reason = match author {
        Author::Hub(reason) => Some(reason.as_str()),
        _ => None,
    };
    [author.kind().as_str().into(), id, reason.into()]
}

/// The author in columns that begin with `prefix`.
pub(crate) fn read_author(row: &Row, prefix: &str) -> Result<Author> {
    let column = |name: &str| format!("{prefix}{name}");
    Ok(match row.word(&column("author_kind"), AuthorKind::parse)? {
        AuthorKind::Staff => Author::Staff(row.id(&column("author_id"))?),
        AuthorKind::Contact => Author::Contact,
        AuthorKind::Visitor => Author::Visitor,
        AuthorKind::ApiKey => Author::ApiKey(row.id(&column("author_id"))?),
        AuthorKind::Hub => Author::Hub(row.word(&column("author_reason"), HubReason::parse)?),
    })
}
