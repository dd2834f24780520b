//! Where people reach the hub: what may be set as that, and which hosts a request may name.

use url::{Host, Url};

/// `scheme://host:port` of an address that the hub may be reached at, or why it may not. Sessions
/// travel over it, so plain http is for this machine alone.
pub fn check_public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| {
        format!("{text:?} is no address ({error}); write https://hub.example.com")
    })?;
    let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_user = !url.username().is_empty() || url.password().is_some();
    match url.scheme() {
        "http" | "https" if !is_origin || has_user => Err(format!(
            "{text:?} has more than scheme, host and port; write https://hub.example.com"
        )),
        "https" => Ok(url.origin().ascii_serialization()),
        "http" if is_local(&url) => Ok(url.origin().ascii_serialization()),
        "http" => Err(format!(
            "{text:?} would carry passwords and sessions over the network in the clear; \
             put a proxy with https in front and write its address"
        )),
        _ => Err(format!(
            "{text:?} is not an address of the web; write https://hub.example.com"
        )),
    }
}

/// Whether an address is one of this machine.
pub(crate) fn is_on_this_machine(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_local(&url))
}

/// Whether a request may name this host: ours, or this machine. A page of another site that had
/// its own name point here would name that one.
pub(crate) fn is_our_host(public_url: &str, host: &str) -> bool {
    if public_url
        .split_once("://")
        .is_some_and(|(_, ours)| ours == host)
    {
        return true;
    }
    let Ok(ours) = Url::parse(public_url) else {
        return false;
    };
    // Read as the address that it is part of, so that a port which goes without saying may be said.
    let Ok(named) = Url::parse(&format!("{}://{host}", ours.scheme())) else {
        return false;
    };
    let is_plain = named.path() == "/" && named.username().is_empty();
    is_plain && (named.origin() == ours.origin() || is_local(&named))
}

fn is_local(url: &Url) -> bool {
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
    fn only_an_origin_that_keeps_sessions_safe_is_taken() {
        for (text, origin) in [
            ("https://hub.example.com", Some("https://hub.example.com")),
            (
                "https://hub.example.com:8443/",
                Some("https://hub.example.com:8443"),
            ),
            (
                "https://hub.example.com:443",
                Some("https://hub.example.com"),
            ),
            ("HTTPS://Hub.Example.com", Some("https://hub.example.com")),
            ("http://127.0.0.1:4000", Some("http://127.0.0.1:4000")),
            ("http://localhost:4000", Some("http://localhost:4000")),
            ("http://[::1]:4000", Some("http://[::1]:4000")),
            ("http://127.0.0.1.evil.example", None),
            ("http://localhost.evil.example", None),
            ("http://127.0.0.1@evil.example", None),
            ("http://hub.example.com", None),
            ("http://10.0.0.5:4000", None),
            ("https://hub.example.com/tieline", None),
            ("https://hub.example.com?x", None),
            ("https://me@hub.example.com", None),
            ("ftp://hub.example.com", None),
            ("hub.example.com", None),
            ("not a url", None),
            ("", None),
        ] {
            let found = check_public_url(text).ok();
            assert_eq!(found.as_deref(), origin, "{text}");
        }
    }

    #[test]
    fn a_request_names_our_host_or_this_machine() {
        let ours = "https://hub.example.com";
        for (host, accepted) in [
            ("hub.example.com", true),
            ("HUB.example.com:443", true),
            ("127.0.0.1:4000", true),
            ("localhost", true),
            ("[::1]:4000", true),
            ("hub.example.com:8443", false),
            ("evil.example", false),
            ("hub.example.com.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil.example@hub.example.com", false),
            ("hub.example.com/x", false),
            ("", false),
        ] {
            assert_eq!(is_our_host(ours, host), accepted, "{host}");
        }
        assert!(is_our_host("http://127.0.0.1:4000", "127.0.0.1:4000"));
        assert!(!is_our_host("http://127.0.0.1:4000", "evil.example:4000"));
    }
}
