//! Words that a carrier and the law give a meaning: stop, start, help.
//!
//! The union of what carriers and the FCC list; the whole message counts, without regard to case, width,
//! spaces, characters that nobody sees, and what is neither letter nor digit at its ends.

use crate::text::is_invisible;
use unicode_normalization::UnicodeNormalization as _;

/// What a message asks for by a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// Who is this?
    Help,
}

const STOP: &[&str] = &[
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "end",
    "quit",
    "cancel",
    "revoke",
    "optout",
    "opt out",
    "opt-out",
    "remove",
    "td",
    "arret",
    "arrêt",
];
const START: &[&str] = &["start", "unstop"];
const HELP: &[&str] = &["help", "info"];

/// The keyword that a message is. YES opts in only who is opted out; else it is an ordinary answer.
pub fn keyword(text: &str, opted_out: bool) -> Option<Keyword> {
    let said = said(text);
    let is = |list: &[&str]| list.contains(&said.as_str());
    if is(STOP) {
        Some(Keyword::Stop)
    } else if is(START) || (opted_out && said == "yes") {
        Some(Keyword::Start)
    } else if is(HELP) {
        Some(Keyword::Help)
    } else {
        None
    }
}

/// What was said, in the one form that the lists know.
fn said(text: &str) -> String {
    let seen: String = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let words = words.join(" ").to_lowercase();
    words
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_carriers_and_the_law_list_is_heard() {
        let stop = "stop stopall unsubscribe end quit cancel revoke optout opt-out remove td arret";
        for (words, meaning) in [
            (stop, Keyword::Stop),
            ("start unstop", Keyword::Start),
            ("help info", Keyword::Help),
        ] {
            for word in words.split(' ') {
                assert_eq!(keyword(word, false), Some(meaning), "{word}");
            }
        }
        assert_eq!(keyword("Opt out", false), Some(Keyword::Stop));
    }

    #[test]
    fn the_whole_message_decides() {
        for (text, opted_out, meaning) in [
            ("STOP", false, Some(Keyword::Stop)),
            (" stop. ", false, Some(Keyword::Stop)),
            ("Stop  All", false, Some(Keyword::Stop)),
            ("OptOut", true, Some(Keyword::Stop)),
            ("stop by tomorrow", false, None),
            ("please end this", false, None),
            ("START", true, Some(Keyword::Start)),
            ("yes", true, Some(Keyword::Start)),
            ("yes", false, None),
            ("Help", false, Some(Keyword::Help)),
            ("STOP !", false, Some(Keyword::Stop)),
            ("\"Stop\"", false, Some(Keyword::Stop)),
            ("stop 🙏", false, Some(Keyword::Stop)),
            ("ＳＴＯＰ", false, Some(Keyword::Stop)),
            ("ST\u{200b}OP\u{feff}", false, Some(Keyword::Stop)),
            ("Arre\u{302}t.", false, Some(Keyword::Stop)),
            ("(opt-out)", false, Some(Keyword::Stop)),
            ("yes!", true, Some(Keyword::Start)),
            ("¿help?", false, Some(Keyword::Help)),
            ("stop? no", false, None),
            ("!!!", false, None),
            ("", false, None),
        ] {
            assert_eq!(keyword(text, opted_out), meaning, "{text:?}");
        }
    }
}
