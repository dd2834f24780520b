//! Wiring: the parts of the hub put together, the worker that does its jobs, and the verbs of the
//! command line.

pub mod command;
pub mod demo;
mod ending;
pub mod figures;
pub mod hub;
pub mod keys;
pub mod operator;
pub mod real;
pub mod say;
pub mod serve;
pub mod settings;
pub mod simulate;
pub mod story;
pub mod transport;
pub mod worker;

/// What a text needs is made on one thread and let go on another, which the system's allocator takes ill.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever ends a verb, told to the person at the terminal.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// How a verb ended.
pub type Outcome = Result<(), Error>;
