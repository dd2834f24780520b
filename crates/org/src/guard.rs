//! Which hosts a connection may talk to: Salesforce's own, and loopback for simulated ones.

use crate::error::{OrgError, Result};

const SALESFORCE_HOSTS: &[&str] = &[
    ".salesforce.com",
    ".force.com",
    ".salesforce.mil",
    ".sfcrmproducts.cn",
];

/// Checks an address that somebody gave or an org answered with.
pub fn check_url(field: &'static str, kind: &str, address: &str) -> Result<()> {
    let invalid = |problem: String| Err(OrgError::Invalid { field, problem });
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return invalid("an address with a user name in it is not accepted".to_owned());
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
    .to_ascii_lowercase();
    let loopback = matches!(host.as_str(), "127.0.0.1" | "localhost" | "[::1]");
    match kind {
        "simulated" if loopback => Ok(()),
        "simulated" => invalid(format!(
            "{host} is not this machine; a simulated org runs on 127.0.0.1"
        )),
        _ if scheme != "https" => invalid("it must begin with https://".to_owned()),
        _ if SALESFORCE_HOSTS.iter().any(|suffix| host.ends_with(suffix)) => Ok(()),
        _ => invalid(format!(
            "{host} is no host of Salesforce; use login.salesforce.com, test.salesforce.com or your My Domain"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_salesforce_is_reached_and_loopback_only_when_simulated() {
        for (kind, address, allowed) in [
            ("production", "https://login.salesforce.com", true),
            (
                "sandbox",
                "https://acme--uat.sandbox.my.salesforce.com",
                true,
            ),
            ("production", "http://login.salesforce.com", false),
            ("production", "https://127.0.0.1:8443", false),
            ("production", "https://salesforce.com.evil.example", false),
            (
                "production",
                "https://login.salesforce.com@evil.example",
                false,
            ),
            ("production", "https://evil.example/.salesforce.com", false),
            ("production", "https://evil.example?.salesforce.com", false),
            ("production", "https://169.254.169.254", false),
            ("simulated", "http://127.0.0.1:4010", true),
            ("simulated", "http://localhost:4010/x", true),
            ("simulated", "http://10.0.0.1", false),
            ("simulated", "http://127.0.0.1.evil.example", false),
        ] {
            assert_eq!(
                check_url("login_url", kind, address).is_ok(),
                allowed,
                "{kind} {address}"
            );
        }
    }
}
