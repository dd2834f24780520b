//! The staff app, built by Vite when this crate is built, and embedded in the binary.

/// Path, bytes and a hash of each file.
static FILES: &[(&str, &[u8], &str)] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file of the app.
pub struct Asset {
    /// What it holds.
    pub bytes: &'static [u8],
    /// Its media type.
    pub content_type: &'static str,
    /// Changes with the bytes.
    pub etag: String,
    /// Whether its name changes with its bytes, so that it may be kept for ever.
    pub immutable: bool,
}

/// The file of that name, `assets/index-….js`.
pub fn asset(path: &str) -> Option<Asset> {
    let (name, bytes, hash) = FILES.iter().find(|(name, _, _)| *name == path)?;
    Some(Asset {
        bytes,
        content_type: content_type(name),
        etag: (*hash).to_owned(),
        immutable: name.starts_with("assets/"),
    })
}

/// The page that starts the app; none in a build without it.
pub fn staff_app_html() -> Option<Asset> {
    asset("index.html")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unpacked; packed it is about a third.
    const SCRIPT_BYTES_MAX: usize = 330_000;

    #[test]
    fn the_embedded_app_is_real_and_small() {
        let page = staff_app_html().expect("built with the app");
        let html = String::from_utf8(page.bytes.to_vec()).unwrap();
        let script = html
            .split("src=\"/app/")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("a script");
        let script = asset(script).expect("the script that the page names");
        assert_eq!(script.content_type, "text/javascript; charset=utf-8");
        assert!(
            (10_000..SCRIPT_BYTES_MAX).contains(&script.bytes.len()),
            "{} bytes",
            script.bytes.len()
        );
        assert!(
            String::from_utf8_lossy(script.bytes).contains("/api/v1"),
            "it talks to the hub"
        );
    }
}
