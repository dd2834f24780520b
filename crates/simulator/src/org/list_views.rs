//! The saved views of an object: how they are made, and which there are.

mod shown;

use super::error::ApiError;
use super::id::RecordId;
use super::record::Record;
use super::saved_view::ListView;
use super::schema::ObjectDef;
use super::{Call, Org};

impl Org {
    /// Makes a view, or changes the one of this object and developer name.
    pub fn define_list_view(&self, call: &Call, view: ListView) -> Result<RecordId, ApiError> {
        self.check_list_view(call, &view)?;
        let now = self.now_ms().div_euclid(1_000);
        let mut state = self.lock();
        let object = state.store.schema.index("ListView");
        let same = |(_, other): &(&RecordId, &ListView)| {
            other.object == view.object && other.developer_name == view.developer_name
        };
        let known = state.list_views.iter().find(same).map(|(id, _)| *id);
        let found = known.and_then(|id| state.store.locate(&id));
        let schema = state.store.schema.clone();
        let mut record = match found {
            Some(found) => state.store.record(found).clone(),
            None => Record::new(call.user, now),
        };
        record.touch(call.user, now);
        view.describe_in(&schema.objects[object], &mut record);
        let slot = match found {
            Some((_, slot)) => {
                state.store.replace(object, slot, record);
                slot
            }
            None => state.store.insert(object, record),
        };
        let id = state.store.id_at(object, slot);
        state.list_views.insert(id, view);
        Ok(id)
    }

    /// The views of an object, by label.
    pub fn list_views(
        &self,
        call: &Call,
        object: &str,
    ) -> Result<Vec<(RecordId, ListView)>, ApiError> {
        let state = self.read();
        let def = state.visible_object(&call.user, object)?;
        if !def.has_list_views() {
            return Err(ApiError::not_found());
        }
        let own = state
            .list_views
            .iter()
            .filter(|(_, v)| v.object == def.name);
        let mut own: Vec<_> = own.map(|(id, view)| (*id, view.clone())).collect();
        own.sort_by(|(_, a), (_, b)| a.label.cmp(&b.label));
        Ok(own)
    }

    /// One view of an object, by id or developer name.
    pub fn list_view(
        &self,
        call: &Call,
        object: &str,
        id: &str,
    ) -> Result<(RecordId, ListView), ApiError> {
        let parsed = RecordId::parse(id);
        let views = self.list_views(call, object)?.into_iter();
        let mut views = views.filter(|(own, view)| {
            parsed == Some(*own) || view.developer_name.eq_ignore_ascii_case(id)
        });
        views.next().ok_or_else(ApiError::not_found)
    }

    /// A view whose query the org cannot run is not kept.
    fn check_list_view(&self, call: &Call, view: &ListView) -> Result<(), ApiError> {
        match view.soql_compatible {
            true => self
                .query(call, &self.list_view_soql(call, view), false)
                .map(drop),
            false => Ok(()),
        }
    }
}

impl ObjectDef {
    /// Whether people have views of this object.
    pub(super) fn has_list_views(&self) -> bool {
        self.layoutable && self.name != "CampaignMember"
    }
}
