//! Which object and field of an org goes with what of a contact, and who wins.

use serde::{Deserialize, Serialize};

/// Which way values flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = MappingDirection))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Each side takes what the other changed.
    Both,
    /// Only from the org into the hub.
    ToHub,
    /// Only from the hub into the org.
    ToOrg,
}

/// What happens when both sides changed a field, differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = MappingPolicy))]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The org's value stays.
    Salesforce,
    /// The hub's value stays.
    Tieline,
    /// The value of the later change stays, by the org's clock.
    Newest,
    /// Both stay as they are until somebody decides.
    Ask,
}

/// What becomes of a contact whose record is deleted in the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = MappingDeletes))]
#[serde(rename_all = "snake_case")]
pub enum Deletes {
    /// The contact is deleted too (hidden and unlinked).
    Honour,
    /// The contact stays, unlinked.
    Ignore,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            /// The word kept in the database and used by the API.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $word),* }
            }

            /// The member of that word.
            pub fn parse(word: &str) -> Option<$type> {
                match word { $($word => Some($type::$variant),)* _ => None }
            }
        }
    };
}

words!(Direction { Both = "both", ToHub = "to_hub", ToOrg = "to_org" });
words!(Policy { Salesforce = "salesforce", Tieline = "tieline", Newest = "newest", Ask = "ask" });
words!(Deletes { Honour = "honour", Ignore = "ignore" });

/// One pair of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMapping {
    /// API name in the org, `Email`, or through a parent, `Account.Name`.
    pub field: String,
    /// The contact's attribute.
    pub attribute: String,
    /// Which way.
    pub direction: Direction,
    /// Who wins.
    pub policy: Policy,
}

/// The pairs that a new connection starts with; `None` for an object that Tieline does not mirror.
pub fn default_fields(object: &str) -> Option<Vec<FieldMapping>> {
    const PERSON: &[(&str, &str)] = &[
        ("Salutation", "salutation"),
        ("FirstName", "first_name"),
        ("LastName", "last_name"),
        ("Email", "email"),
        ("MobilePhone", "mobile_phone"),
        ("Phone", "phone"),
        ("Title", "title"),
        ("LeadSource", "lead_source"),
        ("Description", "description"),
    ];
    const CONTACT: &[(&str, &str)] = &[
        ("HomePhone", "home_phone"),
        ("OtherPhone", "other_phone"),
        ("Department", "department"),
        ("Birthdate", "birthdate"),
        ("MailingStreet", "street"),
        ("MailingCity", "city"),
        ("MailingState", "state"),
        ("MailingPostalCode", "postal_code"),
        ("MailingCountry", "country"),
    ];
    const LEAD: &[(&str, &str)] = &[
        ("Company", "company"),
        ("Street", "street"),
        ("City", "city"),
        ("State", "state"),
        ("PostalCode", "postal_code"),
        ("Country", "country"),
    ];
    let pair = |(field, attribute): &(&str, &str), direction| FieldMapping {
        field: (*field).to_owned(),
        attribute: (*attribute).to_owned(),
        direction,
        policy: Policy::Salesforce,
    };
    let (own, company) = match object {
        // A contact's company is its account's name, which is not the contact's to change.
        "Contact" => (
            CONTACT,
            Some(pair(&("Account.Name", "company"), Direction::ToHub)),
        ),
        "Lead" => (LEAD, None),
        _ => return None,
    };
    let both = PERSON
        .iter()
        .chain(own)
        .map(|names| pair(names, Direction::Both));
    Some(both.chain(company).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_default_names_an_attribute_that_exists_and_none_twice() {
        let catalogue = Catalogue::first("GB");
        for object in ["Contact", "Lead"] {
            let fields = default_fields(object).unwrap();
            let mut attributes: Vec<&str> =
                fields.iter().map(|pair| pair.attribute.as_str()).collect();
            assert!(
                attributes
                    .iter()
                    .all(|name| catalogue.field(name).is_some()),
                "{attributes:?}"
            );
            attributes.sort_unstable();
            let before = attributes.len();
            attributes.dedup();
            assert_eq!(attributes.len(), before);
        }
        assert_eq!(default_fields("Case"), None);
    }
}
