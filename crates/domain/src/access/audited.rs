//! The acts that leave a line in the audit.

use crate::words::words;

words! {
    /// An act that leaves a line in the audit.
    AuditedAct {
        /// By a password or a link.
        SignIn = "sign_in",
        /// A wrong password of a user that there is.
        SignInFailed = "sign_in_failed",
        /// Of the session that asked for it.
        SignOut = "sign_out",
        /// A call that the caller's rights do not open.
        Refused = "refused",
        /// A new user.
        AddStaff = "add_staff",
        /// Name, role, right to review or activity of a user.
        ChangeStaff = "change_staff",
        /// Only that it was set.
        SetPassword = "set_password",
        /// Whoever holds it signs in as that user.
        MakeSignInLink = "make_sign_in_link",
        /// One or all sessions of a user.
        EndSessions = "end_sessions",
        /// A user became a member of an inbox.
        AddMember = "add_member",
        /// A user is no longer a member of an inbox.
        RemoveMember = "remove_member",
        /// A conversation was read beyond one's own inboxes.
        Review = "review",
        /// What is exchanged with the org.
        ChangeMapping = "change_mapping",
        /// The calls that Tieline may make to an org.
        ChangeConnection = "change_connection",
        /// What holds for the whole organisation.
        ChangeSettings = "change_settings",
        /// A field that contacts have from now on.
        AddContactField = "add_contact_field",
        /// How a field of contacts is shown and filled in.
        ChangeContactField = "change_contact_field",
        /// A new key of a program.
        AddKey = "add_key",
        /// The key opens nothing any more.
        RevokeKey = "revoke_key",
        /// Work that gave up is tried again.
        RetryJob = "retry_job",
        /// Work that gave up is dropped.
        DropJob = "drop_job",
    }
}
