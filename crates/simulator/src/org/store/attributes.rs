//! What every record says of itself in answers.

use serde_json::{Value as Json, json};

use super::{Slot, Store};

/// `{type, url}` of a record.
pub(in crate::org) fn attributes(store: &Store, object: usize, slot: Slot, version: &str) -> Json {
    let (name, id) = (&store.def(object).name, store.id_at(object, slot));
    json!({"type": name, "url": format!("/services/data/v{version}/sobjects/{name}/{id}")})
}
