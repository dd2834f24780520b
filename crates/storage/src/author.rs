//! An author as three columns: kind, id, and the reason of what the hub says by itself.

use crate::db::{Kept, Row, Value};
use crate::error::Result;
use tieline_domain::conversation::{Author, AuthorKind, HubReason};

impl Kept<3> for Author {
    type Field = Author;

    fn values(author: &Author) -> [Value; 3] {
        let id = match *author {
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

    fn read(row: &Row, [kind, id, reason]: [&str; 3]) -> Result<Author> {
        Ok(match row.word(kind, AuthorKind::parse)? {
            AuthorKind::Staff => Author::Staff(row.id(id)?),
            AuthorKind::Contact => Author::Contact,
            AuthorKind::Visitor => Author::Visitor,
            AuthorKind::ApiKey => Author::ApiKey(row.id(id)?),
            AuthorKind::Hub => Author::Hub(row.word(reason, HubReason::parse)?),
        })
    }
}
