//! Files that came with messages. What a file calls itself is a stranger's word: it is served as
//! what can do nothing in a browser, under a name that leads nowhere.

use crate::id::{AttachmentId, MessageId};
use crate::time::Timestamp;
use crate::words::words;

/// Characters of a file's name that are kept.
const NAME_MAX: usize = 120;
/// What a browser shows and never runs; all else is bytes.
const INERT: [&str; 9] = [
    "application/pdf",
    "audio/mpeg",
    "audio/ogg",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/mp4",
];
/// What says nothing of a file.
const BYTES: &str = "application/octet-stream";

words!(
    /// Where the bytes of an attachment are.
    AttachmentPlace {
        /// In a folder of the hub's.
        Folder = "folder",
    }
);

words!(
    /// Whether the bytes of an attachment are there.
    AttachmentState {
        /// They are.
        Stored = "stored",
        /// They were deleted; that there was a file stays known.
        Gone = "gone",
    }
);

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Which; its bytes are kept by this name.
    pub id: AttachmentId,
    /// With what it came.
    pub message_id: MessageId,
    /// What it calls itself, by [`file_name`].
    pub name: String,
    /// What it says it is.
    pub media_type: String,
    /// How long it is.
    pub size_bytes: i64,
    /// The SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// Where they are.
    pub place: AttachmentPlace,
    /// Whether they are there.
    pub state: AttachmentState,
    /// When it came.
    pub created_at: Timestamp,
}

/// The type under which a file is handed to a browser.
pub fn served_as(media_type: &str) -> &'static str {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let inert = INERT.iter().find(|it| it.eq_ignore_ascii_case(essence));
    inert.copied().unwrap_or(BYTES)
}

/// A file's name without folders and without what a header or a file system would take for a sign.
pub fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|it| !it.is_control() && *it != '"');
    let name: String = plain.take(NAME_MAX).collect();
    let name = name.trim_matches([' ', '.']);
    match name.is_empty() {
        true => "file".to_owned(),
        false => name.to_owned(),
    }
}

/// What a message of files alone says while they are not fetched.
pub fn not_kept(number: u64) -> String {
    match number {
        1 => "[1 picture or file, not kept yet]".to_owned(),
        _ => format!("[{number} pictures or files, not kept yet]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_does_not_run_is_served_as_what_it_says() {
        for (given, served) in [
            ("image/png", "image/png"),
            ("IMAGE/JPEG", "image/jpeg"),
            ("text/plain; charset=utf-8", "text/plain"),
            (" text/plain ;charset=utf-8", "text/plain"),
            ("text/html", BYTES),
            ("image/svg+xml", BYTES),
            ("application/xhtml+xml", BYTES),
            ("text/plain, text/html", BYTES),
            ("", BYTES),
        ] {
            assert_eq!(served_as(given), served, "{given:?}");
        }
    }

    #[test]
    fn a_name_leads_nowhere_and_says_nothing_to_a_header() {
        for (given, kept) in [
            ("Lease 2026.pdf", "Lease 2026.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\photo.jpg", "photo.jpg"),
            ("a\r\nSet-Cookie: b\".png", "aSet-Cookie: b.png"),
            ("..", "file"),
            ("", "file"),
            ("Grüße.txt", "Grüße.txt"),
        ] {
            assert_eq!(file_name(given), kept, "{given:?}");
        }
        assert_eq!(file_name(&"x".repeat(500)).len(), NAME_MAX);
    }
}
