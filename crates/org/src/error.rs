//! What can go wrong with a connection.

use tieline_storage::StorageError;

/// The result of a call.
pub type Result<T> = std::result::Result<T, OrgError>;

/// Why something about a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum OrgError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The org.
    #[error(transparent)]
    Salesforce(#[from] tieline_salesforce::Error),
    /// A setting or an address that may not be used.
    #[error("{field}: {problem}")]
    Invalid {
        /// The setting.
        field: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Sealed bytes that this key does not open.
    #[error(
        "stored secrets cannot be opened with the keys of this key file; add the key that they were sealed with to it"
    )]
    Sealed,
}

impl OrgError {
    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            OrgError::Storage(error) => error.is_permanent(),
            OrgError::Salesforce(error) => error.is_permanent(),
            OrgError::Invalid { .. } | OrgError::Sealed => true,
        }
    }
}
