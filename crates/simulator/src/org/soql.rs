//! The org's query language, from text to rows: lexer and parser give a syntax tree, `binder` binds
//! its names to the schema as the user sees it, `run` chooses an index and finds the rows, and
//! `render` reads them when they are fetched.

mod aggregate;
pub mod ast;
mod binder;
mod columns;
mod condition;
mod csv;
mod date_literal;
mod date_part;
mod display;
mod error;
mod filter;
mod grouping;
mod lexer;
mod parser;
mod path;
mod pattern;
mod plan;
mod render;
mod run;
mod select;

use crate::org::{ApiError, Call, state::State};

pub(crate) use columns::column_metadata;
pub(crate) use csv::{csv_header, csv_rows};
pub use error::SoqlError;
pub use parser::parse;
pub(crate) use pattern::Pattern;
pub(crate) use plan::{Column, Plan};
pub(crate) use render::Renderer;
pub(crate) use run::{Found, run};

/// Parses a query and binds it to the schema as the user sees it, at a moment and with or without
/// deleted records.
pub(crate) fn plan(
    state: &State,
    call: &Call,
    soql: &str,
    moment: (i64, bool),
) -> Result<Plan, ApiError> {
    let query = parse(soql).map_err(|error| error.into_api(soql))?;
    bind(state, call, (&query, soql), moment)
}

/// Binds a query that was parsed, and perhaps changed, from this text.
pub(crate) fn bind(
    state: &State,
    call: &Call,
    (query, soql): (&ast::Query, &str),
    moment: (i64, bool),
) -> Result<Plan, ApiError> {
    let plan = binder::prepare(state, call, query, moment);
    plan.map_err(|error| error.into_api(soql))
}
