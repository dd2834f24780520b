//! Who may see and do what.
//!
//! A request carries a [`Principal`]. Its [`Rights`] say which acts are open to it, its [`Scope`]
//! says on which people and conversations. Every reader of contacts, conversations, messages and
//! events puts the scope into its WHERE clause; every write begins with an [`Actor`].

mod actor;
mod audited;
mod failures;
mod keys;
mod principal;
mod rights;
mod scope;
mod staffing;

pub use actor::{Actor, ActorKind, By};
pub use audited::AuditedAct;
pub use failures::{FAILURES_KEPT_MS, FailureKey, Failures};
pub use keys::{KeyRefusal, may_give_key};
pub use principal::{ApiKey, Caller, Component, Principal, StaffMember};
pub use rights::{Right, Rights, Role};
pub use scope::{Participant, Reach, Scope};
pub use staffing::{
    Giver, StaffRefusal, Standing, may_change, may_change_members, may_manage, may_open,
};
