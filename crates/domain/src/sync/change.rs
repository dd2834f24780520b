//! What a run did to a record or contact, as the journal tells it.

use crate::words::words;

words! {
    /// Which side was changed.
    ChangeDirection {
        ToHub = "to_hub",
        ToOrg = "to_org",
    }
}

words! {
    /// What was done.
    ChangeAct {
        Create = "create",
        Update = "update",
        Delete = "delete",
        /// A record and a contact were tied, or parted.
        Link = "link",
        /// Both sides changed a field, and a person is to decide.
        Conflict = "conflict",
    }
}

words! {
    /// What came of it.
    ChangeState {
        Applied = "applied",
        Failed = "failed",
        /// It was left for a person.
        Skipped = "skipped",
    }
}
