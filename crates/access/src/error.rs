//! What can go wrong with signing in, and with saying who may what.

use tieline_domain::access::{KeyRefusal, StaffRefusal};
use tieline_storage::StorageError;

/// The result of a call.
pub type Result<T> = std::result::Result<T, AccessError>;

/// Why somebody is not signed in, or a user not changed.
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
    /// Too many tries failed; the next is weighed after so many milliseconds.
    #[error("too many tries failed; wait a little, then try again")]
    TooManyTries(i64),
    /// More people sign in at this moment than are let in at once.
    #[error("too many people sign in at this moment; try again in a few seconds")]
    Busy,
    /// The link is unknown, used or over.
    #[error("this sign-in link was used already or is over; ask for a new one")]
    LinkOver,
    /// A password that is too easy.
    #[error("password: it has fewer than 12 characters; make it longer")]
    PasswordTooShort,
    /// What was given is no e-mail address.
    #[error("email: {0:?} is no e-mail address; write it as ann@example.com")]
    NoAddress(String),
    /// Somebody has that address.
    #[error("email: a user with this address exists; change that one, or take another address")]
    AddressTaken,
    /// A user or a key without a name.
    #[error("name: it is empty; say what to call it")]
    NoName,
    /// A name with characters that move what stands beside it.
    #[error("name: it holds characters that are not seen; write it without them")]
    UnseenInName,
    /// The caller may not do this.
    #[error(transparent)]
    Refused(#[from] StaffRefusal),
    /// The caller may not make such a key.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// Unknown, revoked or over; which of them is not said.
    #[error(
        "this key opens nothing: it is unknown, revoked or over; ask an administrator for another"
    )]
    WrongKey,
    /// A key that lives has that name.
    #[error("name: a key with this name exists; revoke that one, or take another name")]
    KeyNameTaken,
    /// A key that would be over before it is used.
    #[error("expires_at: this moment is past; name a later one, or none")]
    KeyOverAtOnce,
    /// A key was to act for a user who is unknown or deactivated.
    #[error("there is no active user of this id to act for; take one of /api/v1/staff")]
    NobodyToActFor,
    /// The caller lacks the right.
    #[error("your rights do not include this; ask an administrator")]
    NotAllowed,
}

impl AccessError {
    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            AccessError::Storage(error) => error.is_permanent(),
            AccessError::TooManyTries(_) | AccessError::Busy => false,
            _ => true,
        }
    }
}
