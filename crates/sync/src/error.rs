//! What can go wrong while the two sides are kept in step.

use tieline_domain::catalogue::InvalidField;
use tieline_org::OrgError;
use tieline_storage::StorageError;

/// The result of a call.
pub type Result<T> = std::result::Result<T, SyncError>;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The connection.
    #[error(transparent)]
    Org(#[from] OrgError),
    /// The org.
    #[error(transparent)]
    Salesforce(#[from] tieline_salesforce::Error),
    /// A value that cannot be kept.
    #[error(transparent)]
    Field(#[from] InvalidField),
    /// A run is going on.
    #[error("a sync is running; wait for it, or cancel it")]
    Running,
    /// Somebody asked to stop.
    #[error("the run was cancelled")]
    Cancelled,
    /// The hub stops; the run goes on when it is back.
    #[error("the hub was stopped")]
    Stopping,
}

impl SyncError {
    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            SyncError::Storage(error) => error.is_permanent(),
            SyncError::Org(error) => error.is_permanent(),
            SyncError::Salesforce(error) => error.is_permanent(),
            SyncError::Field(_) | SyncError::Cancelled => true,
            SyncError::Running | SyncError::Stopping => false,
        }
    }
}
