//! The org as a program meets it over HTTP: statuses, headers, shapes of answers.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

mod duplicates;
mod rest;
mod support;
