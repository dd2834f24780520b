//! A text that came in.

use crate::error::FormError;
use crate::form::Form;
use crate::text::InboundText;
use tieline_domain::attachment::not_kept;
use tieline_domain::text;

/// Reads the form of a text.
pub fn read(form: &Form) -> Result<InboundText, FormError> {
    Ok(InboundText {
        provider_id: form.required("MessageSid")?.to_owned(),
        account: form.get("AccountSid").map(str::to_owned),
        from: form.required("From")?.to_owned(),
        to: form.required("To")?.to_owned(),
        text: words(form),
    })
}

/// What it says; of one that is media alone, that there were some.
fn words(form: &Form) -> String {
    let words = text::clean(form.get("Body").unwrap_or_default());
    let media = form.get("NumMedia").and_then(|number| number.parse().ok());
    match media {
        Some(number @ 1..) if words.trim().is_empty() => not_kept(number),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_what_is_missing_is_named() {
        let form = Form::parse(
            b"MessageSid=SM1&From=%2B447700900317&To=%2B447700900010&Body=Hello%20there",
        );
        let text = read(&form).unwrap();
        assert_eq!(
            (text.from.as_str(), text.text.as_str()),
            ("+447700900317", "Hello there")
        );
        let form = Form::parse(b"MessageSid=SM1&From=%2B447700900317&To=x&Body=Zoe%CC%88%00");
        assert_eq!(read(&form).unwrap().text, "Zo\u{eb}");
        for (media, body, said) in [
            ("1", "", "[1 picture or file, not kept yet]"),
            ("2", " ", "[2 pictures or files, not kept yet]"),
            ("2", "See these", "See these"),
            ("0", "", ""),
            ("", "", ""),
            ("-1", "", ""),
        ] {
            let form =
                format!("MessageSid=MM1&From=%2B447700900317&To=x&Body={body}&NumMedia={media}");
            assert_eq!(read(&Form::parse(form.as_bytes())).unwrap().text, said);
        }
        for (body, field) in [
            (&b"From=%2B447700900317&To=x"[..], "MessageSid"),
            (b"MessageSid=SM1&To=x", "From"),
            (b"MessageSid=SM1&From=%2B447700900317", "To"),
        ] {
            assert_eq!(read(&Form::parse(body)).unwrap_err().field, field);
        }
    }
}
