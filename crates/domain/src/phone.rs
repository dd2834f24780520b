//! Phone numbers: what people type, and the one form that tells two numbers apart.
//!
//! Never guessed: a number without its country's code counts only where it is valid, and a field that
//! could mean two numbers means none. What people write beside a number is passed over.

use crate::country;
use crate::words::words;
use rlibphonenumber::{
    CountryCodeSource, NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat,
    PhoneNumberType, Region, get_national_significant_number_owned,
};
use std::str::FromStr as _;
use unicode_normalization::UnicodeNormalization as _;

/// Raised whenever one text may give another number than before: what was read with an earlier one is
/// read again.
pub const RULE: i64 = 1;

/// Fewer digits are a remark, a date's part or an extension.
const DIGITS_MIN: usize = 5;

/// No number has more, with its country's code and prefix.
const DIGITS_MAX: usize = 18;

/// Ranges that are kept for fiction, which the table of valid numbers leaves out: country code,
/// beginning of the national number, its length. (Ofcom, NANPA, ARCEP.)
const FICTION: &[(i32, &str, usize)] = &[
    (44, "77009", 10),
    (44, "1632960", 10),
    (44, "2079460", 10),
    (44, "3069990", 10),
    (44, "8081570", 10),
    (44, "2890180", 10),
    (44, "2920180", 10),
    (44, "1914980", 10),
    (33, "19900", 9),
    (33, "26191", 9),
    (33, "35301", 9),
    (33, "46571", 9),
    (33, "53649", 9),
    (33, "63998", 9),
];

words! {
    /// Why a text is no number that may be texted.
    Unreadable {
        /// Nothing in it is long enough to be one.
        NoNumber = "no_number",
        /// It is several, and nobody says which is meant.
        Several = "several",
        /// It says no country's code, and is valid neither at home nor in the organisation's country.
        NotValidThere = "not_valid_there",
    }
}

words! {
    /// What a number is, as far as its digits tell.
    NumberKind {
        Mobile = "mobile",
        /// Texts seldom reach it.
        Landline = "landline",
        /// In this country's plan the digits do not tell, or the range is not known.
        Unknown = "unknown",
    }
}

/// A number in E.164 (`+447700900317`), read the way people in `country` (ISO 3166, `GB`) write
/// theirs. `None` for what is no number, is none there, or is several.
pub fn normalise(text: &str, country: &str) -> Option<String> {
    let number = read(text, &[country]).ok()?;
    Some(e164(&number))
}

/// A number as somebody writes it whose own country is `home`, as records name countries: read there
/// first, then in `country`.
pub fn read_at_home(text: &str, home: Option<&str>, country: &str) -> Result<String, Unreadable> {
    match home.and_then(country::code_of) {
        Some(home) if home != country => read(text, &[home, country]),
        _ => read(text, &[country]),
    }
    .map(|number| e164(&number))
}

/// A number as people are shown how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// In E.164.
    pub number: String,
    /// Grouped as people write it, with its country's code.
    pub display: String,
    /// Whose it is (ISO 3166), where one country's alone.
    pub country: Option<String>,
    pub kind: NumberKind,
    /// See [`is_doubtful`].
    pub is_doubtful: bool,
}

/// How a text is read, by the same rule as [`read_at_home`].
pub fn show(text: &str, home: Option<&str>, country: &str) -> Result<Shown, Unreadable> {
    let code = read_at_home(text, home, country)?;
    // What is in E.164 is read the same in every country.
    let number = read(&code, &[country])?;
    let region = PHONE_NUMBER_UTIL.get_region_for_number(&number);
    Ok(Shown {
        display: PHONE_NUMBER_UTIL
            .format(&number, PhoneNumberFormat::International)
            .into_owned(),
        country: region.map(|it| format!("{it:?}")),
        kind: kind_of(&number),
        is_doubtful: is_doubtful(text, home, country),
        number: code,
    })
}

/// Whether a text is a number only because the organisation's country was tried after the person's
/// own: it may as well be one of theirs, written down wrongly.
pub fn is_doubtful(text: &str, home: Option<&str>, country: &str) -> bool {
    let Some(home) = home
        .and_then(country::code_of)
        .filter(|home| *home != country)
    else {
        return false;
    };
    let is_national = |number: &PhoneNumber| !is_international(number);
    read(text, &[home]).is_err() && read(text, &[country]).as_ref().is_ok_and(is_national)
}

fn kind_of(number: &PhoneNumber) -> NumberKind {
    match PHONE_NUMBER_UTIL.get_number_type(number) {
        PhoneNumberType::Mobile => NumberKind::Mobile,
        PhoneNumberType::FixedLine => NumberKind::Landline,
        _ => NumberKind::Unknown,
    }
}

/// Whether numbers can be read in a country (ISO 3166).
pub fn is_known_in(country: &str) -> bool {
    let region = Region::from_str(&country.to_ascii_uppercase()).ok();
    let code = region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region));
    code.is_some()
}

/// The digits of a number without its country's code and prefix, by which all its spellings are found.
pub fn national_digits(text: &str, country: &str) -> Option<String> {
    let number = read(text, &[country]).ok()?;
    Some(get_national_significant_number_owned(&number))
}

/// The first of the countries in which the text is one number; else why it is none in the last that
/// found any.
fn read(text: &str, countries: &[&str]) -> Result<PhoneNumber, Unreadable> {
    let text: String = text.nfkc().map(as_ascii).collect();
    let text = text.trim_start().strip_prefix("tel:").unwrap_or(&text);
    let mut why = match runs(text).map(digits).max() {
        None => Unreadable::NoNumber,
        Some(digits) if digits > DIGITS_MAX => Unreadable::Several,
        Some(_) => Unreadable::NotValidThere,
    };
    for country in countries {
        match read_in(text, country) {
            Ok(Some(number)) => return Ok(number),
            Ok(None) => {}
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

fn read_in(text: &str, country: &str) -> Result<Option<PhoneNumber>, Unreadable> {
    let region = Region::from_str(&country.to_ascii_uppercase()).ok();
    let mut found: Option<PhoneNumber> = None;
    for number in runs(text).filter_map(|run| read_run(run, region)) {
        match &found {
            Some(other) if e164(&number) != e164(other) => return Err(Unreadable::Several),
            _ => found = Some(number),
        }
    }
    Ok(found)
}

/// The parts of a text that may be a number: digits and what stands between them.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let within = |c: char| c.is_ascii_digit() || " +()-./".contains(c);
    text.split(move |c| !within(c))
        .map(|run| run.trim_matches(|c: char| !c.is_ascii_digit() && c != '+' && c != '('))
        .filter(|run| digits(run) >= DIGITS_MIN)
}

fn digits(run: &str) -> usize {
    run.chars().filter(char::is_ascii_digit).count()
}

fn read_run(run: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let run = without_mexicos_one(run);
    let number = PHONE_NUMBER_UTIL
        .parse_and_keep_raw_input(&run, region)
        .ok()?;
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number);
    let whole = matches!(length, Ok(NumberLengthType::IsPossible));
    (whole && (is_international(&number) || is_fiction(&number) || is_valid(&number, region)))
        .then_some(number)
}

/// Who writes the country's code has said what is meant; ranges newer than the table must pass.
fn is_international(number: &PhoneNumber) -> bool {
    matches!(
        number.country_code_source(),
        CountryCodeSource::FromNumberWithPlusSign | CountryCodeSource::FromNumberWithIdd
    )
}

fn is_valid(number: &PhoneNumber, region: Option<Region>) -> bool {
    // A code without its plus may be of any country, a national number only of its own: one plan (+1)
    // serves many.
    region.is_some() && PHONE_NUMBER_UTIL.is_valid_number(number)
}

fn is_fiction(number: &PhoneNumber) -> bool {
    let national = get_national_significant_number_owned(number);
    let kept = |(code, begin, length): &(i32, &str, usize)| {
        number.country_code == *code && national.len() == *length && national.starts_with(begin)
    };
    // 555-0100 to 555-0199 of every area code of the North American plan.
    let america =
        number.country_code == 1 && national.len() == 10 && national[3..].starts_with("55501");
    america || FICTION.iter().any(kept)
}

/// Mexico dropped the 1 of its mobiles in 2019; carriers and address books still write it.
fn without_mexicos_one(run: &str) -> String {
    let digits: String = run.chars().filter(char::is_ascii_digit).collect();
    let number = match run.trim_start_matches('(').starts_with('+') {
        true => Some(digits.as_str()),
        false => digits.strip_prefix("00"),
    };
    match number.and_then(|number| number.strip_prefix("521")) {
        Some(rest) if rest.len() == 10 => format!("+52{rest}"),
        _ => run.to_owned(),
    }
}

/// A digit of another script, a dash of any width.
fn as_ascii(c: char) -> char {
    let digit = |zero: char| char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c);
    match c {
        '٠'..='٩' => digit('٠'),
        '۰'..='۹' => digit('۰'),
        '०'..='९' => digit('०'),
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

fn e164(number: &PhoneNumber) -> String {
    PHONE_NUMBER_UTIL
        .format(number, PhoneNumberFormat::E164)
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_of_writing_a_number_gives_one_form() {
        for text in [
            "07700 900317",
            "+44 7700 900317",
            "0044 7700 900 317",
            "(07700) 900-317",
            "tel:+447700900317",
            "+44 (0)7700 900317",
            "07700\u{2011}900317",
            "０７７００ ９００３１７",
            "٠٧٧٠٠٩٠٠٣١٧",
        ] {
            assert_eq!(
                normalise(text, "GB").as_deref(),
                Some("+447700900317"),
                "{text}"
            );
        }
        for (text, country, number) in [
            ("(415) 555-0142", "US", "+14155550142"),
            ("1-212-555-0142 x12", "US", "+12125550142"),
            ("020 7946 0123 ext. 4", "GB", "+442079460123"),
            ("0113 496 0123", "GB", "+441134960123"),
            ("01632 960123", "gb", "+441632960123"),
            ("030 23125000", "DE", "+493023125000"),
        ] {
            assert_eq!(normalise(text, country).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn a_remark_beside_a_number_is_passed_over() {
        for text in [
            "07700 905500 (wife)",
            "07700 905500 mobile",
            "+44 7700 905500 WhatsApp",
            "07700 905500 - mum",
            "Mum 07700 905500",
            "9am to 5pm: 07700 905500",
            "07700 905500 or +44 7700 905500",
            "home/wk 07700 905500, ask for Jo",
        ] {
            assert_eq!(
                normalise(text, "GB").as_deref(),
                Some("+447700905500"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_or_several_is_none() {
        for text in [
            "",
            "ask Bob",
            "12",
            "n/a",
            "see notes 2",
            "07700",
            "07700 900",
            "ext 123",
            "+026-+1-+1",
            "020 7946 0001 or 020 7946 0002",
            "07700 900001, 07700 900002",
            "07700 900001 / 900002",
            "24.11.2026",
            "0800 MONKEYS",
        ] {
            assert_eq!(normalise(text, "GB"), None, "{text}");
        }
    }

    #[test]
    fn a_national_number_counts_only_where_it_is_valid_and_at_home_first() {
        for (text, home, number) in [
            (
                "(415) 555-0142",
                Some("United States"),
                Some("+14155550142"),
            ),
            ("(415) 555-0142", Some("US"), Some("+14155550142")),
            // Ten digits are possible in Britain, but nobody has this number.
            ("(415) 555-0142", None, None),
            ("(415) 555-0142", Some("Atlantis"), None),
            ("(999) 123-4567", Some("US"), None),
            ("07700 900317", Some("United States"), Some("+447700900317")),
            (
                "+47 22 00 00 00",
                Some("United States"),
                Some("+4722000000"),
            ),
            ("030 23125000", Some("Deutschland"), Some("+493023125000")),
        ] {
            assert_eq!(
                read_at_home(text, home, "GB").ok().as_deref(),
                number,
                "{text} of {home:?}"
            );
        }
    }

    #[test]
    fn a_number_is_doubtful_where_only_the_second_country_reads_it() {
        for (text, home, doubtful) in [
            ("07700 900317", Some("United States"), true),
            ("07700 900317", Some("GB"), false),
            ("07700 900317", None, false),
            ("07700 900317", Some("Atlantis"), false),
            ("+44 7700 900317", Some("United States"), false),
            ("(415) 555-0142", Some("United States"), false),
            ("ask Bob", Some("United States"), false),
        ] {
            assert_eq!(
                is_doubtful(text, home, "GB"),
                doubtful,
                "{text} of {home:?}"
            );
        }
    }

    #[test]
    fn people_are_shown_how_a_text_is_read() {
        for (text, home, number, display, country, kind) in [
            (
                "07400 123456",
                None,
                "+447400123456",
                "+44 7400 123456",
                Some("GB"),
                NumberKind::Mobile,
            ),
            (
                "020 7946 0958 x2",
                None,
                "+442079460958",
                "+44 20 7946 0958",
                Some("GB"),
                NumberKind::Landline,
            ),
            (
                "(212) 555-2368",
                Some("USA"),
                "+12125552368",
                "+1 212-555-2368",
                Some("US"),
                NumberKind::Unknown,
            ),
        ] {
            let shown = show(text, home, "GB").unwrap();
            assert_eq!(
                (shown.number.as_str(), shown.display.as_str()),
                (number, display)
            );
            assert_eq!(
                (shown.country.as_deref(), shown.kind),
                (country, kind),
                "{text}"
            );
        }
        assert_eq!(show("ask Bob", None, "GB"), Err(Unreadable::NoNumber));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, home, why) in [
            ("ask Bob", None, Unreadable::NoNumber),
            ("12 or 13", None, Unreadable::NoNumber),
            ("(415) 555-0142", None, Unreadable::NotValidThere),
            ("(415) 555-0142", Some("Norway"), Unreadable::NotValidThere),
            ("07700 900001 / 07700 900002", None, Unreadable::Several),
            (
                "07700 900001 / 07700 900002",
                Some("United States"),
                Unreadable::Several,
            ),
        ] {
            assert_eq!(read_at_home(text, home, "GB"), Err(why), "{text}");
        }
        assert!(is_known_in("gb") && !is_known_in("XX"));
    }

    #[test]
    fn mexicos_old_mobile_prefix_is_dropped() {
        for text in [
            "+52 1 55 1234 5678",
            "+5215512345678",
            "0052 1 55 1234 5678",
            "+525512345678",
        ] {
            assert_eq!(
                normalise(text, "GB").as_deref(),
                Some("+525512345678"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_number_is_found_by_the_digits_that_all_its_spellings_share() {
        for text in [
            "07700905600",
            "07700 905600",
            "+44 7700 905600",
            "0044 7700 905600",
        ] {
            assert_eq!(
                national_digits(text, "GB").as_deref(),
                Some("7700905600"),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_was_read_is_read_the_same_anywhere(text in any::<String>(), digits in "[+0-9 ()./x-]{0,24}") {
            for text in [text, digits] {
                if let Some(number) = normalise(&text, "GB") {
                    for country in ["GB", "US", "DE", "??"] {
                        prop_assert_eq!(normalise(&number, country), Some(number.clone()));
                    }
                }
            }
        }

        #[test]
        fn remarks_and_spacing_make_no_difference(
            line in 0_u32..1_000, gap in "[ ./-]", remark in "[A-Za-z]{1,9}", before in any::<bool>(),
        ) {
            let number = format!("07700{gap}900{line:03}");
            let text = if before { format!("{remark} {number}") } else { format!("{number} ({remark})") };
            prop_assert_eq!(normalise(&text, "GB"), Some(format!("+447700900{line:03}")));
        }
    }
}
