//! Every storage method on both databases, through one harness.

mod contract {
    mod access;
    mod contacts;
    mod faults;
    pub mod harness;
    mod idempotency;
    mod jobs;
    mod schema;
    mod stream;
}
