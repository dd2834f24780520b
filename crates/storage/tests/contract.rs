//! Storage calls on both databases, through one harness; not all of them yet.

mod contract {
    mod access;
    mod contacts;
    mod conversations;
    mod faults;
    pub mod harness;
    mod idempotency;
    mod jobs;
    mod schema;
    mod stream;
}
