//! What the tests of several crates share, and the tidy test of the workspace.

pub mod postgres;
