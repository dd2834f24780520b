//! The few pieces of JSON text that rows are made of, written into bytes.

/// A text in quotes.
pub(crate) fn push_text(text: &str, out: &mut Vec<u8>) {
    let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    if text.as_bytes().iter().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    serde_json::to_writer(out, text).expect("a text can always be written into memory");
}

/// A name and its colon.
pub(crate) fn push_key(name: &str, out: &mut Vec<u8>) {
    push_text(name, out);
    out.push(b':');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_writes_it(text in any::<String>()) {
            let mut out = Vec::new();
            push_text(&text, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::json!(text).to_string());
        }
    }
}
