//! Where a conversation stands in lists: those we are to answer first, the newest first in each part.
//!
//! Written so that whoever holds rows of a list can sort them, as text, without knowing the rule.

use super::Conversation;
use crate::id::{ConversationId, Id as _};
use crate::time::Timestamp;
use std::fmt;
use std::str::FromStr;

/// The place of a conversation in lists; what stands earlier is less, also as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPlace {
    pub our_turn: bool,
    pub last_at: Timestamp,
    pub id: ConversationId,
}

/// A text that is no [`ListPlace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no place in a list of conversations")]
pub struct InvalidPlace;

impl ListPlace {
    /// Where it stands now.
    pub fn of(it: &Conversation) -> ListPlace {
        ListPlace {
            our_turn: it.our_turn,
            last_at: it.last_at,
            id: it.id,
        }
    }
}

impl fmt::Display for ListPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = u8::from(!self.our_turn);
        write!(f, "{part}{:016x}{:032x}", !self.last_at.0, !self.id.uuid())
    }
}

impl FromStr for ListPlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<ListPlace, InvalidPlace> {
        let cut = |from, until| text.get(from..until).ok_or(InvalidPlace);
        let at = u64::from_str_radix(cut(1, 17)?, 16).map_err(|_| InvalidPlace)?;
        let id = u128::from_str_radix(cut(17, 49)?, 16).map_err(|_| InvalidPlace)?;
        let place = ListPlace {
            our_turn: text.starts_with('0'),
            last_at: Timestamp(!at as i64),
            id: ConversationId::from_uuid(!id),
        };
        // One place is written in one way.
        (place.to_string() == text)
            .then_some(place)
            .ok_or(InvalidPlace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(our_turn: bool, at: i64, id: u128) -> ListPlace {
        ListPlace {
            our_turn,
            last_at: Timestamp(at),
            id: ConversationId::from_uuid(id),
        }
    }

    #[test]
    fn as_text_ours_come_first_then_the_newest_then_the_later_id() {
        let now = 1_750_000_000_000;
        let sorted = [
            place(true, now + 1, 1),
            place(true, now, u128::MAX),
            place(true, now, 7),
            place(true, 0, 9),
            place(false, now + 2, 3),
            place(false, 5, 3),
        ];
        let texts = sorted.map(|it| it.to_string());
        assert!(texts.is_sorted(), "{texts:#?}");
        for (it, text) in sorted.iter().zip(&texts) {
            assert_eq!(text.parse().as_ref(), Ok(it));
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let good = place(true, 5, 7).to_string();
        let longer = format!("{good}0");
        let other = good.replacen('0', "2", 1);
        for text in ["", "~", "ours~1~conv_1", &good[1..], &longer, &other, "0é"] {
            assert_eq!(text.parse::<ListPlace>(), Err(InvalidPlace), "{text}");
        }
    }
}
