//! A saved view over an object: which records, which columns, in which order. A view is a query in
//! disguise, except for "recently viewed", which has none.

use super::record::Record;
use super::schema::ObjectDef;
use super::value::Value;

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
