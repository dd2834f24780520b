//! The API from outside: what it answers to whom, whatever is sent.

mod batch;
mod corpus;
mod fields;
mod hostile;
mod jobs;
mod keys;
mod lists;
mod people;
mod reading;
mod refused;
mod repeated;
mod unassigned;
mod world;
