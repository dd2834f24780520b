//! Every public function of the storage on both databases, through one harness; the tidy test holds that.

mod contract {
    mod access;
    mod attachments;
    mod carriers;
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
    mod keys;
    mod neighbours;
    mod orgs;
    pub mod people;
    mod readings;
    mod schema;
    mod stream;
    mod threads;
    mod works;
}
