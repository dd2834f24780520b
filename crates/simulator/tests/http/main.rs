//! The org as a program meets it over HTTP: statuses, headers, shapes of answers.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

mod answers;
mod batch;
mod bulk;
mod carrier;
mod collections;
mod composite;
mod conditional;
mod control;
mod control_org;
mod custom;
mod duplicates;
mod encoding;
mod limits;
mod list_views;
mod paths;
mod query_pages;
mod records;
mod replication;
mod rest;
mod rights;
mod screens;
mod search;
mod sign_in;
mod soap;
mod support;
mod tree;
