//! Reading a field whatever its origin: kept with the record, a system field, put together from
//! parts, or worked out from other records at the moment of reading.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::formula::Scene;
use super::id::RecordId;
use super::schema::{FieldDef, FieldKind, Role};
use super::store::{Slot, Store};
use super::value::Value;

impl Store {
    /// The value of a field; compound addresses have none and are read by `address`.
    pub fn read(&self, object: usize, slot: Slot, field: &FieldDef) -> Value {
        self.peek(object, slot, field).into_owned()
    }

    /// The same without a copy where the record keeps it.
    pub fn peek(&self, object: usize, slot: Slot, field: &FieldDef) -> Cow<'_, Value> {
        let table = self.table(object);
        let record = table.record(slot);
        Cow::Owned(match field.role {
            Role::Id => Value::Id(table.id_at(slot)),
            Role::IsDeleted => Value::Bool(record.deleted),
            Role::CreatedDate => Value::Time(record.created),
            Role::CreatedBy => Value::Id(record.created_by),
            Role::ModifiedDate => Value::Time(record.modified),
            Role::ModifiedBy => Value::Id(record.modified_by),
            Role::Stamp => Value::Time(record.stamp),
            Role::PersonName => table.person_name(record),
            Role::Address => Value::Null,
            Role::Derived => self.derive(object, slot, field),
            Role::Formula => Scene::kept(self, object, slot, 0).formula(field),
            Role::AutoNumber => auto_number(field, slot),
            Role::Stored => match record.cell(field.index) {
                Value::Null if field.kind == FieldKind::Bool => Value::Bool(false),
                value => return Cow::Borrowed(value),
            },
        })
    }

    /// By the name of a field that the object is known to have.
    pub fn read_named(&self, object: usize, slot: Slot, field: &str) -> Value {
        match self.def(object).field(field) {
            Some(field) => self.read(object, slot, field),
            None => Value::Null,
        }
    }

    /// As JSON, addresses too.
    pub fn read_json(&self, object: usize, slot: Slot, field: &FieldDef) -> Json {
        match field.role {
            Role::Address => self.address(object, slot, field),
            _ => self.read(object, slot, field).to_json(field.kind),
        }
    }

    /// The same, appended to bytes; what is kept with the record is written without a copy.
    pub fn write_json(&self, object: usize, slot: Slot, field: &FieldDef, out: &mut Vec<u8>) {
        match field.role {
            Role::Address => {
                let address = self.address(object, slot, field);
                out.extend_from_slice(address.to_string().as_bytes());
            }
            _ => self.peek(object, slot, field).write_json(field.kind, out),
        }
    }

    fn address(&self, object: usize, slot: Slot, compound: &FieldDef) -> Json {
        const PARTS: [(&str, &str); 8] = [
            ("city", "City"),
            ("country", "Country"),
            ("geocodeAccuracy", "GeocodeAccuracy"),
            ("latitude", "Latitude"),
            ("longitude", "Longitude"),
            ("postalCode", "PostalCode"),
            ("state", "State"),
            ("street", "Street"),
        ];
        let stem = compound.name.trim_end_matches("Address");
        let part = |suffix: &str| {
            let field = self.def(object).field(&format!("{stem}{suffix}"));
            field.map_or(Json::Null, |f| self.read_json(object, slot, f))
        };
        let mut address = json!({});
        for (key, suffix) in PARTS {
            address[key] = part(suffix);
        }
        let empty = address
            .as_object()
            .is_some_and(|a| a.values().all(Json::is_null));
        match empty {
            true => Json::Null,
            false => address,
        }
    }

    fn derive(&self, object: usize, slot: Slot, field: &FieldDef) -> Value {
        let id = self.id_at(object, slot);
        match (self.def(object).name.as_str(), field.name.as_str()) {
            (_, "PhotoUrl") => Value::text(&format!("/services/images/photo/{id}")),
            ("Contact", _) => {
                let bounced = self.read_named(object, slot, "EmailBouncedDate");
                Value::Bool(!bounced.is_null())
            }
            ("Campaign", name) => self.campaign_total(&id, name),
            ("CampaignMember", name) => self.member_mirror(object, slot, name),
            _ => Value::Null,
        }
    }

    fn campaign_total(&self, campaign: &RecordId, field: &str) -> Value {
        let members = || self.related("CampaignMember", campaign);
        let deals = || self.related("Opportunity", campaign);
        let has = |(object, slot): &(usize, Slot), name: &str| {
            let value = self.read_named(*object, *slot, name);
            !matches!(value, Value::Null | Value::Bool(false))
        };
        let won = |deal: &(usize, Slot)| has(deal, "IsWon");
        let amount = |(object, slot): (usize, Slot)| {
            let value = self.read_named(object, slot, "Amount");
            value.as_number().unwrap_or_default()
        };
        let count = |n: usize| n as f64;
        Value::Number(match field {
            "NumberOfContacts" => count(members().filter(|m| has(m, "ContactId")).count()),
            "NumberOfLeads" => count(members().filter(|m| !has(m, "ContactId")).count()),
            "NumberOfConvertedLeads" => count(members().filter(|m| self.was_lead(*m)).count()),
            "NumberOfResponses" => count(members().filter(|m| has(m, "HasResponded")).count()),
            "NumberOfOpportunities" => count(deals().count()),
            "NumberOfWonOpportunities" => count(deals().filter(won).count()),
            "AmountAllOpportunities" => deals().map(amount).sum(),
            "AmountWonOpportunities" => deals().filter(won).map(amount).sum(),
            _ => 0.0,
        })
    }

    /// Whether a campaign member is a lead that was converted.
    fn was_lead(&self, (object, slot): (usize, Slot)) -> bool {
        let lead = self.read_named(object, slot, "LeadId").as_id();
        let lead = lead.and_then(|id| self.locate(&id));
        lead.is_some_and(|(lead, at)| self.read_named(lead, at, "IsConverted").is_true())
    }

    fn related(&self, child: &str, campaign: &RecordId) -> impl Iterator<Item = (usize, Slot)> {
        let child = self.schema.index(child);
        let field = self.def(child).at("CampaignId");
        let slots = self.children(child, field, campaign);
        slots.into_iter().map(move |slot| (child, slot))
    }

    /// A campaign member shows the fields of its contact, or else of its lead.
    fn member_mirror(&self, object: usize, slot: Slot, field: &str) -> Value {
        let contact = self.read_named(object, slot, "ContactId").as_id();
        let lead = self.read_named(object, slot, "LeadId").as_id();
        let Some(id) = contact.or(lead) else {
            return Value::Null;
        };
        let Some((person, at)) = self.locate(&id) else {
            return Value::Null;
        };
        match (field, contact.is_some()) {
            ("LeadOrContactId", _) => Value::Id(id),
            ("LeadOrContactOwnerId", _) => self.read_named(person, at, "OwnerId"),
            ("Type", true) => Value::text("Contact"),
            ("Type", false) => Value::text("Lead"),
            ("CompanyOrAccount", true) => self.account_name(person, at),
            ("CompanyOrAccount", false) => self.read_named(person, at, "Company"),
            ("Street" | "City" | "State" | "PostalCode" | "Country", true) => {
                self.read_named(person, at, &format!("Mailing{field}"))
            }
            _ => self.read_named(person, at, field),
        }
    }

    fn account_name(&self, person: usize, slot: Slot) -> Value {
        let account = self.read_named(person, slot, "AccountId").as_id();
        match account.and_then(|id| self.locate(&id)) {
            Some((object, slot)) => self.read_named(object, slot, "Name"),
            None => Value::Null,
        }
    }
}

/// The record's place in the table, written as the field's pattern says: `A-{0000}`.
fn auto_number(field: &FieldDef, slot: Slot) -> Value {
    let pattern = field.custom.display_format.as_deref().unwrap_or("{0}");
    let number = slot + 1;
    let written = match pattern.split_once('{').zip(pattern.split_once('}')) {
        Some(((before, inside), (_, after))) => {
            let width = inside.find('}').unwrap_or(1);
            format!("{before}{number:0width$}{after}")
        }
        None => format!("{pattern}{number}"),
    };
    Value::text(&written)
}
