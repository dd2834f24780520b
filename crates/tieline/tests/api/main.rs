//! The API from outside: what it answers to whom, whatever is sent.

mod authorization;
mod batch;
mod corpus;
mod cross_site;
mod fields;
mod foreign_inbox;
mod hostile;
mod jobs;
mod keys;
mod lists;
mod mappings;
mod pages;
mod people;
mod reading;
mod refused;
mod repeated;
mod sign_in;
mod sign_out;
mod signed_in_as;
mod told;
mod unassigned;
mod unknown;
mod world;
