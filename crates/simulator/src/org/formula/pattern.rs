//! Regular expressions as validation rules use them: literals, `.`, classes, `\d \w \s` and their
//! opposites, groups with alternatives, and `* + ? {n,m}` (a trailing `?` is taken). The whole text
//! must match. The search is bounded: a pattern that would take for ever does not match.

/// Steps that one match may take.
const STEPS_MAX: u32 = 50_000;
/// How deep groups may be nested, and how often a part may repeat.
const DEPTH_MAX: usize = 20;
const REPEAT_MAX: usize = 250;

#[derive(Debug)]
enum Part {
    One(Class),
    Group(Vec<Vec<Repeated>>),
}

#[derive(Debug)]
struct Repeated {
    part: Part,
    least: usize,
    most: usize,
}

#[derive(Debug)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

/// Whether the whole text matches; a pattern that cannot be read matches nothing.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let mut reader = Reader { chars, at: 0 };
    let Some(alternatives) = reader.alternatives(0) else {
        return false;
    };
    if reader.at != reader.chars.len() {
        return false;
    }
    let text: Vec<char> = text.chars().take(1_000).collect();
    let mut steps = 0;
    let mut search = Search {
        text: &text,
        steps: &mut steps,
    };
    search.any(&alternatives, 0).contains(&text.len())
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn alternatives(&mut self, depth: usize) -> Option<Vec<Vec<Repeated>>> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut alternatives = vec![Vec::new()];
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    alternatives.push(Vec::new());
                }
                '^' | '$' => self.at += 1,
                _ => {
                    let part = self.part(depth)?;
                    let (least, most) = self.times()?;
                    let repeated = Repeated { part, least, most };
                    alternatives.last_mut()?.push(repeated);
                }
            }
        }
        Some(alternatives)
    }

    fn part(&mut self, depth: usize) -> Option<Part> {
        match self.next()? {
            '(' => {
                if self.chars[self.at..].starts_with(&['?', ':']) {
                    self.at += 2;
                }
                let inner = self.alternatives(depth + 1)?;
                (self.next()? == ')').then_some(Part::Group(inner))
            }
            '[' => self.class().map(Part::One),
            '.' => Some(Part::One(Class {
                negated: true,
                ranges: vec![('\n', '\n')],
            })),
            '\\' => self.escaped().map(Part::One),
            '*' | '+' | '?' | '{' => None,
            c => Some(Part::One(only(c))),
        }
    }

    fn escaped(&mut self) -> Option<Class> {
        let c = self.next()?;
        let ranges = match c.to_ascii_lowercase() {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![(' ', ' '), ('\t', '\r')],
            _ => return Some(only(c)),
        };
        Some(Class {
            negated: c.is_ascii_uppercase(),
            ranges,
        })
    }

    fn class(&mut self) -> Option<Class> {
        let negated = self.peek() == Some('^');
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        loop {
            let from = match self.next()? {
                ']' if !ranges.is_empty() => return Some(Class { negated, ranges }),
                '\\' => {
                    let inner = self.escaped()?;
                    match (inner.negated, inner.ranges.as_slice()) {
                        (false, [(one, end)]) if one == end => *one,
                        (false, _) => {
                            ranges.extend(inner.ranges);
                            continue;
                        }
                        (true, _) => return None,
                    }
                }
                c => c,
            };
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1) != Some(&']');
            if is_range {
                self.at += 1;
                ranges.push((from, self.next()?));
            } else {
                ranges.push((from, from));
            }
        }
    }

    fn times(&mut self) -> Option<(usize, usize)> {
        let times = match self.peek() {
            Some('*') => (0, REPEAT_MAX),
            Some('+') => (1, REPEAT_MAX),
            Some('?') => (0, 1),
            Some('{') => {
                let length = self.chars[self.at..].iter().position(|c| *c == '}')?;
                let inside: String = self.chars[self.at + 1..self.at + length].iter().collect();
                self.at += length;
                match inside.split_once(',') {
                    None => (inside.parse().ok()?, inside.parse().ok()?),
                    Some((least, "")) => (least.parse().ok()?, REPEAT_MAX),
                    Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
                }
            }
            _ => return Some((1, 1)),
        };
        self.at += 1;
        // Whether a repeat is greedy does not matter when the whole text must match.
        if matches!(self.peek(), Some('?' | '+')) {
            self.at += 1;
        }
        (times.0 <= times.1 && times.1 <= REPEAT_MAX).then_some(times)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }
}

fn only(c: char) -> Class {
    Class {
        negated: false,
        ranges: vec![(c, c)],
    }
}

impl Class {
    fn has(&self, c: char) -> bool {
        let inside = self
            .ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c));
        inside != self.negated
    }
}

/// Finds all places where a match can end, so that nothing needs to be tried twice.
struct Search<'a> {
    text: &'a [char],
    steps: &'a mut u32,
}

impl Search<'_> {
    fn any(&mut self, alternatives: &[Vec<Repeated>], from: usize) -> Vec<usize> {
        let mut ends = Vec::new();
        for alternative in alternatives {
            let mut places = vec![from];
            for repeated in alternative {
                places = self.repeated(repeated, &places);
            }
            ends.extend(places);
        }
        unique(ends)
    }

    fn repeated(&mut self, repeated: &Repeated, from: &[usize]) -> Vec<usize> {
        let mut places = from.to_vec();
        let mut ends = match repeated.least {
            0 => places.clone(),
            _ => Vec::new(),
        };
        for round in 1..=repeated.most {
            let next = places.iter().flat_map(|at| self.once(&repeated.part, *at));
            let next = unique(next.collect());
            let stuck = next.is_empty() || next == places;
            places = next;
            if round >= repeated.least {
                ends.extend(&places);
            }
            if stuck {
                // An empty round can be repeated as often as is asked for.
                ends.extend(&places);
                break;
            }
        }
        unique(ends)
    }

    fn once(&mut self, part: &Part, at: usize) -> Vec<usize> {
        *self.steps += 1;
        if *self.steps > STEPS_MAX {
            return Vec::new();
        }
        match part {
            Part::One(class) => match self.text.get(at) {
                Some(c) if class.has(*c) => vec![at + 1],
                _ => Vec::new(),
            },
            Part::Group(alternatives) => self.any(alternatives, at),
        }
    }
}

fn unique(mut places: Vec<usize>) -> Vec<usize> {
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_of_usual_rules_are_understood() {
        let cases = [
            ("\\d{3}", "123", true),
            ("\\d{3}", "1234", false),
            ("\\D*?(\\d\\D*?){10}", "(415) 555-1234", true),
            ("\\D*?(\\d\\D*?){10}", "(415) 555-123", false),
            ("[A-Z]{2}[0-9]+", "GB42", true),
            ("[A-Z]{2}[0-9]+", "gb42", false),
            ("[^@]+@[a-z.\\-]+", "a@b-c.example", true),
            ("(cat|dog)s?", "dogs", true),
            ("(cat|dog)s?", "cows", false),
            ("a.c", "abc", true),
            ("^\\+?[1-9]\\d{1,14}$", "+14155551234", true),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
            ("(", "(", false),
            ("*", "*", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
