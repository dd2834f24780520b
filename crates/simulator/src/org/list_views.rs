//! Saved views over an object: which records, which columns, in which order. A view is a query in
//! disguise, except for "recently viewed", which has none.

mod shown;

use super::error::ApiError;
use super::id::RecordId;
use super::record::Record;
use super::schema::ObjectDef;
use super::value::Value;
use super::{Call, Org};

const SAMPLES: &str = include_str!("../../sample/list_views.tsv");

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListView {
    /// API name of the object.
    pub object: String,
    /// Unique among the object's views.
    pub developer_name: String,
    /// For people.
    pub label: String,
    /// False for "recently viewed", which no query can express.
    pub soql_compatible: bool,
    /// Whose records.
    pub scope: ListViewScope,
    /// Field names, parents with a dot.
    pub columns: Vec<String>,
    /// A condition in SOQL; empty for none.
    pub filter: String,
    /// Keys as ORDER BY has them, such as `Name` or `CloseDate DESC`.
    pub order: Vec<String>,
}

/// Whose records a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListViewScope {
    /// Everybody's.
    Everything,
    /// The running user's.
    Mine,
}

impl ListViewScope {
    /// The word in SOQL and in describe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Mine => "mine",
        }
    }
}

impl ListView {
    /// The views of a new org.
    pub(super) fn samples() -> Vec<ListView> {
        let list = |text: &str| text.split(',').map(str::to_owned).collect();
        let lines = SAMPLES.lines().skip(1).map(|line| {
            let cell = |at: usize| line.split('\t').nth(at).unwrap_or_default();
            ListView {
                object: cell(0).to_owned(),
                developer_name: cell(1).to_owned(),
                label: cell(2).to_owned(),
                soql_compatible: cell(3) == "true",
                scope: match cell(4) {
                    "mine" => ListViewScope::Mine,
                    _ => ListViewScope::Everything,
                },
                columns: list(cell(5)),
                filter: cell(6).to_owned(),
                order: list(cell(7)),
            }
        });
        lines.collect()
    }

    /// Writes into a record of ListView what the view is.
    pub(super) fn describe_in(&self, def: &ObjectDef, record: &mut Record) {
        record.set(def.at("Name"), Value::text(&self.label));
        record.set(def.at("DeveloperName"), Value::text(&self.developer_name));
        record.set(def.at("SobjectType"), Value::text(&self.object));
        let compatible = Value::Bool(self.soql_compatible);
        record.set(def.at("IsSoqlCompatible"), compatible);
    }
}

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
