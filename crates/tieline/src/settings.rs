//! What the settings may not be together, told before anything is opened.

use std::net::SocketAddr;
use tieline_web::check_public_url;

/// Where people reach the hub, or why it must not be reached so.
pub fn public_url(listen: SocketAddr, public_url: &str) -> Result<String, String> {
    let origin = check_public_url(public_url).map_err(|why| format!("public_url: {why}"))?;
    if origin.starts_with("http://") && !listen.ip().is_loopback() {
        return Err(format!(
            "listen: {listen} is reached from the network, where {origin} would carry passwords and sessions in \
             the clear; listen on 127.0.0.1, or put a proxy with https in front and set public_url to its address"
        ));
    }
    Ok(origin)
}

/// Where to show metrics: whoever reaches it may read them.
pub fn metrics_listen(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "" | "off" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| {
            format!("{text:?} is no address to listen on; write 127.0.0.1:9464, or off")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (listen, url, accepted) in [
            ("127.0.0.1:4000", "http://127.0.0.1:4000", true),
            ("[::1]:4000", "http://localhost:4000/", true),
            ("0.0.0.0:4000", "https://hub.example.com", true),
            ("127.0.0.1:4000", "https://hub.example.com", true),
            ("0.0.0.0:4000", "http://127.0.0.1:4000", false),
            ("[::]:4000", "http://localhost:4000", false),
            ("10.0.0.5:4000", "http://127.0.0.1:4000", false),
            ("127.0.0.1:4000", "http://127.0.0.1.evil.example", false),
            ("127.0.0.1:4000", "not a url", false),
            ("127.0.0.1:4000", "", false),
        ] {
            let found = public_url(listen.parse().unwrap(), url);
            assert_eq!(found.is_ok(), accepted, "{listen} {url}: {found:?}");
        }
    }

    #[test]
    fn metrics_are_off_unless_somebody_says_where() {
        assert_eq!(metrics_listen("off"), Ok(None));
        assert_eq!(metrics_listen(""), Ok(None));
        assert!(metrics_listen("127.0.0.1:9464").unwrap().is_some());
        assert!(metrics_listen("9464").is_err());
    }
}
