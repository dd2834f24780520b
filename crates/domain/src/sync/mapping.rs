//! Which object and field of an org goes with what of a contact, and who wins.

use crate::words::words;

words! {
    /// Which way values flow.
    MappingDirection {
        /// Each side takes what the other changed.
        Both = "both",
        /// Only from the org into the hub.
        ToHub = "to_hub",
        /// Only from the hub into the org.
        ToOrg = "to_org",
    }
}

words! {
    /// What happens when both sides changed a field, differently.
    #[cfg_attr(feature = "schema", schema(as = MappingPolicy))]
    Policy {
        /// The org's value stays.
        Salesforce = "salesforce",
        /// The hub's value stays.
        Tieline = "tieline",
        /// The value of the later change stays, by the org's clock.
        Newest = "newest",
        /// Both stay as they are until somebody decides.
        Ask = "ask",
    }
}

words! {
    /// What becomes of a contact whose record is deleted in the org.
    #[cfg_attr(feature = "schema", schema(as = MappingDeletes))]
    Deletes {
        /// The contact is deleted too (hidden and unlinked).
        Honour = "honour",
        /// The contact stays, unlinked.
        Ignore = "ignore",
    }
}

/// One pair of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMapping {
    /// API name in the org, `Email`, or through a parent, `Account.Name`.
    pub field: String,
    /// The contact's attribute.
    pub attribute: String,
    /// Which way.
    pub direction: MappingDirection,
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
            Some(pair(&("Account.Name", "company"), MappingDirection::ToHub)),
        ),
        "Lead" => (LEAD, None),
        _ => return None,
    };
    let both = PERSON
        .iter()
        .chain(own)
        .map(|names| pair(names, MappingDirection::Both));
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
