//! `X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted fields, keyed with the account's
//! token (Twilio's security documentation).

use crate::form::Form;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, verify};

/// Whether a form was sent by who knows the token. `url` is the public address of the webhook as
/// it was given to the carrier, never what a Host header says.
pub fn is_valid(token: &str, url: &str, form: &Form, signature: &str) -> bool {
    let Ok(given) = STANDARD.decode(signature.trim()) else {
        return false;
    };
    let mut signed = url.to_owned();
    for (name, value) in form.iter() {
        signed.push_str(name);
        signed.push_str(value);
    }
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    verify(&key, signed.as_bytes(), &given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of Twilio's documentation.
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const BODY: &[u8] = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212";
    const SIGNATURE: &str = "GvWf1cFY/Q7PnoempGyD5oXAezc=";

    #[test]
    fn the_documented_example_is_valid_and_every_change_of_it_is_not() {
        let form = Form::parse(BODY);
        assert!(is_valid("12345", URL, &form, SIGNATURE));
        assert!(!is_valid("12346", URL, &form, SIGNATURE));
        assert!(!is_valid(
            "12345",
            "https://mycompany.com/myapp.php?foo=1&bar=3",
            &form,
            SIGNATURE
        ));
        assert!(!is_valid(
            "12345",
            URL,
            &Form::parse(b"Digits=1235"),
            SIGNATURE
        ));
        for signature in ["", "not base64!", "AAAA", &SIGNATURE[1..]] {
            assert!(!is_valid("12345", URL, &form, signature), "{signature:?}");
        }
    }
}
