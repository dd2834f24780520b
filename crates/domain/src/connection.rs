//! How the hub is connected to an org.

use crate::words::words;

words! {
    /// What the org is, which says where its hosts may lie.
    ConnectionKind {
        Production = "production",
        Sandbox = "sandbox",
        /// The simulator on this machine.
        Simulated = "simulated",
    }
}

words! {
    /// Whether the org lets us in.
    ConnectionState {
        Connected = "connected",
        /// A person has to connect it again.
        NeedsSignIn = "needs_sign_in",
        /// It did not answer when it was asked last.
        Unreachable = "unreachable",
    }
}

words! {
    /// How tokens are got (OAuth 2.0).
    GrantKind {
        Refresh = "refresh",
        ClientCredentials = "client_credentials",
        Jwt = "jwt",
        Password = "password",
    }
}
