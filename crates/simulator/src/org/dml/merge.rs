//! Merging up to three accounts, contacts or leads into one of them. The losers go to the recycle
//! bin and say who won; what hung on them hangs on the winner, without rules; then the winner
//! itself is written.

use serde_json::{Map, Value as Json};

use super::Writer;
use super::collection::bad_id;
use crate::org::change::Cause;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::schema::{ChildRelation, ObjectDef};
use crate::org::sharing_rules::RecordAccess;
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

/// One record that loses, and to whom.
struct Lost {
    loser: RecordId,
    winner: RecordId,
    /// The record with which it comes back.
    root: RecordId,
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
        let master = self.to_merge(def, &request.master, RecordAccess::Edit)?;
        let mut losers = Vec::new();
        for id in &request.losers {
            losers.push(self.to_merge(def, id, RecordAccess::Delete)?);
        }
        check_losers(master, &losers)?;
        let id = self.state.store.id_at(def.index, master);
        let lost = self.lost((def.index, master), &losers)?;
        for one in &lost {
            self.lose(one);
        }
        let mut updated_related = Vec::new();
        for one in &lost {
            self.move_children(one, &mut updated_related);
        }
        // The rules judge the winner when the losers are gone, so that it does not count as a
        // duplicate of them and may take over their unique values.
        self.update_at(def.index, master, &request.fields)?;
        let merged = lost.iter().filter(|one| one.winner == id);
        Ok(MergeResult {
            id,
            merged: merged.map(|one| one.loser).collect(),
            updated_related,
        })
    }

    /// Who loses to whom; the contact of a person account goes the way of its account.
    fn lost(&self, (object, master): Place, losers: &[Slot]) -> Result<Vec<Lost>, ApiErrors> {
        let id = |slot: Slot| self.state.store.id_at(object, slot);
        let person = self.person_contact((object, master));
        let mut lost = Vec::new();
        for slot in losers {
            let root = id(*slot);
            let winner = id(master);
            lost.push(Lost {
                loser: root,
                winner,
                root,
            });
            match (person, self.person_contact((object, *slot))) {
                (None, None) => {}
                (Some(winner), Some(loser)) => lost.push(Lost {
                    loser,
                    winner,
                    root,
                }),
                _ => {
                    let text = "a person account and a business account cannot be merged";
                    return Err(vec![ApiError::record("INVALID_OPERATION", text, &[])]);
                }
            }
        }
        Ok(lost)
    }

    fn to_merge(
        &self,
        def: &ObjectDef,
        text: &str,
        needed: RecordAccess,
    ) -> Result<Slot, ApiErrors> {
        let id = RecordId::parse(text).ok_or_else(|| vec![bad_id(text)])?;
        match self.state.store.locate(&id) {
            Some((object, slot)) if object == def.index => {
                if self.state.store.record((object, slot)).deleted {
                    return Err(vec![ApiError::entity_is_deleted()]);
                }
                let allowed = self
                    .check_shared((object, slot), needed)
                    .and_then(|()| self.refuse_converted(object, slot))
                    .and_then(|()| self.refuse_person_contact(object, slot));
                allowed.map(|()| slot).map_err(|e| vec![e])
            }
            Some(_) => Err(vec![bad_id(text)]),
            None => Err(vec![ApiError::invalid_cross_reference("Id")]),
        }
    }

    fn lose(&mut self, lost: &Lost) {
        let Some(place) = self.state.store.locate(&lost.loser) else {
            return;
        };
        let (object, slot) = place;
        let (root, at) = (lost.root, self.now());
        let master = self.state.store.def(object).at("MasterRecordId");
        let mut record = self.state.store.record(place).clone();
        record.deleted = true;
        record.set(master, Value::Id(lost.winner));
        record.touch(self.call.user, at);
        self.commit_change(object, slot, record, root != lost.loser);
        self.state
            .explain_last(Cause::MergedInto(lost.winner.to_string()));
        self.state
            .store
            .set_binned(place, Some(Binned { at, root }));
    }

    fn move_children(&mut self, lost: &Lost, moved: &mut Vec<RecordId>) {
        let schema = self.schema();
        let (loser, master) = (lost.loser, lost.winner);
        let of = schema.object_of_prefix(loser.prefix());
        for relation in of.into_iter().flat_map(|def| &def.children) {
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
