//! Ids: UUID version 7 behind a newtype per kind of thing, written with a prefix.
//!
//! The prefix makes an id readable in a log and makes it impossible to hand a message's id to a
//! function that wants a conversation's. Version 7 sorts by time of creation, which keeps b-trees
//! and pages of lists compact.

use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Where drivers get the random part of an id from; injected, so that a seeded run gives equal ids.
pub trait Ids: Send + Sync + 'static {
    /// 128 bits, of which an id uses 74.
    fn random(&self) -> u128;
}

/// A UUID of version 7 for this moment (RFC 9562, section 5.7).
pub fn uuid_v7(at: Timestamp, random: u128) -> u128 {
    let ms = (at.0.max(0) as u128) & 0xFFFF_FFFF_FFFF;
    let rand_a = (random >> 64) & 0x0FFF;
    let rand_b = random & 0x3FFF_FFFF_FFFF_FFFF;
    (ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b
}

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is not an id of this kind; it begins with {prefix:?} and 32 hexadecimal digits follow"
)]
pub struct InvalidId {
    given: String,
    prefix: &'static str,
}

/// What all ids can do; lets storage read any of them from a column.
pub trait Id: Sized + fmt::Display + FromStr<Err = InvalidId> + Clone {
    /// What stands before the hexadecimal digits, the underscore included.
    const PREFIX: &'static str;
    /// An id made of these 128 bits; see [`uuid_v7`].
    fn from_uuid(uuid: u128) -> Self;
    /// Its 128 bits.
    fn uuid(&self) -> u128;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: u128) -> Self {
                Self(uuid)
            }
            fn uuid(&self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{:032x}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let text = utoipa::openapi::schema::Type::String;
                let pattern = concat!("^", $prefix, "[0-9a-f]{32}$");
                let schema = utoipa::openapi::schema::ObjectBuilder::new().schema_type(text);
                schema.pattern(Some(pattern)).into()
            }
        }
        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// A person outside the company.
    ContactId = "ct_";
    /// A channel and a normalised address.
    PointId = "pt_";
    /// A channel end point and its members.
    InboxId = "ib_";
    /// An account at a carrier.
    CarrierAccountId = "ca_";
    /// A number or name that an account sends from.
    SenderId = "sn_";
    /// The exchange between an inbox and a contact point.
    ConversationId = "conv_";
    /// One text, note or event in a conversation.
    MessageId = "msg_";
    /// A file that came with a message.
    AttachmentId = "att_";
    /// A user of the organisation.
    StaffId = "st_";
    /// What a browser that signed in holds.
    SessionId = "se_";
    /// A key of a program.
    ApiKeyId = "key_";
    /// Somebody who visits a website.
    VisitorId = "vis_";
    /// A line of the audit.
    AuditId = "au_";
    /// A field that contacts have.
    ContactFieldId = "cf_";
    /// Tieline's authorised link to one Salesforce org.
    ConnectionId = "cn_";
    /// One Salesforce object tied to contacts.
    ObjectMappingId = "om_";
    /// One Salesforce record tied to one contact.
    LinkId = "ln_";
    /// One execution of the sync.
    SyncRunId = "run_";
    /// A record that Tieline meant to create in an org.
    CreateIntentId = "ci_";
    /// An entry of the consent ledger.
    ConsentEntryId = "ce_";
    /// A text that came in for nobody we know.
    UnassignedTextId = "ut_";
    /// A piece of background work.
    JobId = "job_";
}

fn parse(prefix: &'static str, text: &str) -> Result<u128, InvalidId> {
    let invalid = || InvalidId {
        given: text.chars().take(64).collect(),
        prefix,
    };
    let digits = text.strip_prefix(prefix).ok_or_else(invalid)?;
    let plain = digits.len() == 32
        && digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !plain {
        return Err(invalid());
    }
    u128::from_str_radix(digits, 16).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself() {
        let id = ContactId::from_uuid(uuid_v7(Timestamp(1_700_000_000_000), 42));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = ContactId::from_uuid(7).to_string();
        assert!(id.parse::<MessageId>().is_err());
        assert!(
            "ct_+0000000000000000000000000000000"
                .parse::<ContactId>()
                .is_err()
        );
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let early = uuid_v7(Timestamp(1_000), u128::MAX);
        let late = uuid_v7(Timestamp(1_001), 0);
        assert!(early < late);
        assert_eq!(
            (early >> 76) & 0xF,
            7,
            "the version stands where RFC 9562 wants it"
        );
    }
}
