//! Avro's binary form, as far as events need it. A record with a hundred fields of which three hold
//! something is written straight from the log; building a tree of values for a library first, with
//! the union branch of each field named, would be longer than the encoding itself.

/// What a field of an event may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Bool,
    Int,
    Long,
    Double,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Bool => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
        }
    }
}

/// Zigzag, seven bits at a time: ints, longs, lengths, branches and enum positions.
pub(crate) fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    long(out, value.len() as i64);
    out.extend_from_slice(value.as_bytes());
}

/// An array of strings in one block.
pub(crate) fn texts(out: &mut Vec<u8>, values: &[String]) {
    if !values.is_empty() {
        long(out, values.len() as i64);
        for value in values {
            text(out, value);
        }
    }
    long(out, 0);
}

/// Reads what a publisher encoded; `None` where the bytes cannot be what the schema says.
pub(crate) struct Reader<'a> {
    pub bytes: &'a [u8],
}

impl Reader<'_> {
    pub fn long(&mut self) -> Option<i64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        None
    }

    /// Passes over one value.
    pub fn skip(&mut self, kind: Kind) -> Option<()> {
        match kind {
            Kind::Text => {
                let length = usize::try_from(self.long()?).ok()?;
                std::str::from_utf8(self.take(length)?).ok()?;
            }
            Kind::Bool => match self.take(1)? {
                [0 | 1] => {}
                _ => return None,
            },
            Kind::Int => {
                i32::try_from(self.long()?).ok()?;
            }
            Kind::Long => {
                self.long()?;
            }
            Kind::Double => {
                self.take(8)?;
            }
        }
        Some(())
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_as_they_were_written() {
        for value in [0, -1, 1, 63, -64, 64, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            long(&mut bytes, value);
            let mut reader = Reader { bytes: &bytes };
            assert_eq!(reader.long(), Some(value));
            assert!(reader.bytes.is_empty());
        }
    }

    #[test]
    fn bytes_that_break_off_are_refused() {
        for bytes in [&[0x80][..], &[0xFF; 12], &[]] {
            assert_eq!(Reader { bytes }.long(), None);
        }
        assert_eq!(Reader { bytes: &[20, 65] }.skip(Kind::Text), None);
        assert_eq!(Reader { bytes: &[1, 65] }.skip(Kind::Text), None);
    }
}
