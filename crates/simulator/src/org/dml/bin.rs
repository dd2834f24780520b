//! The recycle bin after the deletion: bringing records back with all that went along with them,
//! emptying it, and what the org itself throws away after fifteen days.

use super::Writer;
use super::collection::{One, RECORDS_MAX, bad_id, refuse_too_many, result};
use super::{ApiErrors, Pending};
use crate::org::change::Act;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::schema::ObjectDef;
use crate::org::sharing_rules::RecordAccess;
use crate::org::store::{Binned, Place};
use crate::org::value::Value;
use crate::org::{Call, Org, SaveResult};

/// How long a record can be brought back.
const KEPT_SECONDS: i64 = 15 * 86_400;

/// A record in the recycle bin, as its page lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinEntry {
    /// API name of the object.
    pub object: String,
    /// The record.
    pub id: RecordId,
    /// Its name, if it has one.
    pub name: String,
    /// When it was deleted, epoch seconds.
    pub deleted_at: i64,
}

impl Org {
    /// SOAP `undelete`: each record comes back with what its deletion took along.
    pub fn undelete(&self, call: &Call, ids: &[String]) -> Result<Vec<SaveResult>, ApiError> {
        self.each_binned(call, ids, |writer, id| writer.undelete(id))
    }

    /// SOAP `emptyRecycleBin`: the records are gone for good.
    pub fn empty_recycle_bin(
        &self,
        call: &Call,
        ids: &[String],
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.each_binned(call, ids, |writer, id| writer.throw_away(id))
    }

    /// Deletes without a stay in the recycle bin, as bulk hard deletes do.
    pub fn hard_delete_many(
        &self,
        call: &Call,
        ids: &[String],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| {
            let results = writer.delete_many(ids, all_or_none)?;
            for id in results.iter().filter_map(|one| one.id) {
                writer.purge_all(id);
            }
            Ok(results)
        })
    }

    /// What was deleted by itself and can be brought back, the latest first.
    pub fn recycle_bin(&self, call: &Call) -> Vec<BinEntry> {
        let state = self.read();
        let store = &state.store;
        let shown = store.bin().latest().filter_map(|((object, slot), binned)| {
            let def = store.def(object);
            let id = store.id_at(object, slot);
            let own = binned.root == id
                && state.view(&call.user).object(object).read
                && state.sees_record(&call.user, (object, slot));
            let named = |field| store.read(object, slot, field);
            let name = def.name_field().map(named);
            own.then(|| BinEntry {
                object: def.name.clone(),
                id,
                name: name
                    .and_then(|n| n.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                deleted_at: binned.at,
            })
        });
        shown.collect()
    }

    /// Throws away what has been in the bin for too long. Whoever looks at the org does it first.
    pub(in crate::org) fn expire_bin(&self) {
        let limit = self.now_ms().div_euclid(1_000) - KEPT_SECONDS;
        let inside = self.in_transaction();
        let _turn = self.turn.wait();
        let overdue = {
            let state = self.state.read().unwrap_or_else(|e| e.into_inner());
            state.store.bin().until(limit).next().is_some()
        };
        if !overdue {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(|e| e.into_inner());
        if !inside {
            state.transaction += 1;
        }
        let user = state.user_at(0).id;
        let places: Vec<Place> = state.store.bin().until(limit).collect();
        let mut writer = Writer {
            state: &mut state,
            call: &Call::of(user),
            now_ms: self.now_ms(),
        };
        for place in places {
            writer.purge(place, true);
        }
    }

    fn each_binned(
        &self,
        call: &Call,
        ids: &[String],
        act: impl Fn(&mut Writer<'_>, &str) -> One,
    ) -> Result<Vec<SaveResult>, ApiError> {
        refuse_too_many(ids.len(), RECORDS_MAX, "records")?;
        let each = |writer: &mut Writer<'_>| ids.iter().map(|id| result(act(writer, id))).collect();
        Ok(self.write(call, each))
    }
}

impl Writer<'_> {
    fn undelete(&mut self, id: &str) -> One {
        let (place, id, binned) = self.binned(id)?;
        let schema = self.schema();
        let def = &schema.objects[place.0];
        if !def.undeletable {
            let text = format!("entity type cannot be undeleted: {}", def.label);
            return Err(vec![undelete_failed(text)]);
        }
        if binned.root != id {
            let text = format!("the record was deleted with {}; undelete that", binned.root);
            return Err(vec![undelete_failed(text)]);
        }
        let mut places = self.state.store.bin().taken_by(id);
        places.sort_by_key(|other| (*other != place, *other));
        for other in &places {
            self.refuse_taken_value(&schema.objects[other.0], *other)?;
        }
        for other in places {
            self.restore(&schema.objects[other.0], other, other != place);
        }
        Ok((id, None))
    }

    /// Somebody else may have got a unique value in the meantime.
    fn refuse_taken_value(&self, def: &ObjectDef, place: Place) -> Result<(), ApiErrors> {
        let pending = Pending {
            slot: Some(place.1),
            record: self.state.store.record(place).clone(),
            given: Vec::new(),
        };
        self.check_unique(def, &pending).map_err(|e| vec![e])
    }

    fn restore(&mut self, def: &ObjectDef, place: Place, by_system: bool) {
        let mut record = self.state.store.record(place).clone();
        record.deleted = false;
        if let Some(master) = def.field_index("MasterRecordId") {
            record.set(master, Value::Null);
        }
        record.touch(self.call.user, self.now());
        self.state.store.set_binned(place, None);
        self.commit_change(place.0, place.1, record, by_system);
    }

    fn throw_away(&mut self, id: &str) -> One {
        let (_, id, _) = self.binned(id)?;
        self.purge_all(id);
        Ok((id, None))
    }

    /// The record and what its deletion took along.
    fn purge_all(&mut self, id: RecordId) {
        let mut places = self.state.store.bin().taken_by(id);
        places.extend(self.state.store.locate(&id));
        places.sort_unstable();
        places.dedup();
        for place in places {
            self.purge(place, false);
        }
    }

    fn purge(&mut self, place: Place, by_system: bool) {
        let (object, slot) = place;
        let mut record = self.state.store.record(place).clone();
        if !record.deleted || record.purged {
            return;
        }
        record.purge();
        self.state.store.replace(object, slot, record);
        self.state.store.set_binned(place, None);
        self.log_act(place, Act::Purge, by_system, Vec::new());
    }

    /// A record of the bin by its id, if the user may delete and so undelete it.
    fn binned(&self, text: &str) -> Result<(Place, RecordId, Binned), ApiErrors> {
        let id = RecordId::parse(text).ok_or_else(|| vec![bad_id(text)])?;
        let store = &self.state.store;
        let place = store.locate(&id);
        let place = place.ok_or_else(|| vec![undelete_failed("entity is not in the bin")])?;
        let binned = store.bin().get(place);
        let binned = binned.ok_or_else(|| vec![undelete_failed("entity is not in the bin")])?;
        match self.state.view(&self.call.user).object(place.0).delete {
            true => {
                let allowed = self.check_shared(place, RecordAccess::Delete);
                allowed.map(|()| (place, id, binned)).map_err(|e| vec![e])
            }
            false => Err(vec![ApiError::no_access_to_object()]),
        }
    }
}

fn undelete_failed(text: impl Into<String>) -> ApiError {
    ApiError::record("UNDELETE_FAILED", text, &[])
}
