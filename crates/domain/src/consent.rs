//! Whether a contact point wants messages.

use crate::words::words;

words! {
    /// How a point stands, once it said something.
    ConsentState {
        OptedIn = "opted_in",
        OptedOut = "opted_out",
    }
}

words! {
    /// Where it was said.
    ConsentSource {
        /// In a text to us: STOP or START.
        Keyword = "keyword",
        /// To the carrier, which told us.
        Carrier = "carrier",
        /// For a number that the same text gave before.
        NumberReadAnew = "number_read_anew",
    }
}
