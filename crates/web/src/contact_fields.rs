//! The catalogue of contact fields over the API.

use crate::answer::{Answer, Created};
use crate::api::contact_fields::{
    ContactField, ContactFieldChange, ContactFieldCreate, ContactFieldList,
};
use crate::extract::{Json, Path};
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use serde_json::{Value, json};
use tieline_domain::access::{AuditedAct, Caller};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::id::ContactFieldId;
use tieline_storage::audit::{self, Entry};
use tieline_storage::{StorageError, contact_field};

pub(crate) async fn list(State(state): State<WebState>) -> Result<Answer<ContactFieldList>> {
    let catalogue = contact_field::load(&mut *state.store.reader().await?).await?;
    let items = catalogue.fields().iter().map(ContactField::of).collect();
    Ok(Answer(ContactFieldList { items }))
}

pub(crate) async fn add(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Json(create): Json<ContactFieldCreate>,
) -> Result<Created<ContactField>> {
    let mut tx = state.store.begin(&me.actor()).await?;
    let catalogue = contact_field::load_to_change(&mut tx).await?;
    let id = tx.new_id();
    let catalogue = catalogue.with(id, create.into_field())?;
    contact_field::save(&mut tx, &catalogue).await?;
    let added = shown(&catalogue, id)?;
    let entry = Entry {
        act: AuditedAct::AddContactField,
        target: id.to_string(),
        before: Value::Null,
        after: json!(added),
    };
    audit::add(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(Created(added))
}

pub(crate) async fn change(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ContactFieldId>,
    Json(change): Json<ContactFieldChange>,
) -> Result<Answer<ContactField>> {
    let mut tx = state.store.begin(&me.actor()).await?;
    let catalogue = contact_field::load_to_change(&mut tx).await?;
    let before = shown(&catalogue, id)?;
    // Only a change of its kind asks, and looks at every contact.
    let in_use = change.r#type.is_some() && contact_field::is_used(&mut tx, &before.name).await?;
    let changed = catalogue.changed(id, change.into_change(), in_use)?;
    let catalogue = changed.ok_or(StorageError::NotFound("contact field"))?;
    contact_field::save(&mut tx, &catalogue).await?;
    let after = shown(&catalogue, id)?;
    let entry = Entry {
        act: AuditedAct::ChangeContactField,
        target: id.to_string(),
        before: json!(before),
        after: json!(after),
    };
    audit::add(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(Answer(after))
}

fn shown(catalogue: &Catalogue, id: ContactFieldId) -> Result<ContactField> {
    let field = catalogue.fields().iter().find(|field| field.id == id);
    let field = field.ok_or(StorageError::NotFound("contact field"))?;
    Ok(ContactField::of(field))
}
