//! The records at the other end of a relationship, from either side.

use super::error::ApiError;
use super::id::RecordId;
use super::{Call, Org};

/// What a relationship leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Related {
    /// One record: its object and id.
    Parent(String, RecordId),
    /// The query for the children.
    Children(String),
}

impl Org {
    /// The object behind a child relationship such as `Contacts`, and its lookup to the parent.
    pub fn child_lookup(
        &self,
        call: &Call,
        object: &str,
        relationship: &str,
    ) -> Option<(String, String)> {
        let state = self.read();
        let def = state.visible_object(&call.user, object).ok()?;
        let child = def.child(relationship)?;
        let of = state.store.def(child.child);
        let lookup = &of.fields[child.field as usize];
        Some((of.name.clone(), lookup.name.clone()))
    }

    /// `sobjects/X/{id}/{relationship}`; an empty lookup leads nowhere.
    pub fn related(
        &self,
        call: &Call,
        (object, id): (&str, &str),
        relationship: &str,
    ) -> Result<Related, ApiError> {
        let state = self.read();
        state.get(call, (object, id), Some(&[]))?;
        let def = state.visible_object(&call.user, object)?;
        let (view, store) = (state.view(&call.user), &state.store);
        let id = RecordId::parse(id).ok_or_else(ApiError::not_found)?;
        let (_, slot) = store.locate(&id).ok_or_else(ApiError::not_found)?;
        if let Some(lookup) = def.lookup(relationship).filter(|f| view.sees(def.index, f)) {
            let parent = store.read(def.index, slot, lookup).as_id();
            let parent = parent.ok_or_else(ApiError::not_found)?;
            let (target, _) = store.live(&parent).ok_or_else(ApiError::not_found)?;
            return Ok(Related::Parent(store.def(target).name.clone(), parent));
        }
        let child = def
            .child(relationship)
            .filter(|c| view.object(c.child).read);
        let child = child.ok_or_else(ApiError::not_found)?;
        let of = store.def(child.child);
        let fields = of.fields.iter().filter(|f| view.sees(of.index, f));
        let names: Vec<&str> = fields.map(|f| f.name.as_str()).collect();
        let lookup = &of.fields[child.field as usize].name;
        Ok(Related::Children(format!(
            "SELECT {} FROM {} WHERE {lookup} = '{id}'",
            names.join(", "),
            of.name
        )))
    }
}
