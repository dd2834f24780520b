//! Every public function of the storage on both databases, through one harness; the tidy test holds that.

mod contract {
    mod access;
    mod attachments;
    mod carriers;
    mod clocks;
    mod contact_fields;
    mod contacts;
    mod conversations;
    mod days;
    mod exchanges;
    mod faults;
    mod finding;
    pub mod harness;
    mod idempotency;
    mod jobs;
    mod kept;
    mod keys;
    mod leases;
    mod neighbours;
    mod once;
    mod orgs;
    mod pages;
    pub mod people;
    mod plans;
    mod reach;
    mod readings;
    mod schema;
    mod stale;
    mod stream;
    mod tasks;
    mod threads;
    mod works;
}
