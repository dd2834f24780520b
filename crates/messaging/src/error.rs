//! What can go wrong with messages.

use tieline_domain::gate::Refusal;
use tieline_storage::StorageError;

/// The result of a call.
pub type Result<T> = std::result::Result<T, MessagingError>;

/// Why something about a message failed.
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The send gate.
    #[error("{}", .0.failure.sentence())]
    Refused(Refusal),
    /// An input of a batch was not stored; the sender tries again.
    #[error("the message was not stored ({0}); send it again")]
    NotStored(String),
    /// What the caller asked for makes no sense.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl MessagingError {
    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            MessagingError::Storage(error) => error.is_permanent(),
            MessagingError::Refused(_) | MessagingError::Invalid { .. } => true,
            MessagingError::NotStored(_) => false,
        }
    }
}
