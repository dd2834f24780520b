//! How records and contacts are tied, and how a record comes to be.

use crate::words::words;

words! {
    /// How it is with the two sides of a link.
    LinkState {
        /// They are kept in step.
        Active = "active",
        /// Both changed a field whose policy is to ask.
        Conflict = "conflict",
        /// The record is gone and the contact stays.
        Gone = "gone",
    }
}

words! {
    /// How far a record is that Tieline means to create.
    IntentState {
        /// Nobody knows yet what came of it.
        Open = "open",
        /// More records fit than were sent; a person was told.
        Ambiguous = "ambiguous",
        /// It exists, or nothing came of it.
        Done = "done",
    }
}
