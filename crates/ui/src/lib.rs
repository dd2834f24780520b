//! The staff app, built by Vite and embedded in the binary.

use std::borrow::Cow;

/// A file of the app.
pub struct Asset {
    /// What it holds.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub content_type: &'static str,
    /// Changes with the bytes.
    pub etag: String,
    /// Whether its name changes with its bytes, so that it may be kept for ever.
    pub immutable: bool,
}

/// The file of that name.
pub fn asset(_path: &str) -> Option<Asset> {
    None
}

/// The page that starts the app.
pub fn staff_app_html() -> Option<Asset> {
    None
}
