//! The engine of the pretend org, called as its HTTP surface calls it. Tests whose names begin with
//! `mistake_` hold one of the things that a naive simulator gets wrong.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod customise;
mod describe;
mod dml;
mod duplicates;
mod formula;
mod life;
mod life_rules;
mod people;
mod person_accounts;
mod person_life;
mod rights;
mod scale;
mod snapshot;
mod soql_errors;
mod soql_printing;
mod soql_results;
mod support;
mod transaction;
mod validation;
