//! Who a text comes from, as its carrier says: a number in E.164, a short code, or a name. Only a number
//! can be answered; the others are kept as they were given and never read as the number that their
//! letters would dial.

use crate::phone;
use crate::text::clean;

/// Digits of the shortest number that a carrier writes without its country; what is shorter is a code.
const NATIONAL_DIGITS_MIN: usize = 9;
/// Digits of a number with its country (E.164).
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Characters that are kept of an address; names have eleven at most.
const ADDRESS_MAX: usize = 64;

/// The address of a sender as it is kept.
pub fn of_sender(given: &str, country: &str) -> String {
    let given = clean(given.trim());
    let digits = given.chars().filter(char::is_ascii_digit).count();
    let is_number = !given.chars().any(char::is_alphabetic)
        && (given.starts_with('+') || digits >= NATIONAL_DIGITS_MIN);
    let number = is_number.then(|| phone::normalise(&given, country));
    number
        .flatten()
        .unwrap_or_else(|| given.chars().take(ADDRESS_MAX).collect())
}

/// Whether a text to this address reaches who wrote from it.
pub fn can_be_answered(address: &str) -> bool {
    address.strip_prefix('+').is_some_and(|digits| {
        E164_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_short_codes_are_kept_as_given_and_cannot_be_answered() {
        for (given, kept, answered) in [
            ("+447700900317", "+447700900317", true),
            ("07700 900317", "+447700900317", true),
            ("68849", "68849", false),
            ("60999", "60999", false),
            ("ACMEBANK", "ACMEBANK", false),
            ("0800REPAIRS", "0800REPAIRS", false),
            ("+0800REPAIRS", "+0800REPAIRS", false),
            ("+68849", "+68849", false),
            (" Acme\0 Bank ", "Acme Bank", false),
        ] {
            let address = of_sender(given, "GB");
            assert_eq!(address, kept, "{given:?}");
            assert_eq!(can_be_answered(&address), answered, "{given:?}");
        }
        assert_eq!(of_sender(&"x".repeat(500), "GB").len(), ADDRESS_MAX);
    }
}
