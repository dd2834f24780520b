//! What a search asks for, and what is looked through.
//!
//! Both sides are folded here, so that the database compares bytes. A number is one thing however it is
//! spelled: it is asked for by the digits that all spellings share, and each text carries the digits of
//! its numbers in one piece.

mod excerpt;

pub use excerpt::{Piece, excerpt};

use crate::fold::fold;
use crate::phone;

/// Words beyond these are left out: the search finds more then, and never costs more.
pub const WORDS_MAX: usize = 8;
/// Characters of one word; the rest of it is left out.
pub const WORD_CHARS_MAX: usize = 64;
/// Fewer digits are a word like any other.
const DIGITS_MIN: usize = 3;

/// One condition of a search; all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Folded; found anywhere within a text.
    Word(String),
    /// Digits in one piece, or each of the words it was typed as.
    Number { digits: String, words: Vec<String> },
}

/// Reads a search as typed, by people in `country` (ISO 3166).
pub fn read(text: &str, country: &str) -> Vec<Term> {
    let folded = fold(text);
    let words: Vec<String> = folded.split_whitespace().take(WORDS_MAX).map(cut).collect();
    words
        .chunk_by(|a, b| is_numeric(a) && is_numeric(b))
        .flat_map(|together| term(together, country))
        .collect()
}

/// What a search looks through for a text: it folded, and its numbers in one piece each.
pub fn haystack(text: &str) -> String {
    let mut folded = fold(text);
    let mut numbers = String::new();
    let words: Vec<&str> = folded.split_whitespace().collect();
    for together in words.chunk_by(|a, b| has_digits(a) && has_digits(b)) {
        let digits = digits_of(together);
        if digits.len() >= DIGITS_MIN && (together.len() > 1 || together[0] != digits) {
            numbers.push(' ');
            numbers.push_str(&digits);
        }
    }
    folded.push_str(&numbers);
    folded
}

fn term(together: &[String], country: &str) -> Vec<Term> {
    let digits = digits_of(together);
    if !is_numeric(&together[0]) || digits.len() < DIGITS_MIN {
        return together.iter().cloned().map(Term::Word).collect();
    }
    let shared = phone::national_digits(&together.join(" "), country)
        .unwrap_or_else(|| digits.trim_start_matches('0').to_owned());
    // Noughts alone are digits too.
    let digits = if shared.is_empty() { digits } else { shared };
    vec![Term::Number {
        digits,
        words: together.to_vec(),
    }]
}

/// Digits, and what people put between them.
fn is_numeric(word: &str) -> bool {
    has_digits(word)
        && word
            .chars()
            .all(|c| c.is_ascii_digit() || "+()-./".contains(c))
}

/// A word that may be part of a number in a sentence, its full stop or comma included.
fn has_digits(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && !word.chars().any(char::is_alphabetic)
}

fn digits_of<W: AsRef<str>>(words: &[W]) -> String {
    let all = words.iter().flat_map(|word| word.as_ref().chars());
    all.filter(char::is_ascii_digit).collect()
}

fn cut(word: &str) -> String {
    word.chars().take(WORD_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(search: &str, text: &str) -> bool {
        let hay = haystack(text);
        read(search, "GB").iter().all(|term| match term {
            Term::Word(word) => hay.contains(word),
            Term::Number { digits, words } => {
                hay.contains(digits) || words.iter().all(|word| hay.contains(word))
            }
        })
    }

    #[test]
    fn a_text_is_found_however_it_is_spelled() {
        for (search, text) in [
            ("gruße", "Viele GRÜSSE aus Köln"),
            ("Grüße", "viele grüße"),
            ("nguyen", "Nguyễn"),
            ("Nguyễn", "NGUYEN"),
            ("O’Bannon", "Mrs O'Bannon called"),
            ("obannon", "Mrs O'Bannon called"),
            ("555-0142", "call 555-0142."),
            ("5550142", "call (555) 0142, please"),
            ("07700 905600", "my number is +44 7700 905600!"),
            ("+44 7700 905600", "my number is 07700-905600"),
            ("0044 7700 905600", "07700905600"),
            ("7700 9056", "07700 905600"),
            ("12 2026", "On 12 March 2026"),
            ("000", "000"),
            ("", "anything"),
        ] {
            assert!(finds(search, text), "{search} in {text}");
        }
        for (search, text) in [
            ("07700 905600", "07700 905601"),
            ("bob", "Ann"),
            ("12 2027", "12 March 2026"),
            ("000", "nothing of the kind"),
        ] {
            assert!(!finds(search, text), "{search} in {text}");
        }
    }

    #[test]
    fn a_number_is_what_has_enough_digits_and_only_what_stands_between_digits() {
        let number = |digits: &str, word: &str| Term::Number {
            digits: digits.to_owned(),
            words: vec![word.to_owned()],
        };
        let word = |word: &str| Term::Word(word.to_owned());
        for (search, term) in [
            ("555-0142", number("5550142", "555-0142")),
            ("000", number("000", "000")),
            ("12", word("12")),
            ("#55501", word("#55501")),
            ("12:30:45", word("12:30:45")),
        ] {
            assert_eq!(read(search, "GB"), [term], "{search}");
        }
    }

    #[test]
    fn a_search_of_a_thousand_words_asks_for_eight() {
        let long = vec!["x".repeat(500); 1_000].join(" ");
        let terms = read(&long, "GB");
        assert_eq!(terms, vec![Term::Word("x".repeat(64)); 8]);
    }

    proptest! {
        #[test]
        fn each_word_of_a_text_finds_it(text in any::<String>(), sentence in "[a-zß0-9 .,+-]{0,40}") {
            for text in [text, sentence] {
                for word in text.split_whitespace().filter(|word| word.chars().count() <= 40) {
                    prop_assert!(finds(word, &text), "{:?} in {:?}", word, text);
                }
            }
        }
    }
}
