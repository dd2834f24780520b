//! Text as it is compared: for search, for sorting, and for telling whether two names are one.
//!
//! Case, accents and compatibility forms go by Unicode's tables, so that both databases find the same
//! without folding anything themselves. What a keyboard or a form makes of one sign is one sign here:
//! apostrophes go, hyphens are one. Marks that carry a sound of their own (Indic vowels and viramas,
//! Japanese voicing, Thai vowels) stay: without them other words would be found.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// The text without case, accents and apostrophes; folding it again changes nothing.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        let heard = text.bytes().filter(|byte| !matches!(byte, b'\'' | b'`'));
        return heard
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect();
    }
    let mut folded = String::with_capacity(text.len());
    // Before it is taken apart: an acute accent that stands alone would become a blank.
    let whole = text.chars().filter(|c| !is_silent(*c));
    for c in whole.nfkd().filter(|c| !is_silent(*c) && !is_accent(*c)) {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            push_folded(&mut folded, c);
        }
    }
    folded
}

/// Apostrophes in all their forms, and signs that are not seen.
fn is_silent(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '‘' | '’' | '‛' | '′' | '＇'
            | '\u{1ffd}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Marks above, below and through letters; by combining class, which keeps those of the module's opening.
/// The iota below a vowel is a letter of its own as soon as it is written in capitals.
fn is_accent(c: char) -> bool {
    c != '\u{345}' && matches!(canonical_combining_class(c), 1 | 10..=36 | 200..)
}

fn push_folded(folded: &mut String, c: char) {
    match c {
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => folded.push('-'),
        _ if c.is_whitespace() => folded.push(' '),
        // By way of capitals: that is where the two sigmas, ß and SS, ı and I meet.
        _ => folded.extend(
            c.to_lowercase()
                .flat_map(char::to_uppercase)
                .flat_map(char::to_lowercase)
                .flat_map(|c| plain(c).chars().chain(is_whole(c).then_some(c))),
        ),
    }
}

/// Letters that Unicode does not take apart, as those write who have no such key.
fn plain(c: char) -> &'static str {
    match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => "",
    }
}

fn is_whole(c: char) -> bool {
    plain(c).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ways_of_writing_one_name_are_one() {
        for (written, folded) in [
            ("Nguyễn", "nguyen"),
            ("Grüße", "grusse"),
            ("GRÜẞE", "grusse"),
            ("Łukasiewicz-Böhm", "lukasiewicz-bohm"),
            ("Jean\u{2011}Luc", "jean-luc"),
            ("Jean\u{2010}Luc", "jean-luc"),
            ("O'Bannon", "obannon"),
            ("O\u{2019}Bannon", "obannon"),
            ("O\u{b4}Bannon", "obannon"),
            ("O\u{1ffd}Bannon", "obannon"),
            ("Ødegård", "odegard"),
            ("Đặng", "dang"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("Οδυσσεύς", "οδυσσευσ"),
            ("ISTANBUL", "istanbul"),
            ("İstanbul", "istanbul"),
            ("Işık", "isik"),
            ("Þórður Æsir Œuvre", "thordur aesir oeuvre"),
            ("ﬁne\u{a0}Ｗｉｄｅ", "fine wide"),
        ] {
            assert_eq!(fold(written), folded, "{written}");
        }
    }

    #[test]
    fn marks_that_are_sounds_are_kept() {
        for (one, other) in [("कि", "का"), ("か", "が"), ("กุ", "กู")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn case_and_composition_make_no_difference(text in any::<String>()) {
            // No script has both an iota below a vowel, a letter in capitals, and marks that are sounds: those
            // would stand on either side of it.
            let is_sound = |c: char| c != '\u{345}' && !is_accent(c) && canonical_combining_class(c) != 0;
            prop_assume!(!(text.nfd().any(|c| c == '\u{345}') && text.nfd().any(is_sound)));
            let folded = fold(&text);
            let spelled = [
                text.to_uppercase(),
                text.to_lowercase(),
                text.nfc().collect(),
                text.nfd().collect(),
            ];
            for other in spelled {
                prop_assert_eq!(fold(&other), folded.as_str(), "{:?}", other);
            }
        }
    }

    #[test]
    fn every_letter_folds_the_same_from_its_capital() {
        for c in (0..=0x10_ffff_u32).filter_map(char::from_u32) {
            let (as_is, capital) = (fold(&c.to_string()), fold(&c.to_uppercase().to_string()));
            assert_eq!(as_is, capital, "{c:?} {:x}", c as u32);
            assert_eq!(fold(&as_is), as_is, "{c:?} {:x}", c as u32);
        }
    }
}
