//! Sessions: one's own, and, for those who manage users, somebody else's.

use crate::answer::{Answer, NoContent};
use crate::api::staff::{OwnPassword, Session, SessionList};
use crate::extract::{Json, Path, Path2};
use crate::problem::Result;
use crate::state::WebState;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use tieline_access::{SignedIn, Which};
use tieline_domain::access::Caller;
use tieline_domain::id::{SessionId, StaffId};

pub(crate) async fn list_own(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
) -> Result<Answer<SessionList>> {
    list(&state, &me.caller(), Some(me.session), me.staff.id).await
}

pub(crate) async fn list_theirs(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<StaffId>,
) -> Result<Answer<SessionList>> {
    list(&state, &me, None, id).await
}

pub(crate) async fn end_own(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(id): Path<SessionId>,
) -> Result<NoContent> {
    end(&state, &me.caller(), me.staff.id, Which::One(id)).await
}

pub(crate) async fn end_own_others(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
) -> Result<NoContent> {
    end(
        &state,
        &me.caller(),
        me.staff.id,
        Which::AllBut(Some(me.session)),
    )
    .await
}

pub(crate) async fn end_theirs(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path2(id, session): Path2<StaffId, SessionId>,
) -> Result<NoContent> {
    end(&state, &me, id, Which::One(session)).await
}

pub(crate) async fn end_all_theirs(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<StaffId>,
) -> Result<NoContent> {
    end(&state, &me, id, Which::AllBut(None)).await
}

pub(crate) async fn change_own_password(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Visit(visit): Visit,
    Json(given): Json<OwnPassword>,
) -> Result<NoContent> {
    let OwnPassword { current, password } = given;
    let access = &state.access;
    access
        .change_own_password(&me, &current, &password, &visit)
        .await?;
    Ok(NoContent)
}

async fn list(
    state: &WebState,
    me: &Caller,
    own: Option<SessionId>,
    id: StaffId,
) -> Result<Answer<SessionList>> {
    let living = state.access.sessions(me, id).await?;
    let items = living.into_iter().map(|it| Session {
        id: it.id,
        current: Some(it.id) == own,
        created_at: it.created_at,
        last_seen_at: it.last_seen_at,
        expires_at: it.expires_at,
        ends_at: it.ends_at,
        address: it.address,
        agent: it.agent,
    });
    Ok(Answer(SessionList {
        items: items.collect(),
    }))
}

async fn end(state: &WebState, me: &Caller, id: StaffId, which: Which) -> Result<NoContent> {
    state.access.end_sessions(me, id, which).await?;
    Ok(NoContent)
}
