//! What can go wrong with signing in.

use tieline_storage::StorageError;

/// The result of a call.
pub type Result<T> = std::result::Result<T, AccessError>;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No such user, or another password; which of the two is not said.
    #[error(
        "the e-mail address or the password is not right; try again, or ask an administrator for a sign-in link"
    )]
    WrongCredentials,
    /// Too many tries.
    #[error("too many tries; wait a minute, then try again")]
    TooManyTries,
    /// The link is unknown, used or over.
    #[error("this sign-in link was used already or is over; ask for a new one")]
    LinkOver,
    /// A password that is too easy.
    #[error("password: it has fewer than 12 characters; make it longer")]
    PasswordTooShort,
}

impl AccessError {
    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            AccessError::Storage(error) => error.is_permanent(),
            AccessError::TooManyTries => false,
            _ => true,
        }
    }
}
