//! Record ids: fifteen case-sensitive characters, shown with three more that encode the case, so
//! that a program which folds case still finds the record. Inside the org the short form is kept.

use std::fmt;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The id of one record, in its 15-character form; prints with 18.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 15]);

impl RecordId {
    /// Builds an id from the object's key prefix, two characters of the instance and a serial number.
    pub fn new(prefix: &str, instance: [u8; 2], serial: u64) -> Self {
        let mut bytes = [b'0'; 15];
        bytes[..3].copy_from_slice(&prefix.as_bytes()[..3]);
        bytes[3..5].copy_from_slice(&instance);
        Self(bytes).with_serial(serial)
    }

    /// Reads the 15- or the 18-character form. With 18 characters the case comes from the check
    /// characters, so a text that was folded to one case is read right and a wrong check is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        match bytes.len() {
            15 => Some(Self(bytes.try_into().ok()?)),
            18 => Self::restore_case(bytes),
            _ => None,
        }
    }

    /// The object's key prefix, for example `003`.
    pub fn prefix(&self) -> [u8; 3] {
        [self.0[0], self.0[1], self.0[2]]
    }

    /// The nine serial characters as a number.
    pub fn serial(&self) -> u64 {
        self.0[6..].iter().fold(0, |acc, byte| {
            let digit = match byte {
                b'a'..=b'z' => byte - b'a' + 36,
                b'A'..=b'Z' => byte - b'A' + 10,
                digit => digit.wrapping_sub(b'0'),
            };
            acc * 62 + u64::from(digit)
        })
    }

    /// The 15-character form, which some error messages use.
    pub fn short(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id holds ASCII letters and digits only")
    }

    /// The 18-character form.
    pub(crate) fn long(&self) -> [u8; 18] {
        let mut text = [0u8; 18];
        text[..15].copy_from_slice(&self.0);
        for block in 0..3 {
            let bits = (0..5).fold(0usize, |acc, j| {
                acc | usize::from(self.0[block * 5 + j].is_ascii_uppercase()) << j
            });
            text[15 + block] = BASE32[bits];
        }
        text
    }

    /// Everything before the serial number: prefix, instance and the reserved character.
    pub(crate) fn stem(&self) -> &[u8] {
        &self.0[..6]
    }

    /// The id of a neighbour in the same table.
    pub(crate) fn with_serial(mut self, serial: u64) -> Self {
        let mut rest = serial;
        for place in self.0[6..].iter_mut().rev() {
            *place = BASE62[(rest % 62) as usize];
            rest /= 62;
        }
        self
    }

    fn restore_case(bytes: &[u8]) -> Option<Self> {
        let mut id = [0u8; 15];
        for (block, check) in bytes[15..].iter().enumerate() {
            let bits = BASE32
                .iter()
                .position(|c| *c == check.to_ascii_uppercase())?;
            for j in 0..5 {
                let byte = bytes[block * 5 + j];
                let upper = bits >> j & 1 == 1;
                if upper && !byte.is_ascii_alphabetic() {
                    return None;
                }
                id[block * 5 + j] = match upper {
                    true => byte.to_ascii_uppercase(),
                    false => byte.to_ascii_lowercase(),
                };
            }
        }
        Some(Self(id))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.long();
        f.write_str(std::str::from_utf8(&text).expect("an id holds ASCII letters and digits only"))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistake_14_the_check_characters_encode_the_case() {
        let cases = [
            ("0018M000003uKqq", "0018M000003uKqqQAE"),
            ("012000000000000", "012000000000000AAA"),
            ("0035e00000AbCdE", "0035e00000AbCdEAAV"),
        ];
        for (short, long) in cases {
            let id = RecordId::parse(short).unwrap();
            assert_eq!(id.to_string(), long);
            assert_eq!(RecordId::parse(long), Some(id));
            assert_eq!(RecordId::parse(&long.to_ascii_uppercase()), Some(id));
        }
    }

    #[test]
    fn mistake_14_fifteen_characters_are_told_apart_by_case() {
        let upper = RecordId::parse("0035e00000AbCdE").unwrap();
        let lower = RecordId::parse("0035e00000abcde").unwrap();
        assert_ne!(upper, lower);
    }

    #[test]
    fn a_text_that_cannot_be_an_id_is_refused() {
        for text in [
            "",
            "003",
            "0035e00000AbCd!",
            "0035e00000AbCdE12",
            "0035e00000AbCdE555",
        ] {
            assert_eq!(RecordId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_sort_as_their_serial_numbers() {
        let ids: Vec<_> = [1, 9, 10, 35, 36, 61, 62, 4_000]
            .map(|n| RecordId::new("003", *b"gL", n))
            .to_vec();
        assert!(ids.is_sorted());
        assert_eq!(ids[7].serial(), 4_000);
    }
}
