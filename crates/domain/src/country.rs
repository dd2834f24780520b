//! Countries as records name them: by code, by their English name, or in their own language.

use crate::fold::fold;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A line a country: the ISO 3166 code, then names.
const NAMES: &str = include_str!("country/names.txt");

static CODES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    for line in NAMES.lines() {
        let code = line.split('|').next().unwrap_or_default();
        for name in line.split('|') {
            codes.insert(letters(name), code);
        }
    }
    codes
});

/// The ISO 3166 code (`GB`) of a country, however it is written; `None` for what is no country.
pub fn code_of(name: &str) -> Option<&'static str> {
    CODES.get(&letters(name)).copied()
}

/// Names differ in dots, commas, "&" and a leading article more than in letters.
fn letters(name: &str) -> String {
    let folded = fold(name).replace('&', "and");
    let letters: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    match letters.strip_prefix("the") {
        Some(rest) if folded.trim_start().starts_with("the ") => rest.to_owned(),
        _ => letters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_code_name_and_its_own_language() {
        for (name, code) in [
            ("GB", Some("GB")),
            ("uk", Some("GB")),
            ("U.K.", Some("GB")),
            ("Scotland", Some("GB")),
            (" United States ", Some("US")),
            ("The United States of America", Some("US")),
            ("usa", Some("US")),
            ("Deutschland", Some("DE")),
            ("México", Some("MX")),
            ("mexico", Some("MX")),
            ("Trinidad and Tobago", Some("TT")),
            ("Trinidad & Tobago", Some("TT")),
            ("日本", Some("JP")),
            ("Atlantis", None),
            ("", None),
        ] {
            assert_eq!(code_of(name), code, "{name:?}");
        }
    }

    #[test]
    fn no_name_stands_for_two_countries() {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for line in NAMES.lines() {
            let code = line.split('|').next().unwrap();
            for name in line.split('|') {
                let before = seen.insert(letters(name), code);
                assert!(
                    before.is_none_or(|before| before == code),
                    "{name}: {before:?} and {code}"
                );
            }
        }
        assert!(seen.len() > 249);
    }
}
