//! Keys of programs, for those who may make them.

use crate::answer::{Answer, Created, NoContent};
use crate::api::keys::{Key, KeyCreate, KeyList, NewKey};
use crate::api::names::Names;
use crate::extract::{Json, Path};
use crate::once::HoldsSecret;
use crate::problem::{Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_domain::access::{Caller, Reach, Rights};
use tieline_domain::id::{ApiKeyId, InboxId};
use tieline_storage::inbox;

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
) -> Result<Answer<KeyList>> {
    let names = Names::load(&state.store).await?;
    let keys = state.access.keys(&me).await?;
    let items = keys
        .iter()
        .map(|key| Key::of(key, names.of(key.created_by)))
        .collect();
    Ok(Answer(KeyList { items }))
}

pub(crate) async fn add(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Json(create): Json<KeyCreate>,
) -> Result<(Extension<HoldsSecret>, Created<NewKey>)> {
    known_inboxes(&state, &create.inboxes).await?;
    is_no_id(&create.name)?;
    let inboxes = match (create.all_inboxes, create.inboxes.as_slice()) {
        (true, []) => Reach::All,
        (true, _) => {
            return Err(Problem::field(
                "inboxes",
                "some inboxes are named, and all are asked for",
                "name some, or ask for all",
            ));
        }
        (false, some) => Reach::only(some.iter().copied()),
    };
    let new = tieline_access::NewKey {
        name: create.name.into_string(),
        rights: Rights::of(&create.rights),
        inboxes,
        expires_at: create.expires_at,
    };
    let (key, secret) = state.access.add_key(&me, new).await?;
    let names = Names::load(&state.store).await?;
    let key = Key::of(&key, names.of(key.created_by));
    Ok((Extension(HoldsSecret), Created(NewKey { key, secret })))
}

pub(crate) async fn revoke(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ApiKeyId>,
) -> Result<NoContent> {
    state.access.revoke_key(&me, id).await?;
    Ok(NoContent)
}

/// Refuses a name by which one key would be taken for another.
fn is_no_id(name: &str) -> Result<()> {
    match name.trim().parse::<ApiKeyId>() {
        Err(_) => Ok(()),
        Ok(_) => Err(Problem::field(
            "name",
            "ids of keys look like this",
            "call it by what it is for",
        )),
    }
}

/// Refuses an inbox that nobody knows.
async fn known_inboxes(state: &WebState, ids: &[InboxId]) -> Result<()> {
    let all = inbox::all(&mut *state.store.reader().await?).await?;
    match ids.iter().find(|id| !all.iter().any(|it| it.id == **id)) {
        None => Ok(()),
        Some(unknown) => Err(Problem::field(
            "inboxes",
            format!("there is no inbox {unknown}"),
            "take those of /api/v1/inboxes",
        )),
    }
}
