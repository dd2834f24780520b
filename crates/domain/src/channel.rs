//! The ways by which people write.

use crate::words::words;

words! {
    /// How messages of a conversation travel.
    Channel {
        /// Texts, through a carrier.
        Sms = "sms",
    }
}
