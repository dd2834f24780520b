//! Which field of a lead becomes which field of what it is converted to: the standard mapping.

/// Lead and account.
pub(super) const ACCOUNT: [(&str, &str); 17] = [
    ("Company", "Name"),
    ("Street", "BillingStreet"),
    ("City", "BillingCity"),
    ("State", "BillingState"),
    ("PostalCode", "BillingPostalCode"),
    ("Country", "BillingCountry"),
    ("Latitude", "BillingLatitude"),
    ("Longitude", "BillingLongitude"),
    ("GeocodeAccuracy", "BillingGeocodeAccuracy"),
    ("Phone", "Phone"),
    ("Fax", "Fax"),
    ("Website", "Website"),
    ("Industry", "Industry"),
    ("AnnualRevenue", "AnnualRevenue"),
    ("NumberOfEmployees", "NumberOfEmployees"),
    ("Rating", "Rating"),
    ("LeadSource", "AccountSource"),
];

/// Lead and contact.
pub(super) const CONTACT: [(&str, &str); 23] = [
    ("Salutation", "Salutation"),
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("Title", "Title"),
    ("Email", "Email"),
    ("Phone", "Phone"),
    ("MobilePhone", "MobilePhone"),
    ("Fax", "Fax"),
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("State", "MailingState"),
    ("PostalCode", "MailingPostalCode"),
    ("Country", "MailingCountry"),
    ("Latitude", "MailingLatitude"),
    ("Longitude", "MailingLongitude"),
    ("GeocodeAccuracy", "MailingGeocodeAccuracy"),
    ("Description", "Description"),
    ("LeadSource", "LeadSource"),
    ("IndividualId", "IndividualId"),
    ("Jigsaw", "Jigsaw"),
    ("HasOptedOutOfEmail", "HasOptedOutOfEmail"),
    ("HasOptedOutOfFax", "HasOptedOutOfFax"),
    ("DoNotCall", "DoNotCall"),
];

/// Lead and deal.
pub(super) const OPPORTUNITY: [(&str, &str); 1] = [("LeadSource", "LeadSource")];
