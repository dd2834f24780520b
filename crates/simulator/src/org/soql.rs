//! The org's query language, from text to rows: lexer and parser give a syntax tree, `plan` binds
//! its names to the schema as the user sees it and chooses an index, `run` finds the rows, and
//! `render` reads them when they are fetched.

mod aggregate;
pub mod ast;
mod condition;
mod date_literal;
mod display;
mod error;
mod lexer;
mod parser;
mod path;
mod pattern;
mod plan;
mod render;
mod run;
mod select;

pub use error::SoqlError;
pub use parser::parse;
pub(crate) use plan::{Plan, prepare};
pub(crate) use render::{attributes, render};
pub(crate) use run::{Found, run};
