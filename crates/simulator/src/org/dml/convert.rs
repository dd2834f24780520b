//! A lead becomes an account, a contact and a deal. The lead stays as history and points at what
//! became of it; its open activities and its campaigns go along.

mod fields;
mod followers;

use super::collection::{bad_id, refuse_too_many};
use super::{Pending, Writer};
use crate::org::change::Cause;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::record::Record;
use crate::org::schema::ObjectDef;
use crate::org::sharing_rules::RecordAccess;
use crate::org::store::{Place, Slot};
use crate::org::value::Value;
use crate::org::{ApiErrors, Call, Org, datetime};

/// Leads that one call may carry.
const LEADS_MAX: usize = 100;
const DAY: i64 = 86_400;

/// How to convert one lead.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadConvert {
    /// The lead; no part of the JSON.
    #[serde(skip)]
    pub lead_id: String,
    /// An account to use instead of a new one.
    pub account_id: Option<String>,
    /// A contact to use instead of a new one; its account must be given too.
    pub contact_id: Option<String>,
    /// A lead status with IsConverted.
    pub converted_status: String,
    /// Makes no deal.
    pub do_not_create_opportunity: bool,
    /// Name of the deal instead of the company's.
    pub opportunity_name: Option<String>,
    /// The lead source of a given contact becomes that of the lead.
    pub overwrite_lead_source: bool,
    /// Owner of what is made, instead of the lead's.
    pub owner_id: Option<String>,
    /// Would mail the owner; the pretend org sends no mail.
    pub send_notification_email: bool,
}

/// What became of one lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadConvertResult {
    /// The lead, where it was found.
    pub lead_id: Option<RecordId>,
    /// Its account.
    pub account_id: Option<RecordId>,
    /// Its contact.
    pub contact_id: Option<RecordId>,
    /// Its deal.
    pub opportunity_id: Option<RecordId>,
    /// Empty on success.
    pub errors: ApiErrors,
}

impl Org {
    /// SOAP `convertLead`: each lead for itself, all in one transaction of the log.
    pub fn convert_leads(
        &self,
        call: &Call,
        conversions: &[LeadConvert],
    ) -> Result<Vec<LeadConvertResult>, ApiError> {
        refuse_too_many(conversions.len(), LEADS_MAX, "leads")?;
        let each = |writer: &mut Writer<'_>| {
            let one = |conversion| writer.convert_or_take_back(conversion);
            conversions.iter().map(one).collect()
        };
        Ok(self.write(call, each))
    }

    /// The status that a lead gets by being converted, as its page offers it.
    pub fn converted_status(&self) -> Option<String> {
        let state = self.read();
        let store = &state.store;
        let statuses = store.schema.index("LeadStatus");
        let read = |slot: Slot, field: &str| store.read_named(statuses, slot, field);
        let mut all = 0..store.table(statuses).len() as Slot;
        let converted = all.find(|slot| read(*slot, "IsConverted").is_true());
        converted.and_then(|slot| read(slot, "MasterLabel").as_str().map(str::to_owned))
    }

    /// Converts one lead.
    pub fn convert_lead(
        &self,
        call: &Call,
        conversion: &LeadConvert,
    ) -> Result<LeadConvertResult, ApiErrors> {
        let result = self.write(call, |writer| writer.convert_or_take_back(conversion));
        match result.errors.is_empty() {
            true => Ok(result),
            false => Err(result.errors),
        }
    }
}

/// A lead on its way: where it is and who will own what is made.
struct Conversion<'a> {
    asked: &'a LeadConvert,
    lead: Place,
    owner: RecordId,
}

impl Writer<'_> {
    fn convert_or_take_back(&mut self, asked: &LeadConvert) -> LeadConvertResult {
        let savepoint = self.state.begin();
        let converted = self.convert(asked);
        self.state.end(savepoint, converted.is_ok());
        converted.unwrap_or_else(|errors| LeadConvertResult {
            lead_id: RecordId::parse(&asked.lead_id),
            account_id: None,
            contact_id: None,
            opportunity_id: None,
            errors,
        })
    }

    fn convert(&mut self, asked: &LeadConvert) -> Result<LeadConvertResult, ApiErrors> {
        let conversion = self.prepare(asked).map_err(|e| vec![e])?;
        let account = self.account_for(&conversion)?;
        let contact = self.contact_for(&conversion, account)?;
        let deal = match asked.do_not_create_opportunity {
            true => None,
            false => Some(self.deal_for(&conversion, account)?),
        };
        self.retire(&conversion, account, contact, deal);
        self.move_activities(conversion.lead, contact, deal.unwrap_or(account));
        self.move_memberships(conversion.lead, contact);
        let (object, slot) = conversion.lead;
        Ok(LeadConvertResult {
            lead_id: Some(self.state.store.id_at(object, slot)),
            account_id: Some(account),
            contact_id: Some(contact),
            opportunity_id: deal,
            errors: Vec::new(),
        })
    }

    fn prepare<'a>(&self, asked: &'a LeadConvert) -> Result<Conversion<'a>, ApiError> {
        let lead = self.given("Lead", &asked.lead_id)?;
        let view = self.state.view(&self.call.user);
        let schema = &self.state.store.schema;
        let creates = |name: &str| view.object(schema.index(name)).create;
        let deal = asked.do_not_create_opportunity || creates("Opportunity");
        let may = view.object(lead.0).edit && creates("Account") && creates("Contact") && deal;
        if !may || !self.state.has_permission(&self.call.user, "ConvertLeads") {
            return Err(ApiError::no_access_to_object());
        }
        self.check_shared(lead, RecordAccess::Edit)?;
        if self
            .state
            .store
            .read_named(lead.0, lead.1, "IsConverted")
            .is_true()
        {
            return Err(ApiError::converted_lead());
        }
        if !self.is_converted_status(&asked.converted_status) {
            let text = format!("invalid convertedStatus: {}", asked.converted_status);
            return Err(ApiError::record("INVALID_STATUS", text, &[]));
        }
        let owner = self.owner_of_converted(asked, lead)?;
        Ok(Conversion { asked, lead, owner })
    }

    /// The live record of an id that must be of this object.
    fn given(&self, object: &str, text: &str) -> Result<Place, ApiError> {
        let id = RecordId::parse(text).ok_or_else(|| bad_id(text))?;
        let wanted = self.state.store.schema.index(object);
        match self.state.store.locate(&id) {
            Some(place) if place.0 != wanted => Err(bad_id(text)),
            Some(place) if self.state.store.record(place).deleted => {
                let deleted = ApiError::entity_is_deleted();
                Err(ApiError {
                    status: 400,
                    ..deleted
                })
            }
            Some(place) => Ok(place),
            None => Err(ApiError::invalid_cross_reference("Id")),
        }
    }

    /// A record that was there and that the user may write.
    fn to_fill(&self, object: &str, text: &str) -> Result<Place, ApiError> {
        let place = self.given(object, text)?;
        self.check_shared(place, RecordAccess::Edit)?;
        Ok(place)
    }

    fn is_converted_status(&self, label: &str) -> bool {
        let store = &self.state.store;
        let statuses = store.schema.index("LeadStatus");
        (0..store.table(statuses).len() as Slot).any(|slot| {
            let same = store.read_named(statuses, slot, "MasterLabel");
            let converted = store.read_named(statuses, slot, "IsConverted").is_true();
            converted && same.as_str().is_some_and(|s| s.eq_ignore_ascii_case(label))
        })
    }

    /// Only people own accounts, contacts and deals.
    fn owner_of_converted(&self, asked: &LeadConvert, lead: Place) -> Result<RecordId, ApiError> {
        let store = &self.state.store;
        let given = match &asked.owner_id {
            Some(text) => Some(RecordId::parse(text).ok_or_else(|| bad_id(text))?),
            None => store.read_named(lead.0, lead.1, "OwnerId").as_id(),
        };
        let owner = given.filter(|id| id.prefix() == *b"005");
        let place = owner.and_then(|id| Some((id, store.live(&id)?)));
        let Some((owner, (object, slot))) = place else {
            let text = "Converted objects can only be owned by users. If the lead is not owned \
                        by a user, you must specify a user for the Owner field.";
            return Err(ApiError::record("UNKNOWN_EXCEPTION", text, &[]));
        };
        match store.read_named(object, slot, "IsActive").is_true() {
            true => Ok(owner),
            false => Err(ApiError::inactive_owner(&owner)),
        }
    }

    fn account_for(&mut self, conversion: &Conversion<'_>) -> Result<RecordId, ApiErrors> {
        match &conversion.asked.account_id {
            Some(id) => {
                let place = self.to_fill("Account", id).map_err(|e| vec![e])?;
                self.fill(conversion, place, &fields::ACCOUNT, false);
                Ok(self.state.store.id_at(place.0, place.1))
            }
            None => self.make(conversion, "Account", &fields::ACCOUNT, &[]),
        }
    }

    fn contact_for(
        &mut self,
        conversion: &Conversion<'_>,
        account: RecordId,
    ) -> Result<RecordId, ApiErrors> {
        let place = self.state.store.locate(&account);
        let person = place.and_then(|place| self.person_contact(place));
        let given = conversion.asked.contact_id.clone();
        let Some(id) = given.or_else(|| person.map(|id| id.to_string())) else {
            let of = [("AccountId", Value::Id(account))];
            return self.make(conversion, "Contact", &fields::CONTACT, &of);
        };
        let place = self.to_fill("Contact", &id).map_err(|e| vec![e])?;
        let own = self.state.store.read_named(place.0, place.1, "AccountId");
        if own.as_id() != Some(account) {
            let text = "the contact does not belong to the account";
            let code = "INVALID_CROSS_REFERENCE_KEY";
            return Err(vec![ApiError::record(code, text, &["ContactId"])]);
        }
        let overwrite = conversion.asked.overwrite_lead_source;
        self.fill(conversion, place, &fields::CONTACT, overwrite);
        Ok(self.state.store.id_at(place.0, place.1))
    }

    fn deal_for(
        &mut self,
        conversion: &Conversion<'_>,
        account: RecordId,
    ) -> Result<RecordId, ApiErrors> {
        let (object, slot) = conversion.lead;
        let company = self.state.store.read_named(object, slot, "Company");
        let name = conversion.asked.opportunity_name.as_deref();
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let today = self.now().div_euclid(DAY) as i32;
        let of = [
            ("AccountId", Value::Id(account)),
            ("Name", name.map_or(company, Value::text)),
            ("StageName", Value::text("Prospecting")),
            ("CloseDate", Value::Date(datetime::end_of_quarter(today))),
            ("CampaignId", self.latest_campaign(conversion.lead)),
        ];
        self.make(conversion, "Opportunity", &fields::OPPORTUNITY, &of)
    }

    /// A new record from the lead's fields and these. Validation and duplicate rules judge it, as
    /// in orgs that require validation for converted leads; the retired lead is not judged.
    fn make(
        &mut self,
        conversion: &Conversion<'_>,
        object: &str,
        mapping: &[(&str, &str)],
        more: &[(&str, Value)],
    ) -> Result<RecordId, ApiErrors> {
        let schema = self.schema();
        let def = &schema.objects[schema.index(object)];
        let mut record = Record::new(self.call.user, self.now());
        self.set_defaults(def, &mut record);
        record.set(def.at("OwnerId"), Value::Id(conversion.owner));
        let mut given = Vec::new();
        let mapped = self.mapped(conversion.lead, def, mapping);
        let more = more
            .iter()
            .map(|(name, value)| (def.at(name), value.clone()));
        for (field, value) in mapped.into_iter().chain(more) {
            record.set(field, value);
            given.push(field);
        }
        let pending = Pending {
            slot: None,
            record,
            given,
        };
        let pending = self.check(def, pending)?;
        let slot = self.commit_new(def.index, pending.record);
        self.after_insert(def.index, slot);
        Ok(self.state.store.id_at(def.index, slot))
    }

    /// Into a record that was there only what it lacks.
    fn fill(
        &mut self,
        conversion: &Conversion<'_>,
        (object, slot): Place,
        mapping: &[(&str, &str)],
        overwrite_source: bool,
    ) {
        let schema = self.schema();
        let def = &schema.objects[object];
        let mut record = self.state.store.record((object, slot)).clone();
        let source = def.field_index("LeadSource").filter(|_| overwrite_source);
        let mut changed = false;
        for (field, value) in self.mapped(conversion.lead, def, mapping) {
            if record.cell(field).is_null() || source == Some(field) {
                changed |= record.cell(field) != &value;
                record.set(field, value);
            }
        }
        if changed {
            record.touch(self.call.user, self.now());
            self.commit_change(object, slot, record, false);
            self.follow_person(object, slot);
        }
    }

    /// The lead's values that are not empty, by the fields of another object.
    fn mapped(
        &self,
        (object, slot): Place,
        def: &ObjectDef,
        mapping: &[(&str, &str)],
    ) -> Vec<(u16, Value)> {
        let lead = self.state.store.record((object, slot));
        let from = self.state.store.def(object);
        let pair = |(theirs, ours): &(&str, &str)| {
            let value = lead.cell(from.field_index(theirs)?).clone();
            let field = def.field_index(ours)?;
            (!value.is_null()).then_some((field, value))
        };
        mapping.iter().filter_map(pair).collect()
    }

    /// The lead becomes history.
    fn retire(
        &mut self,
        conversion: &Conversion<'_>,
        account: RecordId,
        contact: RecordId,
        deal: Option<RecordId>,
    ) {
        let (object, slot) = conversion.lead;
        let schema = self.schema();
        let def = &schema.objects[object];
        let today = self.now().div_euclid(DAY) as i32;
        let mut record = self.state.store.record((object, slot)).clone();
        let values = [
            ("Status", Value::text(&conversion.asked.converted_status)),
            ("IsConverted", Value::Bool(true)),
            ("ConvertedDate", Value::Date(today)),
            ("ConvertedAccountId", Value::Id(account)),
            ("ConvertedContactId", Value::Id(contact)),
            (
                "ConvertedOpportunityId",
                deal.map_or(Value::Null, Value::Id),
            ),
            ("IsUnreadByOwner", Value::Bool(false)),
        ];
        for (field, value) in values {
            record.set(def.at(field), value);
        }
        record.touch(self.call.user, self.now());
        self.commit_change(object, slot, record, false);
        self.state.explain_last(Cause::Converted);
    }
}
