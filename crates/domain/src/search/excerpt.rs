//! The part of a text that a search found, with its hits marked as the text writes them.

use super::{Term, has_digits};
use crate::fold::fold;
use std::ops::Range;

/// Characters of an excerpt.
const EXCERPT_CHARS: usize = 160;
/// Characters before its first hit.
const LEAD_CHARS: usize = 40;

/// A piece of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Whether it is what was searched for.
    pub is_hit: bool,
}

/// The part of a text around the first hit of a search, in pieces; its beginning where nothing hits.
pub fn excerpt(text: &str, terms: &[Term]) -> Vec<Piece> {
    let hits = hits(text, terms);
    let part = part_around(text, hits.first().map_or(0, |hit| hit.start));
    let mut pieces = Vec::new();
    let mut push = |text: String, is_hit: bool| {
        if !text.is_empty() {
            pieces.push(Piece { text, is_hit });
        }
    };
    let mut at = part.start;
    let mut before = if part.start > 0 { "…" } else { "" }.to_owned();
    for hit in hits {
        let hit = hit.start.max(part.start)..hit.end.min(part.end);
        if hit.is_empty() {
            continue;
        }
        before.push_str(&text[at..hit.start]);
        push(std::mem::take(&mut before), false);
        push(text[hit.clone()].to_owned(), true);
        at = hit.end;
    }
    before.push_str(&text[at..part.end]);
    if part.end < text.len() {
        before.push('…');
    }
    push(before, false);
    pieces
}

/// Where the terms stand in a text, in order, none within another.
fn hits(text: &str, terms: &[Term]) -> Vec<Range<usize>> {
    let folded = Folded::of(text);
    let mut hits = Vec::new();
    for term in terms {
        match term {
            Term::Word(word) => hits.extend(folded.find(word)),
            Term::Number { digits, words } => {
                let mut found = folded.find_digits(digits);
                if found.is_empty() {
                    found = words.iter().flat_map(|word| folded.find(word)).collect();
                }
                hits.extend(found);
            }
        }
    }
    hits.sort_by_key(|hit| (hit.start, hit.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for hit in hits {
        match apart.last_mut() {
            Some(last) if hit.start <= last.end => last.end = last.end.max(hit.end),
            _ => apart.push(hit),
        }
    }
    apart
}

/// A folded text that knows where each of its bytes comes from.
struct Folded {
    text: String,
    /// For each byte, the character that it was.
    origins: Vec<Range<usize>>,
}

impl Folded {
    fn of(text: &str) -> Folded {
        let (mut folded, mut origins) = (String::new(), Vec::new());
        for (at, c) in text.char_indices() {
            folded.push_str(&fold(c.encode_utf8(&mut [0; 4])));
            origins.resize(folded.len(), at..at + c.len_utf8());
        }
        Folded {
            text: folded,
            origins,
        }
    }

    /// Where that stands in the text as it was; an accent that follows goes with its letter.
    fn origin(&self, found: Range<usize>) -> Range<usize> {
        let next = self.origins.get(found.end);
        let end = match next {
            Some(next) if next.start > self.origins[found.end - 1].start => next.start,
            _ => self.origins[found.end - 1].end,
        };
        self.origins[found.start].start..end
    }

    fn find(&self, word: &str) -> Vec<Range<usize>> {
        let found = self.text.match_indices(word).filter(|it| !it.1.is_empty());
        found
            .map(|(at, word)| self.origin(at..at + word.len()))
            .collect()
    }

    /// Digits that may have something between them, as a number is written.
    fn find_digits(&self, digits: &str) -> Vec<Range<usize>> {
        let mut words: Vec<(usize, &str)> = Vec::new();
        for word in self.text.split_whitespace() {
            words.push((word.as_ptr() as usize - self.text.as_ptr() as usize, word));
        }
        let mut found = Vec::new();
        for together in words.chunk_by(|a, b| has_digits(a.1) && has_digits(b.1)) {
            let places: Vec<(usize, char)> = together
                .iter()
                .flat_map(|(at, word)| word.char_indices().map(move |(i, c)| (at + i, c)))
                .filter(|(_, c)| c.is_ascii_digit())
                .collect();
            let all: String = places.iter().map(|(_, c)| *c).collect();
            for (at, _) in all.match_indices(digits).filter(|it| !it.1.is_empty()) {
                let last = places[at + digits.len() - 1].0;
                found.push(self.origins[places[at].0].start..self.origins[last].end);
            }
        }
        found
    }
}

/// So much of a text, from a little before a place.
fn part_around(text: &str, place: usize) -> Range<usize> {
    let start = match text[..place].char_indices().rev().nth(LEAD_CHARS) {
        None => 0,
        // At a word's beginning, if one is near.
        Some((at, c)) => {
            let from = at + c.len_utf8();
            let blank = text[from..place].find(char::is_whitespace);
            blank.map_or(from, |blank| from + blank + 1).min(place)
        }
    };
    let rest = &text[start..];
    let length = rest.char_indices().nth(EXCERPT_CHARS).map(|it| it.0);
    start..start + length.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use proptest::prelude::*;

    fn marked(text: &str, search: &str) -> String {
        let pieces = excerpt(text, &read(search, "GB"));
        let write = |it: &Piece| match it.is_hit {
            true => format!("[{}]", it.text),
            false => it.text.clone(),
        };
        pieces.iter().map(write).collect()
    }

    #[test]
    fn hits_are_marked_as_the_text_writes_them() {
        for (text, search, wanted) in [
            (
                "Viele GRÜSSE aus Köln",
                "grüße köln",
                "Viele [GRÜSSE] aus [Köln]",
            ),
            ("Mrs O'Bannon called", "obannon", "Mrs [O'Bannon] called"),
            (
                "Nguye\u{302}\u{303}n is in",
                "nguyen",
                "[Nguye\u{302}\u{303}n] is in",
            ),
            ("ring 555-0142 now", "5550142", "ring [555-0142] now"),
            (
                "my number is +44 7700 905600!",
                "07700 905600",
                "my number is +44 [7700 905600]!",
            ),
            ("on 12 March 2026", "12 2026", "on [12] March [2026]"),
            ("aaa", "aa a", "[aaa]"),
            ("aaa", "aa", "[aa]a"),
            ("nothing here", "else", "nothing here"),
            ("", "else", ""),
        ] {
            assert_eq!(marked(text, search), wanted, "{search}");
        }
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_hit() {
        let text = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let cut = marked(&text, "needle");
        assert!(cut.starts_with("…hay hay") && cut.ends_with('…'), "{cut}");
        assert!(cut.contains("[needle] straw"), "{cut}");
        assert_eq!(cut.chars().count(), EXCERPT_CHARS + "……[]".chars().count());
        assert!(marked(&text, "gone").starts_with("hay hay"));
        let twice = format!("{text}{0}needle {0}", "chaff ".repeat(100));
        assert_eq!(marked(&twice, "needle"), cut, "around the first");
    }

    proptest! {
        #[test]
        fn an_excerpt_is_a_part_of_its_text(text in any::<String>(), search in any::<String>(), sentence in "[a-zßé0-9 .,+-]{0,300}") {
            for text in [text, sentence] {
                let pieces = excerpt(&text, &read(&search, "GB"));
                let whole: String = pieces.iter().map(|it| it.text.as_str()).collect();
                let part = whole.strip_prefix('…').unwrap_or(&whole);
                let part = part.strip_suffix('…').unwrap_or(part);
                prop_assert!(text.contains(part));
            }
        }
    }
}
