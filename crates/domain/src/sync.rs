//! The rules of the two-way mirror: what a value is on each side, who a record is, who wins.

pub mod change;
pub mod counts;
pub mod identify;
pub mod link;
pub mod mapping;
pub mod merge;
pub mod run;
pub mod settle;
pub mod standing;
