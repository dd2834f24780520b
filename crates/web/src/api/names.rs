//! Who people are, where an answer only knows their id.

use serde::Serialize;
use std::collections::BTreeMap;
use tieline_domain::conversation::{self as domain, HubReason};
use tieline_domain::id::{ApiKeyId, ContactId, StaffId};
use tieline_storage::{Conn, Result, Store, staff};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct StaffName {
    pub id: StaffId,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyName {
    pub id: ApiKeyId,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactName {
    pub id: ContactId,
    /// Null when the contact is no longer there; of what a run changed also where the caller may not read
    /// contacts. Who reads a conversation reads with whom it is.
    pub name: Option<String>,
}

/// Who wrote something.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Author {
    Staff(StaffName),
    /// Whoever answers to the conversation's address.
    Contact,
    /// A visitor of a website.
    Visitor,
    ApiKey {
        id: ApiKeyId,
    },
    /// The hub by itself.
    Hub {
        reason: HubReason,
    },
}

/// What an outside party said when it refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutsideError {
    pub code: String,
    pub text: String,
}

impl OutsideError {
    pub fn of(error: &(String, String)) -> OutsideError {
        OutsideError {
            code: error.0.clone(),
            text: error.1.clone(),
        }
    }
}

/// The names of all staff, also of those who left.
pub(crate) struct Names(BTreeMap<StaffId, String>);

impl Names {
    pub async fn load(store: &Store) -> Result<Names> {
        Names::read(&mut *store.reader().await?).await
    }

    pub async fn read(conn: &mut Conn) -> Result<Names> {
        let all = staff::all(conn).await?;
        Ok(Names(all.into_iter().map(|it| (it.id, it.name)).collect()))
    }

    pub fn of(&self, id: Option<StaffId>) -> Option<StaffName> {
        id.map(|id| self.of_staff(id))
    }

    pub fn of_author(&self, author: domain::Author) -> Author {
        match author {
            domain::Author::Staff(id) => Author::Staff(self.of_staff(id)),
            domain::Author::Contact => Author::Contact,
            domain::Author::Visitor => Author::Visitor,
            domain::Author::ApiKey(id) => Author::ApiKey { id },
            domain::Author::Hub(reason) => Author::Hub { reason },
        }
    }

    fn of_staff(&self, id: StaffId) -> StaffName {
        let name = self
            .0
            .get(&id)
            .map_or("Former colleague", String::as_str)
            .to_owned();
        StaffName { id, name }
    }
}
