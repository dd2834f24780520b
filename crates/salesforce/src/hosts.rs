//! Which hosts a connection may talk to: Salesforce's own, and this machine for simulated ones.
//!
//! Asked of every request as it leaves, not only of addresses as they are set: an org's answers
//! (the instance of a session, the next page, a redirect) decide where the session goes as well.

use crate::error::{Error, Result};
use url::{Host, Url};

const SALESFORCE: &[&str] = &[
    ".salesforce.com",
    ".force.com",
    ".salesforce.mil",
    ".sfcrmproducts.cn",
];

/// The hosts of one kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// Salesforce's, over https.
    Salesforce,
    /// This machine.
    Loopback,
}

impl Hosts {
    /// An address that these hosts may be reached at, or why not.
    pub fn check(self, address: &str) -> std::result::Result<Url, String> {
        let url =
            Url::parse(address).map_err(|error| format!("{address:?} is no address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a user name in it is not accepted".to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        match (self, url.scheme()) {
            (Hosts::Salesforce, "https") if is_salesforce(&url) => Ok(url),
            (Hosts::Salesforce, "https") => Err(format!(
                "{host} is no host of Salesforce; use login.salesforce.com, test.salesforce.com or your My Domain"
            )),
            (Hosts::Salesforce, _) => Err("it must begin with https://".to_owned()),
            (Hosts::Loopback, "http" | "https") if is_loopback(&url) => Ok(url),
            (Hosts::Loopback, _) => Err(format!(
                "{host} is not this machine; a simulated org runs on http://127.0.0.1"
            )),
        }
    }

    /// Scheme, host and port of an address that may be reached, without a slash at their end.
    pub(crate) fn origin(self, address: &str) -> std::result::Result<String, String> {
        Ok(self.check(address)?.origin().ascii_serialization())
    }

    /// The address of a resource of an instance. Whatever an org answers as a path leads nowhere
    /// else.
    pub(crate) fn resource(self, instance_url: &str, path: &str) -> Result<Url> {
        let invalid = |why: String| Error::Invalid(format!("instance_url: {why}"));
        let instance = self.check(instance_url).map_err(invalid)?;
        let below = path.starts_with("/services/");
        let resource = instance.join(path).ok().filter(|resource| {
            below
                && resource.origin() == instance.origin()
                && resource.path().starts_with("/services/")
        });
        resource.ok_or_else(|| Error::Unexpected(format!("{path:?} is no path of the API")))
    }

    /// The address of a page of the sign-in host, which may have a path of its own.
    pub(crate) fn sign_in(self, login_url: &str, page: &str) -> Result<Url> {
        let invalid = |why: String| Error::Invalid(format!("login_url: {why}"));
        let mut url = self.check(login_url).map_err(invalid)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["services", "oauth2", page]);
        }
        Ok(url)
    }
}

fn is_salesforce(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else {
        return false;
    };
    SALESFORCE.iter().any(|suffix| host.ends_with(suffix))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_salesforce_is_reached_and_loopback_only_when_simulated() {
        use Hosts::{Loopback, Salesforce};
        for (hosts, address, allowed) in [
            (Salesforce, "https://login.salesforce.com", true),
            (
                Salesforce,
                "https://acme--uat.sandbox.my.salesforce.com",
                true,
            ),
            (
                Salesforce,
                "https://ACME.My.Salesforce.com/services/data",
                true,
            ),
            (Salesforce, "http://login.salesforce.com", false),
            (Salesforce, "https://127.0.0.1:8443", false),
            (Salesforce, "https://salesforce.com.evil.example", false),
            (
                Salesforce,
                "https://login.salesforce.com@evil.example",
                false,
            ),
            (Salesforce, "https://me@login.salesforce.com", false),
            (Salesforce, "https://:secret@login.salesforce.com", false),
            (Salesforce, "https://evil.example/.salesforce.com", false),
            (Salesforce, "https://evil.example?.salesforce.com", false),
            (Salesforce, "https://evil.example#.salesforce.com", false),
            (Salesforce, "https://evil.example\\.salesforce.com", false),
            (
                Salesforce,
                "https://evil.example\\@login.salesforce.com",
                false,
            ),
            (
                Salesforce,
                "https://login.salesforce.com\t.evil.example",
                false,
            ),
            (Salesforce, "https://169.254.169.254", false),
            (Salesforce, "file:///etc/passwd", false),
            (Salesforce, "", false),
            (Loopback, "http://127.0.0.1:4010", true),
            (Loopback, "http://localhost:4010/x", true),
            (Loopback, "http://[::1]:4010", true),
            (Loopback, "http://10.0.0.1", false),
            (Loopback, "http://127.0.0.1.evil.example", false),
            (Loopback, "http://127.0.0.1@evil.example", false),
            (Loopback, "ftp://127.0.0.1", false),
            (Loopback, "https://login.salesforce.com", false),
        ] {
            assert_eq!(hosts.check(address).is_ok(), allowed, "{hosts:?} {address}");
        }
    }

    #[test]
    fn a_path_that_an_org_answers_leads_nowhere_else() {
        let resource = |path| Hosts::Loopback.resource("http://127.0.0.1:4010", path);
        assert_eq!(
            resource("/services/data/v66.0/query/01g-2000")
                .unwrap()
                .as_str(),
            "http://127.0.0.1:4010/services/data/v66.0/query/01g-2000"
        );
        for path in [
            "@127.0.0.2:4011/x",
            ".evil.example/services/x",
            "//evil.example/services/x",
            "/\\evil.example/services/x",
            "http://127.0.0.2/services/x",
            "/services/../secur/frontdoor.jsp",
            "/services/%2e%2e/secur/frontdoor.jsp",
            "services/data",
            "",
        ] {
            assert!(resource(path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_sign_in_host_may_have_a_path() {
        let page = |login| {
            Hosts::Salesforce
                .sign_in(login, "token")
                .unwrap()
                .to_string()
        };
        let plain = "https://login.salesforce.com/services/oauth2/token";
        assert_eq!(page("https://login.salesforce.com"), plain);
        assert_eq!(page("https://login.salesforce.com/"), plain);
        assert_eq!(
            page("https://acme.my.salesforce.com/portal"),
            "https://acme.my.salesforce.com/portal/services/oauth2/token"
        );
    }
}
