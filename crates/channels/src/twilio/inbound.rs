//! A text that came in.

use crate::error::FormError;
use crate::form::Form;
use crate::text::InboundText;
use tieline_domain::text;

/// Reads the form of a text.
pub fn read(form: &Form) -> Result<InboundText, FormError> {
    Ok(InboundText {
        provider_id: form.required("MessageSid")?.to_owned(),
        account: form.get("AccountSid").map(str::to_owned),
        from: form.required("From")?.to_owned(),
        to: form.required("To")?.to_owned(),
        text: text::clean(form.get("Body").unwrap_or_default()),
    })
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
        for (body, field) in [
            (&b"From=%2B447700900317&To=x"[..], "MessageSid"),
            (b"MessageSid=SM1&To=x", "From"),
            (b"MessageSid=SM1&From=%2B447700900317", "To"),
        ] {
            assert_eq!(read(&Form::parse(body)).unwrap_err().field, field);
        }
    }
}
