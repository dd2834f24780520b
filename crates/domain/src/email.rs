//! E-mail addresses: what the org takes, so that what it would refuse is refused at our door; and the
//! one normal form of those that people sign in with, so that no spelling of one is another one.

/// Whether the org would take the address: one `@`, dotted parts without blanks or signs that have a
/// meaning in a header, a domain of at least two labels.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.split('.').count() >= 2
        && domain.split('.').all(is_label)
}

/// The normal form, for whatever is kept, looked up or counted by an address: composed, without space
/// around it, in lower case.
pub fn normal(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    // Lower case first: it may take letters apart.
    text.trim().to_lowercase().nfc().collect()
}

fn is_atom(part: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    !part.is_empty() && part.chars().all(allowed)
}

fn is_label(part: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '-';
    !part.is_empty()
        && part.len() <= 63
        && part.chars().all(allowed)
        && !part.starts_with('-')
        && !part.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_org_would_refuse_is_no_address() {
        for text in [
            "nobody",
            "a@@b.com",
            "a@b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a,b@example.com",
            "<a@example.com>",
            "mailto:a@example.com",
            "a@example..com",
            "a@example.com.",
            "a@.example.com",
            "a@example",
            "@example.com",
            "a b@example.com",
            "a@-example.com",
            "",
        ] {
            assert!(!is_email(text), "{text}");
        }
        for text in [
            "ann@example.com",
            "ann.o'hara+news@mail.example.co.uk",
            "a_b-c@example-shop.example",
            "jürgen@exämple.example",
        ] {
            assert!(is_email(text), "{text}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_has_one_normal_form() {
        for text in [
            "ann@example.com",
            " Ann@Example.COM\t",
            "\u{a0}ANN@example.com",
        ] {
            assert_eq!(normal(text), "ann@example.com", "{text:?}");
        }
        assert_eq!(normal("ZOE\u{308}@example.com"), normal("zoë@example.com"));
    }
}
