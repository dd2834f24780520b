//! Words that a carrier and the law give a meaning: stop, start, help.
//!
//! The union of what carriers and the FCC list; the whole message counts, without regard to case,
//! spaces and a full stop at its end.

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
    let words: Vec<&str> = text.split_whitespace().collect();
    let said = words.join(" ").trim_end_matches(['.', '!']).to_lowercase();
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

#[cfg(test)]
mod tests {
    use super::*;

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
            ("", false, None),
        ] {
            assert_eq!(keyword(text, opted_out), meaning, "{text:?}");
        }
    }
}
