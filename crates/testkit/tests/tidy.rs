//! The house rules that a machine can hold: crate arrows, sizes, names, forbidden calls in the
//! pure crate, readers without a scope. A new class of mistake gets a rule here.

mod tidy {
    pub mod arrows;
    pub mod circles;
    pub mod contract;
    pub mod docs;
    pub mod names;
    pub mod sizes;
    pub mod source;
    pub mod words;
}
