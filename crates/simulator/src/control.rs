//! The control plane: what a test does to the pretend world behind the back of the program under
//! test. Every act is a method of `Simulator`; the HTTP routes only translate.

mod handle;
pub mod http;

pub use handle::UnknownSnapshot;
