//! The shapes of the API: what requests carry and what answers hold. The description and the types
//! of the staff app are made of these, so a shape that is not here does not exist.
//!
//! Requests refuse fields that they do not know. Answers are told whole: a field without a value is
//! null, never left out.

pub(crate) mod contact_fields;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod live;
pub(crate) mod me;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod settings;
pub(crate) mod staff;
pub(crate) mod sync;
pub(crate) mod text;
pub(crate) mod unassigned_texts;
