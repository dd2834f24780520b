//! Who people are, where an answer only knows their id.

use serde::Serialize;
use std::collections::BTreeMap;
use tieline_domain::id::{ContactId, StaffId};
use tieline_storage::{Conn, Result, Store, staff};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct StaffName {
    pub id: StaffId,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactName {
    pub id: ContactId,
    /// Null when the contact is no longer there.
    pub name: Option<String>,
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
        let id = id?;
        let name = self
            .0
            .get(&id)
            .map_or("Former colleague", String::as_str)
            .to_owned();
        Some(StaffName { id, name })
    }
}
