//! Cause and way out as people read them: whole sentences, the field first, nothing said twice.

/// The sentence of a cause and that of its way out. A cause may bring its way out behind a semicolon.
pub(super) fn sentences(
    field: Option<&str>,
    detail: &str,
    fix: Option<&str>,
) -> (String, Option<String>) {
    let (cause, way_out) = match (detail.split_once("; "), fix) {
        (Some((cause, own)), None) => (cause, Some(own)),
        (Some((cause, own)), Some(fix)) if same(own, fix) || same(detail, fix) => {
            (cause, Some(own))
        }
        (_, fix) => (detail, fix),
    };
    let cause = match field.map(label) {
        Some(label) if !cause.to_lowercase().starts_with(&label.to_lowercase()) => {
            format!("{label}: {cause}")
        }
        _ => cause.to_owned(),
    };
    let way_out = way_out.filter(|it| !same(it, &cause)).map(sentence);
    (sentence(&cause), way_out)
}

fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_lowercase();
    plain(one) == plain(other)
}

/// A field as people call it: `fields.postal_code` is "Postal code", a header is itself.
fn label(field: &str) -> String {
    let last = field.rsplit('.').next().unwrap_or(field);
    let name = last.split('[').next().unwrap_or(last);
    capital(&name.replace('_', " "))
}

fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    match text.chars().next_back() {
        Some('.' | '?' | '!' | '…') | None => text,
        Some(_) => format!("{text}."),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // Not a name of ours as it is typed: `to_hub`, `inbox_id`.
        Some(first) if first.is_lowercase() && !first_word(text).contains('_') => {
            first.to_uppercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_names_its_field_first_and_its_way_out_stands_apart_once() {
        for (field, detail, fix, cause, way_out) in [
            (
                Some("title"),
                "it has 60 characters, 40 fit",
                Some("shorten it"),
                "Title: it has 60 characters, 40 fit.",
                Some("Shorten it."),
            ),
            (
                Some("fields.postal_code"),
                "it is blank",
                None,
                "Postal code: it is blank.",
                None,
            ),
            (
                Some("On-Behalf-Of"),
                "nobody is named",
                None,
                "On-Behalf-Of: nobody is named.",
                None,
            ),
            (
                Some("contact_id"),
                "this contact has no number; add one first",
                Some("this contact has no number; add one first"),
                "Contact id: this contact has no number.",
                Some("Add one first."),
            ),
            (
                None,
                "the password is not right; try again, or ask",
                None,
                "The password is not right.",
                Some("Try again, or ask."),
            ),
            (
                None,
                "There is no such address.",
                Some("See the list."),
                "There is no such address.",
                Some("See the list."),
            ),
            (
                Some("email"),
                "\"x\" is no e-mail address",
                Some("write it as a@b.c"),
                "Email: \"x\" is no e-mail address.",
                Some("Write it as a@b.c."),
            ),
            (
                Some("text"),
                "it is empty; write something",
                Some("Write something."),
                "Text: it is empty.",
                Some("Write something."),
            ),
            (
                None,
                "the number is taken; by Ann",
                Some("give another"),
                "The number is taken; by Ann.",
                Some("Give another."),
            ),
            (
                None,
                "write something first",
                Some("Write something first."),
                "Write something first.",
                None,
            ),
            (
                Some("limit"),
                "limit is no number",
                None,
                "Limit is no number.",
                None,
            ),
            (
                Some("direction"),
                "it is read only",
                Some("to_hub is possible"),
                "Direction: it is read only.",
                Some("to_hub is possible."),
            ),
        ] {
            let said = sentences(field, detail, fix);
            assert_eq!((said.0.as_str(), said.1.as_deref()), (cause, way_out));
        }
    }
}
