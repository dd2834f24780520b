//! A text that came in.

use crate::error::FormError;
use crate::form::Form;
use tieline_domain::{address, text};

/// What the form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundText {
    /// The carrier's name for it, `SM…`.
    pub provider_id: String,
    /// The account that it came to, `AC…`.
    pub account: Option<String>,
    /// Who sent it, as [`address::of_sender`] keeps it.
    pub from: String,
    /// Our number, as the carrier writes it.
    pub to: String,
    /// What it says; may be empty.
    pub text: String,
}

/// Reads the form of a text.
pub fn read(form: &Form, country: &str) -> Result<InboundText, FormError> {
    Ok(InboundText {
        provider_id: form.required("MessageSid")?.to_owned(),
        account: form.get("AccountSid").map(str::to_owned),
        from: address::of_sender(form.required("From")?, country),
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
        let text = read(&form, "GB").unwrap();
        assert_eq!(
            (text.from.as_str(), text.text.as_str()),
            ("+447700900317", "Hello there")
        );
        let form = Form::parse(b"MessageSid=SM1&From=%2B447700900317&To=x&Body=Zoe%CC%88%00");
        assert_eq!(read(&form, "GB").unwrap().text, "Zo\u{eb}");
        for (body, field) in [
            (&b"From=%2B447700900317&To=x"[..], "MessageSid"),
            (b"MessageSid=SM1&To=x", "From"),
            (b"MessageSid=SM1&From=%2B447700900317", "To"),
        ] {
            assert_eq!(read(&Form::parse(body), "GB").unwrap_err().field, field);
        }
    }
}
