//! The door through which every text enters: whatever somebody typed, pasted or sent by program.
//!
//! Behind it a text has no NUL (PostgreSQL keeps none), is in NFC (so that what looks equal is
//! equal), and its length is counted in characters, as people count. Lone surrogates cannot reach
//! it: a Rust string holds none, and the readers of JSON and UTF-8 refuse or replace them.

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Why a text may not enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It holds U+0000.
    #[error("it holds the NUL character, which no text may hold")]
    Nul,
    /// It is longer than its place allows.
    #[error("it has {length} characters, {max} fit")]
    TooLong {
        /// In characters.
        length: usize,
        /// In characters.
        max: usize,
    },
}

/// The text as it is kept, or why it may not enter: for callers who can be told.
pub fn enter(text: &str, max: usize) -> Result<String, Flaw> {
    if text.contains('\0') {
        return Err(Flaw::Nul);
    }
    let kept = composed(text);
    let length = kept.chars().count();
    if length > max {
        return Err(Flaw::TooLong { length, max });
    }
    Ok(kept)
}

/// Soft hyphens, joiners, marks of direction, variation selectors, fillers: phones put them in unasked, and
/// nobody sees them.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{2800}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether nobody sees anything of a text.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Whether a character is not seen and moves what stands beside it: a control, or a mark that turns the
/// direction of writing.
pub fn moves_others(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control()
}

/// The text as it is kept, without its NULs: for senders who cannot be told, so that what they
/// wrote is not lost.
pub fn clean(text: &str) -> String {
    if text.contains('\0') {
        composed(&text.replace('\0', ""))
    } else {
        composed(text)
    }
}

/// What looks equal is equal.
pub fn composed(text: &str) -> String {
    if is_nfc(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_equal_is_equal_behind_the_door() {
        assert_eq!(enter("Zoe\u{308}", 4), Ok("Zoë".to_owned()));
        assert_eq!(clean("Zoe\u{308}\0"), "Zoë");
    }

    #[test]
    fn a_nul_is_refused_or_left_out() {
        assert_eq!(enter("a\0b", 10), Err(Flaw::Nul));
        assert_eq!(clean("a\0b"), "ab");
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(enter("ßßß", 3), Ok("ßßß".to_owned()));
        let too_long = Flaw::TooLong { length: 4, max: 3 };
        assert_eq!(enter("ßßßß", 3), Err(too_long));
    }

    proptest! {
        #[test]
        fn what_was_cleaned_enters_as_it_is(text in any::<String>()) {
            let kept = clean(&text);
            prop_assert_eq!(enter(&kept, usize::MAX), Ok(kept));
        }
    }
}
