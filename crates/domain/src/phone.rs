//! Phone numbers: what people type, and the one form that tells two numbers apart.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use std::str::FromStr as _;

/// A number in E.164 (`+447700900317`), read the way people in `country` (ISO 3166, `GB`) write
/// theirs. `None` for what is no number: a blank, "ask Bob", a half.
pub fn normalise(text: &str, country: &str) -> Option<String> {
    let number = PHONE_NUMBER_UTIL
        .parse(text, Region::from_str(country).ok())
        .ok()?;
    // Possible, not valid: numbers reserved for fiction and ranges newer than the table must pass.
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number);
    let whole = matches!(length, Ok(NumberLengthType::IsPossible));
    whole.then(|| {
        PHONE_NUMBER_UTIL
            .format(&number, PhoneNumberFormat::E164)
            .into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_number_gives_one_form() {
        for text in [
            "07700 900317",
            "+44 7700 900317",
            "0044 7700 900 317",
            "(07700) 900-317",
            "tel:+447700900317",
        ] {
            assert_eq!(
                normalise(text, "GB").as_deref(),
                Some("+447700900317"),
                "{text}"
            );
        }
        assert_eq!(
            normalise("(415) 555-0142", "US").as_deref(),
            Some("+14155550142")
        );
        assert_eq!(
            normalise("020 7946 0123 ext. 4", "GB").as_deref(),
            Some("+442079460123")
        );
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "ask Bob", "12", "n/a", "see notes 2", "07700"] {
            assert_eq!(normalise(text, "GB"), None, "{text}");
        }
    }
}
