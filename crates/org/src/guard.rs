//! Which hosts a connection of a kind may talk to, asked of addresses as they are set. The client
//! asks again of every request.

use crate::error::{OrgError, Result};
use tieline_domain::connection::ConnectionKind;
use tieline_salesforce::Hosts;

/// The hosts of a kind of connection.
pub(crate) fn hosts_of(kind: ConnectionKind) -> Hosts {
    match kind {
        ConnectionKind::Simulated => Hosts::Loopback,
        ConnectionKind::Production | ConnectionKind::Sandbox => Hosts::Salesforce,
    }
}

/// Checks an address that somebody gave or an org answered with.
pub fn check_url(field: &'static str, kind: ConnectionKind, address: &str) -> Result<()> {
    let invalid = |problem| OrgError::Invalid { field, problem };
    hosts_of(kind).check(address).map(|_| ()).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_simulated_connection_reaches_this_machine() {
        for kind in [ConnectionKind::Production, ConnectionKind::Sandbox] {
            assert!(
                check_url("login_url", kind, "http://127.0.0.1:4010").is_err(),
                "{kind:?}"
            );
            assert!(
                check_url("login_url", kind, "https://login.salesforce.com").is_ok(),
                "{kind:?}"
            );
        }
        assert!(
            check_url(
                "login_url",
                ConnectionKind::Simulated,
                "http://127.0.0.1:4010"
            )
            .is_ok()
        );
        assert!(
            check_url(
                "login_url",
                ConnectionKind::Simulated,
                "https://login.salesforce.com"
            )
            .is_err()
        );
    }
}
