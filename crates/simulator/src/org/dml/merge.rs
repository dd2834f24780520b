//! Merging up to three accounts, contacts or leads into one of them. The losers go to the recycle
//! bin and say who won; what hung on them hangs on the winner, without rules; then the winner
//! itself is written.

use serde_json::{Map, Value as Json};

use super::collection::bad_id;
use super::{Pending, Writer};
use crate::org::change::Cause;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::schema::{ChildRelation, ObjectDef};
use crate::org::store::{Binned, Place, Slot};
use crate::org::value::Value;
use crate::org::{ApiErrors, Call, Org};

/// Records that lose in one merge.
const LOSERS_MAX: usize = 2;

/// What to merge.
#[derive(Debug, Clone, Default)]
pub struct MergeRequest {
    /// Account, Contact or Lead.
    pub object: String,
    /// The record that stays.
    pub master: String,
    /// Fields that the master gets, for example values of the losers.
    pub fields: Map<String, Json>,
    /// The one or two records that go.
    pub losers: Vec<String>,
}

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeResult {
    /// The record that stayed.
    pub id: RecordId,
    /// Those that went.
    pub merged: Vec<RecordId>,
    /// Those that hung on them and now hang on the winner.
    pub updated_related: Vec<RecordId>,
}

impl Org {
    /// SOAP `merge`, one request of it: all or nothing.
    pub fn merge(&self, call: &Call, request: &MergeRequest) -> Result<MergeResult, ApiErrors> {
        self.write(call, |writer| {
            let savepoint = writer.state.begin();
            let merged = writer.merge(request);
            writer.state.end(savepoint, merged.is_ok());
            merged
        })
    }
}

impl Writer<'_> {
    fn merge(&mut self, request: &MergeRequest) -> Result<MergeResult, ApiErrors> {
        let schema = self.schema();
        let def = &schema.objects[self.object(&request.object)?];
        let access = self.state.view(&self.call.user).object(def.index);
        if !def.mergeable {
            let text = format!("{} cannot be merged", def.label_plural);
            let code = "INVALID_TYPE_FOR_OPERATION";
            return Err(vec![ApiError::record(code, text, &[])]);
        }
        if !access.edit || !access.delete {
            return Err(vec![ApiError::no_access_to_object()]);
        }
        let master = self.to_merge(def, &request.master)?;
        let mut losers = Vec::new();
        for id in &request.losers {
            losers.push(self.to_merge(def, id)?);
        }
        check_losers(master, &losers)?;
        let winner = self.winner(def, master, &request.fields)?;
        let id = self.state.store.id_at(def.index, master);
        let merged: Vec<RecordId> = losers
            .iter()
            .map(|slot| self.state.store.id_at(def.index, *slot))
            .collect();
        for slot in losers {
            self.lose(def, slot, id);
        }
        let mut updated_related = Vec::new();
        for loser in &merged {
            self.move_children(def, *loser, id, &mut updated_related);
        }
        self.commit_winner(def, master, winner);
        Ok(MergeResult {
            id,
            merged,
            updated_related,
        })
    }

    fn to_merge(&self, def: &ObjectDef, text: &str) -> Result<Slot, ApiErrors> {
        let id = RecordId::parse(text).ok_or_else(|| vec![bad_id(text)])?;
        match self.state.store.locate(&id) {
            Some((object, slot)) if object == def.index => {
                if self.state.store.record((object, slot)).deleted {
                    return Err(vec![ApiError::entity_is_deleted()]);
                }
                self.refuse_converted(object, slot).map_err(|e| vec![e])?;
                Ok(slot)
            }
            Some(_) => Err(vec![bad_id(text)]),
            None => Err(vec![ApiError::invalid_cross_reference("Id")]),
        }
    }

    /// The fields that the winner gets, checked before anything happens.
    fn winner(
        &self,
        def: &ObjectDef,
        slot: Slot,
        fields: &Map<String, Json>,
    ) -> Result<Pending, ApiErrors> {
        let values = self.coerce(def, fields, false)?;
        let mut record = self.state.store.record((def.index, slot)).clone();
        let given = values.iter().map(|(field, _)| *field).collect();
        for (field, value) in values {
            record.set(field, value);
        }
        let pending = Pending {
            slot: Some(slot),
            record,
            given,
        };
        self.check(def, pending)
    }

    fn lose(&mut self, def: &ObjectDef, slot: Slot, master: RecordId) {
        let place = (def.index, slot);
        let root = self.state.store.id_at(def.index, slot);
        let at = self.now();
        let mut record = self.state.store.record(place).clone();
        record.deleted = true;
        record.set(def.at("MasterRecordId"), Value::Id(master));
        record.touch(self.call.user, at);
        self.commit_change(def.index, slot, record, false);
        self.state
            .explain_last(Cause::MergedInto(master.to_string()));
        self.state
            .store
            .set_binned(place, Some(Binned { at, root }));
    }

    fn move_children(
        &mut self,
        def: &ObjectDef,
        loser: RecordId,
        master: RecordId,
        moved: &mut Vec<RecordId>,
    ) {
        for relation in &def.children {
            let store = &self.state.store;
            let of = store.def(relation.child);
            if of.fields[relation.field as usize].name == "MasterRecordId" {
                continue;
            }
            for slot in store.children(relation.child, relation.field, &loser) {
                let child = (relation.child, slot);
                let id = self.state.store.id_at(relation.child, slot);
                if self.is_second_membership(relation, child, master) {
                    self.bin(child, id);
                    continue;
                }
                // A record that pointed at its own loser would point at itself.
                let target = (id != master)
                    .then_some(master)
                    .map_or(Value::Null, Value::Id);
                let mut record = self.state.store.record(child).clone();
                record.set(relation.field, target);
                record.stamp = record.stamp.max(self.now());
                self.commit_change(relation.child, slot, record, true);
                moved.push(id);
            }
        }
    }

    /// Whether the winner is already in the campaign of this membership of a loser.
    fn is_second_membership(
        &self,
        relation: &ChildRelation,
        (object, slot): Place,
        master: RecordId,
    ) -> bool {
        let store = &self.state.store;
        if store.def(object).name != "CampaignMember" {
            return false;
        }
        let campaign = |at: Slot| store.read_named(object, at, "CampaignId");
        let own = store.children(object, relation.field, &master);
        own.into_iter().any(|at| campaign(at) == campaign(slot))
    }

    /// Lookups of the winner may have moved in the meantime; the given fields come on top.
    fn commit_winner(&mut self, def: &ObjectDef, slot: Slot, winner: Pending) {
        let mut record = self.state.store.record((def.index, slot)).clone();
        for field in &winner.given {
            record.set(*field, winner.record.cell(*field).clone());
        }
        record.touch(self.call.user, self.now());
        self.commit_change(def.index, slot, record, false);
    }
}

fn check_losers(master: Slot, losers: &[Slot]) -> Result<(), ApiErrors> {
    let refuse = |text: &str| Err(vec![ApiError::record("INVALID_ARGUMENT_TYPE", text, &[])]);
    if losers.is_empty() || losers.len() > LOSERS_MAX {
        return refuse("a merge needs one or two records to merge");
    }
    let twice = losers.len() == LOSERS_MAX && losers[0] == losers[1];
    if twice || losers.contains(&master) {
        return refuse("a record cannot be merged with itself");
    }
    Ok(())
}
