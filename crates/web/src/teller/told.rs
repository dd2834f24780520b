//! An event as it stands in the streams of those who may see it.

use bytes::{Bytes, BytesMut};
use std::collections::HashMap;
use tieline_domain::access::Right;
use tieline_domain::id::{InboxId, StaffId};

/// An event as all who may see it get it.
pub(super) struct Told {
    pub seq: i64,
    /// Who lacks it is not told.
    pub right: Right,
    /// Whose members may see it; none for what all staff may see.
    pub inbox: Option<InboxId>,
    /// Who alone is told of it, if it is not for all of these.
    pub reader: Option<StaffId>,
    /// As it stands in the stream.
    pub frame: Frame,
}

/// An event's text: the same for all, but for what each person has not read.
pub(super) enum Frame {
    Same(Bytes),
    PerPerson {
        head: Bytes,
        unread: Unread,
        tail: Bytes,
    },
}

/// How many messages of a conversation people have not read.
pub(super) struct Unread {
    pub to: HashMap<StaffId, i64>,
    /// To who has read nothing.
    pub to_all_others: i64,
}

impl Frame {
    /// Puts it behind what a person gets.
    pub fn write(&self, staff: Option<StaffId>, frames: &mut BytesMut) {
        match self {
            Frame::Same(text) => frames.extend_from_slice(text),
            Frame::PerPerson { head, unread, tail } => {
                let own = staff.and_then(|staff| unread.to.get(&staff));
                let number = own.unwrap_or(&unread.to_all_others);
                frames.extend_from_slice(head);
                frames.extend_from_slice(number.to_string().as_bytes());
                frames.extend_from_slice(tail);
            }
        }
    }

    /// About how many bytes that is.
    pub fn len(&self) -> usize {
        match self {
            Frame::Same(text) => text.len(),
            Frame::PerPerson { head, tail, .. } => head.len() + tail.len(),
        }
    }
}
