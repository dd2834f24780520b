//! Phone numbers that belong to nobody: the UK's drama ranges (07700 900xxx, 020 7946 0xxx, 0114
//! 496 0xxx and the like) and the US 555-01xx of any area code, written as people write them.

use crate::seeded::Seeded;

/// Numbers in each of the UK's two ranges.
const UK_NUMBERS: usize = 900;
/// Cities whose 496 0xxx is kept for drama; Leeds (0113) stays free for people whom tests make up.
const UK_CITIES: [usize; 10] = [114, 115, 116, 117, 118, 121, 131, 141, 151, 161];
/// Numbers in one US area code.
const US_PER_AREA: usize = 100;
/// Area codes of the sample records, which keep theirs to themselves.
const SAMPLE_AREAS: [usize; 9] = [212, 312, 336, 415, 503, 512, 520, 650, 785];

/// A number, before somebody wrote it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    UkMobile(usize),
    London(usize),
    City { code: usize, line: usize },
    Us { area: usize, line: usize },
}

/// Hands out numbers, each once as long as there are any.
#[derive(Debug, Default)]
pub(super) struct Phones {
    uk_mobiles: usize,
    us: usize,
}

impl Phones {
    /// A new mobile number: every second one British while they last, then American, and after
    /// tens of thousands the first ones again.
    pub fn mobile(&mut self) -> Number {
        let british = self.uk_mobiles < UK_NUMBERS && self.uk_mobiles <= self.us;
        if british {
            self.uk_mobiles += 1;
            return Number::UkMobile(self.uk_mobiles - 1);
        }
        self.us += 1;
        us_number(self.us - 1)
    }

    /// An office's number.
    pub fn office(&self, index: usize) -> Number {
        fixed_line(index / UK_NUMBERS, index % UK_NUMBERS)
    }

    /// Somebody's fixed line; now and then two people have the same.
    pub fn landline(&self, seeded: &mut Seeded) -> Number {
        let line = seeded.below(UK_NUMBERS as u64) as usize;
        fixed_line(seeded.below(UK_CITIES.len() as u64 + 1) as usize, line)
    }

    /// The number in one of the ways that people write it.
    pub fn written(&self, number: &Number, seeded: &mut Seeded) -> String {
        let style = seeded.below(10);
        match *number {
            Number::UkMobile(n) => {
                let n = format!("{n:03}");
                match style {
                    0..4 => format!("07700 900{n}"),
                    4..6 => format!("+44 7700 900{n}"),
                    6 => format!("+447700900{n}"),
                    7 => format!("07700900{n}"),
                    8 => format!("0044 7700 900 {n}"),
                    _ => format!("+44 (0)7700 900{n}"),
                }
            }
            Number::London(n) => {
                let n = format!("{n:03}");
                match style {
                    0..5 => format!("020 7946 0{n}"),
                    5..7 => format!("+44 20 7946 0{n}"),
                    7 => format!("(020) 7946 0{n}"),
                    8 => format!("02079460{n}"),
                    _ => format!("020 7946 0{n} ext. {}", 100 + seeded.below(900)),
                }
            }
            Number::City { code, line } => match style {
                0..5 => format!("0{code} 496 0{line:03}"),
                5..7 => format!("+44 {code} 496 0{line:03}"),
                7 => format!("(0{code}) 4960{line:03}"),
                8 => format!("0{code}4960{line:03}"),
                _ => format!("0{code} 496 0{line:03} x{}", 100 + seeded.below(900)),
            },
            Number::Us { area, line } => match style {
                0..4 => format!("({area}) 555-01{line:02}"),
                4..6 => format!("{area}-555-01{line:02}"),
                6 => format!("+1 {area} 555 01{line:02}"),
                7 => format!("+1{area}55501{line:02}"),
                8 => format!("{area}.555.01{line:02}"),
                _ => format!("1-{area}-555-01{line:02} x{}", 10 + seeded.below(90)),
            },
        }
    }

    /// What stands in a phone field and is no number that can be dialled.
    pub fn broken(&self, seeded: &mut Seeded) -> String {
        let n = seeded.below(UK_NUMBERS as u64);
        match seeded.below(7) {
            0 => "ask Bob".to_owned(),
            1 => "n/a".to_owned(),
            2 => "07700 900".to_owned(),
            3 => "-".to_owned(),
            4 => format!(
                "020 7946 0{n:03} or 020 7946 0{:03}",
                (n + 1) % UK_NUMBERS as u64
            ),
            5 => format!("ext {}", 100 + n),
            _ => "see website".to_owned(),
        }
    }
}

/// London first, then the other cities, then London again.
fn fixed_line(city: usize, line: usize) -> Number {
    match city % (UK_CITIES.len() + 1) {
        0 => Number::London(line),
        city => Number::City {
            code: UK_CITIES[city - 1],
            line,
        },
    }
}

fn us_number(index: usize) -> Number {
    let areas: usize = 8 * 8 * 10;
    let place = index / US_PER_AREA % areas;
    // First and middle digit 2 to 9 and 0 to 7, so never one of the x11 or x9x service codes.
    let area = (2 + place / 80) * 100 + (place / 10 % 8) * 10 + place % 10;
    let area = match SAMPLE_AREAS.contains(&area) || area % 100 == 11 {
        true => 900 + area % 7,
        false => area,
    };
    Number::Us {
        area,
        line: index % US_PER_AREA,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_from_fictitious_ranges_only() {
        let mut phones = Phones::default();
        let mut seeded = Seeded::new(1, "phones");
        for _ in 0..5_000 {
            let number = phones.mobile();
            let written = phones.written(&number, &mut seeded);
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            let uk = digits.contains("7700900");
            let us = digits.contains("55501");
            assert!(uk || us, "{written}");
        }
    }

    #[test]
    fn the_first_thousands_of_mobiles_are_all_different() {
        let mut phones = Phones::default();
        let mut seen = Vec::new();
        for _ in 0..3_000 {
            let number = phones.mobile();
            assert!(!seen.contains(&number), "{number:?}");
            seen.push(number);
        }
    }
}
