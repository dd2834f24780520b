//! The two-way mirror between an org's records and the hub's contacts.
//!
//! A run pulls what changed in the org, merges it with what changed here, and pushes what the org
//! lacks; each batch is one transaction that also says where the run stands, so that a crash loses
//! and repeats nothing. Conversations reach the org as Tasks through the outbox.

pub mod activity;
pub mod anew;
mod ask;
mod batch;
pub mod contacts;
mod count;
mod create;
mod decide;
pub mod error;
mod fields;
mod incoming;
mod pull;
mod push;
mod retry;
pub mod run;
mod settle;
pub mod status;
mod transcript;

pub use anew::change_country;
pub use contacts::{
    ContactEdit, create_contact, create_contact_in, delete_contact, edit_contact, restore_contact,
};
pub use error::{Result, SyncError};
pub use run::{StartedBy, Sync};
