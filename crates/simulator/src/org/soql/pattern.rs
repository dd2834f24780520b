//! Text values of a query: taking out escapes, and LIKE patterns.

/// The text that a quoted value stands for.
pub(super) fn unescape(raw: &str) -> String {
    pieces(raw).map(|(c, _)| c).collect()
}

/// A LIKE pattern, ready to match without regard to case.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Char(char),
    One,
    Any,
}

impl Pattern {
    /// `%` stands for any text and `_` for one character, unless escaped.
    pub fn new(raw: &str) -> Self {
        let part = |(c, escaped): (char, bool)| match c {
            '%' if !escaped => vec![Part::Any],
            '_' if !escaped => vec![Part::One],
            c => char::to_lowercase(c).map(Part::Char).collect(),
        };
        Self {
            parts: pieces(raw).flat_map(part).collect(),
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let (mut at, mut part) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    retry = Some((part, at));
                    part += 1;
                }
                Some(Part::One) => {
                    at += 1;
                    part += 1;
                }
                Some(Part::Char(c)) if *c == text[at] => {
                    at += 1;
                    part += 1;
                }
                _ => match retry {
                    Some((any, from)) => {
                        retry = Some((any, from + 1));
                        at = from + 1;
                        part = any + 1;
                    }
                    None => return false,
                },
            }
        }
        self.parts[part..].iter().all(|p| *p == Part::Any)
    }
}

/// Characters with whether a backslash stood before them.
fn pieces(raw: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    let mut chars = raw.chars();
    std::iter::from_fn(move || match chars.next()? {
        '\\' => {
            let c = chars.next()?;
            let c = match c.to_ascii_lowercase() {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                _ => c,
            };
            Some((c, true))
        }
        c => Some((c, false)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_its_wildcards_and_their_escapes() {
        let cases = [
            ("rose%", "Rose Gonzalez", true),
            ("%gon%", "Rose Gonzalez", true),
            ("_ose%z", "Rose Gonzalez", true),
            ("rose", "Rose Gonzalez", false),
            ("%", "", true),
            ("a%b%c", "aXXbYYbZc", true),
            ("a%b%c", "aXXbYYbZ", false),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("ÉMILE%", "émile zola", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn escapes_are_taken_out() {
        assert_eq!(unescape(r"O\'Hara\n\\x"), "O'Hara\n\\x");
    }
}
