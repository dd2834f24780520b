//! The text of a field. Names, numbers and words of picklists are short and stand in place; only
//! longer ones are kept apart, and shared by their copies.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that stand in place: as many as make no value larger.
const IN_PLACE: usize = 22;

/// A text that is cheap to copy.
#[derive(Clone)]
pub(crate) struct Text(Kept);

#[derive(Clone)]
enum Kept {
    Short(u8, [u8; IN_PLACE]),
    Long(Arc<str>),
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut bytes = [0; IN_PLACE];
        Self(match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Kept::Short(text.len() as u8, bytes)
            }
            None => Kept::Long(Arc::from(text)),
        })
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Kept::Short(length, bytes) => std::str::from_utf8(&bytes[..usize::from(*length)])
                .expect("the bytes were a text when they were put here"),
            Kept::Long(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::value::Value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_comes_back_whole(text in ".{0,40}") {
            prop_assert_eq!(&*Text::from(text.as_str()), text.as_str());
        }
    }

    #[test]
    fn a_value_is_three_words_whatever_it_holds() {
        assert_eq!(size_of::<Value>(), 24);
    }
}
