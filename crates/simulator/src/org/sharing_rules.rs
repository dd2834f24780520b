//! How open each object is, and which records were shared with whom beside that.

use std::collections::BTreeMap;

use super::id::RecordId;

/// The org-wide default of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Owners only.
    Private,
    /// Everybody reads, owners write.
    Read,
    /// Everybody reads and writes.
    ReadWrite,
    /// As the record's account or campaign.
    ControlledByParent,
}

/// How far a user's access to one record goes; each level holds those before it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RecordAccess {
    /// The record does not exist for the user.
    None,
    /// Reading.
    Read,
    /// Changing.
    Edit,
    /// Deleting.
    Delete,
    /// Everything, also giving it to somebody else.
    All,
}

impl Sharing {
    /// As EntityDefinition spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Private => "Private",
            Self::Read => "Read",
            Self::ReadWrite => "ReadWrite",
            Self::ControlledByParent => "ControlledByParent",
        }
    }
}

impl RecordAccess {
    /// As UserRecordAccess spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Read => "Read",
            Self::Edit => "Edit",
            Self::Delete => "Delete",
            Self::All => "All",
        }
    }
}

/// What differs from "open to all".
#[derive(Debug, Clone, Default)]
pub(crate) struct SharingRules {
    /// By object.
    pub defaults: BTreeMap<usize, Sharing>,
    /// By user and record.
    pub shares: BTreeMap<(RecordId, RecordId), RecordAccess>,
}
