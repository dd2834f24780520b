//! What the org itself works out or refuses before a record is saved, object by object: closed
//! flags, probabilities, the ends of events, who may be linked to an activity, campaign membership.

use super::{Pending, Writer};
use crate::org::error::ApiError;
use crate::org::record::Record;
use crate::org::schema::ObjectDef;
use crate::org::store::Slot;
use crate::org::value::Value;
use crate::org::{ApiErrors, datetime};

/// Stage, probability, whether it is won, and its forecast category with the older API's name.
const STAGES: [(&str, f64, bool, &str, &str); 10] = [
    ("Prospecting", 10.0, false, "Pipeline", "Pipeline"),
    ("Qualification", 10.0, false, "Pipeline", "Pipeline"),
    ("Needs Analysis", 20.0, false, "Pipeline", "Pipeline"),
    ("Value Proposition", 50.0, false, "Pipeline", "Pipeline"),
    ("Id. Decision Makers", 60.0, false, "Pipeline", "Pipeline"),
    ("Perception Analysis", 70.0, false, "Pipeline", "Pipeline"),
    ("Proposal/Price Quote", 75.0, false, "Pipeline", "Pipeline"),
    ("Negotiation/Review", 90.0, false, "Pipeline", "Pipeline"),
    ("Closed Won", 100.0, true, "Closed", "Closed"),
    ("Closed Lost", 0.0, false, "Omitted", "Omitted"),
];

impl Writer<'_> {
    pub(super) fn apply_rules(
        &self,
        def: &ObjectDef,
        pending: &mut Pending,
    ) -> Result<(), ApiErrors> {
        self.check_queue(def, pending)
            .map_err(|error| vec![error])?;
        let outcome = match def.name.as_str() {
            "Task" => self
                .check_activity(def, pending)
                .map(|()| self.close_task(def, pending)),
            "Event" => self
                .check_activity(def, pending)
                .and_then(|()| set_times(def, pending)),
            "CampaignMember" => self.check_member(def, pending),
            "Account" => self.settle_account(def, pending),
            "Contact" => self.settle_contact(def, pending),
            "Opportunity" => {
                settle_stage(def, &mut pending.record, &pending.given);
                Ok(())
            }
            _ => Ok(()),
        };
        outcome.map_err(|error| vec![error])
    }

    /// A converted lead is history.
    pub(super) fn refuse_converted(&self, object: usize, slot: Slot) -> Result<(), ApiError> {
        let store = &self.state.store;
        let lead = store.def(object).name == "Lead";
        let converted = lead && store.read_named(object, slot, "IsConverted").is_true();
        let permission = "AllowViewEditConvertedLeads";
        if converted && !self.state.has_permission(&self.call.user, permission) {
            return Err(ApiError::converted_lead());
        }
        Ok(())
    }

    /// What follows an insert: a campaign starts with its two member statuses.
    pub(super) fn after_insert(&mut self, object: usize, slot: Slot) {
        self.add_person_contact(object, slot);
        if self.state.store.def(object).name != "Campaign" {
            return;
        }
        let campaign = self.state.store.id_at(object, slot);
        let schema = self.schema();
        let statuses = &schema.objects[schema.index("CampaignMemberStatus")];
        for (order, label) in ["Sent", "Responded"].into_iter().enumerate() {
            let mut record = Record::new(self.call.user, self.now());
            record.set(statuses.at("CampaignId"), Value::Id(campaign));
            record.set(statuses.at("Label"), Value::text(label));
            record.set(statuses.at("SortOrder"), Value::Number(order as f64 + 1.0));
            record.set(statuses.at("IsDefault"), Value::Bool(order == 0));
            record.set(statuses.at("HasResponded"), Value::Bool(order == 1));
            self.state.store.insert(statuses.index, record);
        }
    }

    fn check_activity(&self, def: &ObjectDef, pending: &mut Pending) -> Result<(), ApiError> {
        let who = pending.record.cell(def.at("WhoId")).as_id();
        let what = pending.record.cell(def.at("WhatId")).as_id();
        if who.is_some_and(|id| id.prefix() == *b"00Q") && what.is_some() {
            let text = "Related To ID: an activity of a lead cannot be related to another record";
            return Err(ApiError::record(
                "FIELD_INTEGRITY_EXCEPTION",
                text,
                &["WhatId"],
            ));
        }
        let account = self.account_of(what).or_else(|| self.account_of(who));
        let account = account.map_or(Value::Null, Value::Id);
        pending.record.set(def.at("AccountId"), account);
        Ok(())
    }

    /// The account itself, or that of a deal or a contact.
    fn account_of(&self, id: Option<crate::org::RecordId>) -> Option<crate::org::RecordId> {
        let id = id?;
        let (object, slot) = self.state.store.locate(&id)?;
        match self.state.store.def(object).name.as_str() {
            "Account" => Some(id),
            "Contact" | "Opportunity" => self
                .state
                .store
                .read_named(object, slot, "AccountId")
                .as_id(),
            _ => None,
        }
    }

    fn close_task(&self, def: &ObjectDef, pending: &mut Pending) {
        let record = &mut pending.record;
        let closed = record.cell(def.at("Status")).as_str() == Some("Completed");
        let urgent = record.cell(def.at("Priority")).as_str() == Some("High");
        let was_closed = record.cell(def.at("IsClosed")).is_true();
        record.set(def.at("IsClosed"), Value::Bool(closed));
        record.set(def.at("IsHighPriority"), Value::Bool(urgent));
        if closed != was_closed {
            let at = if closed {
                Value::Time(self.now())
            } else {
                Value::Null
            };
            record.set(def.at("CompletedDateTime"), at);
        }
    }

    /// One person per membership, the contact before the lead, and each person once per campaign.
    fn check_member(&self, def: &ObjectDef, pending: &mut Pending) -> Result<(), ApiError> {
        let (lead, contact) = (def.at("LeadId"), def.at("ContactId"));
        let campaign = pending.record.cell(def.at("CampaignId")).as_id();
        if pending.slot.is_none() {
            if !pending.record.cell(contact).is_null() {
                pending.record.set(lead, Value::Null);
            } else if pending.record.cell(lead).is_null() {
                return Err(ApiError::required_missing(&["LeadId", "ContactId"]));
            }
            let field = if pending.record.cell(contact).is_null() {
                lead
            } else {
                contact
            };
            self.refuse_second_membership(def, pending, field)?;
        }
        let Some(campaign) = campaign else {
            return Ok(());
        };
        let store = &self.state.store;
        let statuses = store.schema.index("CampaignMemberStatus");
        let by_campaign = store.def(statuses).at("CampaignId");
        let all = store.children(statuses, by_campaign, &campaign);
        let has = |slot: &Slot, flag: &str| store.read_named(statuses, *slot, flag).is_true();
        let label = |slot: Slot| store.read_named(statuses, slot, "Label");
        if pending.record.cell(def.at("Status")).is_null() {
            let default = all.iter().find(|slot| has(slot, "IsDefault"));
            let status = default.map_or(Value::Null, |slot| label(*slot));
            pending.record.set(def.at("Status"), status);
        }
        let status = pending.record.cell(def.at("Status")).clone();
        let chosen = all
            .iter()
            .find(|slot| label(**slot).compare(&status).is_eq());
        let responded = chosen.is_some_and(|slot| has(slot, "HasResponded"));
        pending
            .record
            .set(def.at("HasResponded"), Value::Bool(responded));
        let first = def.at("FirstRespondedDate");
        if responded && pending.record.cell(first).is_null() {
            let today = self.now().div_euclid(86_400) as i32;
            pending.record.set(first, Value::Date(today));
        }
        Ok(())
    }

    fn refuse_second_membership(
        &self,
        def: &ObjectDef,
        pending: &Pending,
        field: u16,
    ) -> Result<(), ApiError> {
        let campaign = pending.record.cell(def.at("CampaignId"));
        let Some(person) = pending.record.cell(field).as_id() else {
            return Ok(());
        };
        let store = &self.state.store;
        let members = store.children(def.index, field, &person);
        let at = def.at("CampaignId");
        let twice = members
            .into_iter()
            .any(|slot| store.table(def.index).record(slot).cell(at) == campaign);
        match twice {
            true => Err(ApiError::record(
                "DUPLICATE_VALUE",
                "Already a campaign member.",
                &[],
            )),
            false => Ok(()),
        }
    }
}

/// Closed, won, probability and forecast follow the stage; expected revenue and period follow.
pub(crate) fn settle_stage(def: &ObjectDef, record: &mut Record, given: &[u16]) {
    let stage = record.cell(def.at("StageName")).clone();
    let known = STAGES
        .iter()
        .find(|(name, ..)| stage.as_str() == Some(name));
    let given_probability = given.contains(&def.at("Probability"));
    if let Some((name, probability, won, category, category_name)) = known {
        record.set(def.at("IsWon"), Value::Bool(*won));
        record.set(def.at("IsClosed"), Value::Bool(name.starts_with("Closed")));
        if given.contains(&def.at("StageName")) {
            if !given_probability {
                record.set(def.at("Probability"), Value::Number(*probability));
            }
            record.set(def.at("ForecastCategory"), Value::text(category));
            record.set(def.at("ForecastCategoryName"), Value::text(category_name));
        }
    }
    let amount = record.cell(def.at("Amount")).as_number();
    let probability = record.cell(def.at("Probability")).as_number();
    let expected = amount.map(|a| a * probability.unwrap_or_default() / 100.0);
    record.set(
        def.at("ExpectedRevenue"),
        expected.map_or(Value::Null, Value::Number),
    );
    if let Value::Date(days) = *record.cell(def.at("CloseDate")) {
        let date = datetime::civil(days);
        let quarter = (date.month() - 1) / 3 + 1;
        record.set(def.at("FiscalYear"), Value::Number(f64::from(date.year())));
        record.set(def.at("FiscalQuarter"), Value::Number(f64::from(quarter)));
        record.set(
            def.at("Fiscal"),
            Value::text(&format!("{} {quarter}", date.year())),
        );
    }
}

/// Start and end, or start and duration: each follows from the other two.
fn set_times(def: &ObjectDef, pending: &mut Pending) -> Result<(), ApiError> {
    let at = |name: &str| def.at(name);
    let given = |name: &str| pending.given.contains(&at(name));
    let record = &pending.record;
    let time = |name: &str| match record.cell(at(name)) {
        Value::Time(seconds) => Some(*seconds),
        Value::Date(days) => Some(i64::from(*days) * 86_400),
        _ => None,
    };
    let all_day = record.cell(at("IsAllDayEvent")).is_true();
    let start_field = match (given("ActivityDateTime"), given("StartDateTime")) {
        (true, false) => "ActivityDateTime",
        _ => "StartDateTime",
    };
    let start = time(start_field).or_else(|| all_day.then(|| time("ActivityDate")).flatten());
    let Some(start) = start else {
        let missing = ["ActivityDate", "ActivityDateTime"];
        return Err(ApiError::required_missing(&missing));
    };
    let minutes = record
        .cell(at("DurationInMinutes"))
        .as_number()
        .map(|m| m as i64);
    let (new_end, new_minutes) = (given("EndDateTime"), given("DurationInMinutes"));
    let end = match (time("EndDateTime"), minutes) {
        (Some(end), Some(minutes)) if new_end && new_minutes && end != start + minutes * 60 => {
            let text = "DurationInMinutes and EndDateTime do not agree; give one of them";
            return Err(ApiError::record(
                "FIELD_INTEGRITY_EXCEPTION",
                text,
                &["DurationInMinutes"],
            ));
        }
        (Some(end), _) if new_end => end,
        (_, Some(minutes)) => start + minutes * 60,
        (Some(end), None) => end,
        (None, None) if all_day => start,
        (None, None) => return Err(ApiError::required_missing(&["DurationInMinutes"])),
    };
    if end < start {
        let text = "End Date: an event cannot end before it starts";
        return Err(ApiError::record(
            "FIELD_INTEGRITY_EXCEPTION",
            text,
            &["EndDateTime"],
        ));
    }
    let record = &mut pending.record;
    record.set(at("StartDateTime"), Value::Time(start));
    record.set(at("ActivityDateTime"), Value::Time(start));
    record.set(
        at("ActivityDate"),
        Value::Date(start.div_euclid(86_400) as i32),
    );
    record.set(at("EndDateTime"), Value::Time(end));
    record.set(at("EndDate"), Value::Date(end.div_euclid(86_400) as i32));
    record.set(
        at("DurationInMinutes"),
        Value::Number(((end - start) / 60) as f64),
    );
    Ok(())
}
