//! Users and their inboxes, for those who manage them.

use crate::answer::{Answer, Created, NoContent};
use crate::api::names::Names;
use crate::api::staff::{
    Inbox, InboxList, NewPassword, SignInLink, StaffCreate, StaffList, StaffMember, StaffPatch,
};
use crate::extract::{Json, NoBody, Path, Path2};
use crate::once::HoldsSecret;
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_access::staffing::LINK_MS;
use tieline_access::{NewStaff, StaffChange};
use tieline_domain::access::Caller;
use tieline_domain::id::{InboxId, StaffId};
use tieline_storage::staff::Staff;
use tieline_storage::{carrier_account, inbox, staff};

pub(crate) async fn list(State(state): State<WebState>) -> Result<Answer<StaffList>> {
    let all = staff::all(&mut *state.store.reader().await?).await?;
    Ok(Answer(StaffList {
        items: all.iter().map(StaffMember::of).collect(),
    }))
}

pub(crate) async fn add(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Json(new): Json<StaffCreate>,
) -> Result<Created<StaffMember>> {
    let new = NewStaff {
        name: new.name.into_string(),
        email: new.email.into_string(),
        role: new.role,
    };
    let added = state.access.add_staff(&me, &new).await?;
    Ok(Created(StaffMember::of(&added)))
}

pub(crate) async fn change(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<StaffId>,
    Json(change): Json<StaffPatch>,
) -> Result<Answer<StaffMember>> {
    let change = StaffChange {
        name: change.name.map(|name| name.into_string()),
        role: change.role,
        reviewer: change.reviewer,
        active: change.active,
    };
    let (changed, let_out) = state.access.change_staff(&me, id, &change).await?;
    let names = Names::load(&state.store).await?;
    Ok(Answer(StaffMember {
        signed_out: (let_out.iter())
            .filter_map(|id| names.of(Some(*id)))
            .collect(),
        ..StaffMember::of(&changed)
    }))
}

pub(crate) async fn set_password(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<StaffId>,
    Json(new): Json<NewPassword>,
) -> Result<NoContent> {
    let access = &state.access;
    access.set_password(&me, id, &new.password).await?;
    Ok(NoContent)
}

pub(crate) async fn sign_in_link(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<StaffId>,
    NoBody: NoBody,
) -> Result<(Extension<HoldsSecret>, Created<SignInLink>)> {
    let access = &state.access;
    let link = access.sign_in_link(&me, id, LINK_MS).await?;
    let answer = SignInLink {
        url: format!("{}/sign-in/{}", state.public_url, link.token),
        expires_at: link.expires_at,
    };
    Ok((Extension(HoldsSecret), Created(answer)))
}

pub(crate) async fn inboxes(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
) -> Result<Answer<InboxList>> {
    let opens = me.principal.opens();
    let names = Names::load(&state.store).await?;
    let mut reader = state.store.reader().await?;
    let senders = carrier_account::senders(&mut reader).await?;
    let mut items = Vec::new();
    let all = inbox::all(&mut reader).await?.into_iter();
    for inbox in all.filter(|it| opens.holds(it.id)) {
        let members = inbox::members(&mut reader, inbox.id).await?;
        items.push(Inbox {
            id: inbox.id,
            name: inbox.name,
            channel: inbox.channel,
            addresses: (senders.iter())
                .filter(|it| it.inbox_id == Some(inbox.id))
                .map(|it| it.address.clone())
                .collect(),
            members: members
                .iter()
                .filter_map(|id| names.of(Some(*id)))
                .collect(),
        });
    }
    Ok(Answer(InboxList { items }))
}

pub(crate) async fn add_member(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path2(inbox, staff): Path2<InboxId, StaffId>,
) -> Result<NoContent> {
    state.access.add_member(&me, inbox, staff).await?;
    Ok(NoContent)
}

pub(crate) async fn remove_member(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path2(inbox, staff): Path2<InboxId, StaffId>,
) -> Result<NoContent> {
    let access = &state.access;
    access.remove_member(&me, inbox, staff).await?;
    Ok(NoContent)
}

impl StaffMember {
    fn of(staff: &Staff) -> StaffMember {
        StaffMember {
            id: staff.id,
            name: staff.name.clone(),
            email: staff.email.clone(),
            role: staff.role,
            reviewer: staff.reviewer,
            active: staff.active,
            has_password: staff.password_hash.is_some(),
            signed_out: Vec::new(),
        }
    }
}
