//! Duplicate rules: the standard ones for accounts, contacts and leads. They stand in the org from
//! the start and are not active, because the generated records have duplicates on purpose.

mod matching;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::error::{ApiError, Detail};
use super::formula::Scene;
use super::store::{Slot, Store, attributes};
use super::{Call, Org};

/// What a duplicate rule does with a record that has matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateAction {
    /// The save goes on; with an alert only when the caller says so beforehand.
    #[default]
    Allow,
    /// The save is refused whatever the caller says.
    Block,
}

/// How a duplicate rule is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DuplicateSetting {
    /// Rules that are not active do nothing.
    pub active: bool,
    /// For new records.
    pub on_create: DuplicateAction,
    /// For changed records.
    pub on_update: DuplicateAction,
    /// Whether new records that are allowed are alerted about.
    pub alert: bool,
    /// Whether changed records that are allowed are alerted about; not so in a new org.
    pub alert_on_update: bool,
    /// The administrator's text.
    pub message: String,
}

impl Default for DuplicateSetting {
    fn default() -> Self {
        Self {
            active: false,
            on_create: DuplicateAction::Allow,
            on_update: DuplicateAction::Allow,
            alert: true,
            alert_on_update: false,
            message: "Use one of these records?".to_owned(),
        }
    }
}

impl DuplicateSetting {
    /// The standard setting of a new org, switched on: new records are allowed with an alert.
    pub fn alerting() -> Self {
        Self {
            active: true,
            ..Self::default()
        }
    }

    /// Nothing gets past it, new or changed.
    pub fn blocking() -> Self {
        Self {
            active: true,
            on_create: DuplicateAction::Block,
            on_update: DuplicateAction::Block,
            ..Self::default()
        }
    }
}

/// A rule's name, its object, and the objects that it looks for matches in with their match rules.
type Standard = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const STANDARD: [Standard; 3] = [
    (
        "Standard_Account_Duplicate_Rule",
        "Account",
        &[("Account", "Standard_Account_Match_Rule_v1_0")],
    ),
    (
        "Standard_Contact_Duplicate_Rule",
        "Contact",
        &[
            ("Contact", "Standard_Contact_Match_Rule_v1_1"),
            ("Lead", "Standard_Lead_Match_Rule_v1_0"),
        ],
    ),
    (
        "Standard_Lead_Duplicate_Rule",
        "Lead",
        &[
            ("Lead", "Standard_Lead_Match_Rule_v1_0"),
            ("Contact", "Standard_Contact_Match_Rule_v1_1"),
        ],
    ),
];

/// The org's duplicate rules.
#[derive(Clone, Default)]
pub(crate) struct DuplicateRules {
    settings: [DuplicateSetting; 3],
    /// Some orgs answer with `duplicateResut`.
    misspelt: bool,
}

impl Org {
    /// Sets up a duplicate rule by its name, for example `Standard_Contact_Duplicate_Rule`.
    pub fn set_duplicate_rule(
        &self,
        name: &str,
        setting: DuplicateSetting,
    ) -> Result<(), ApiError> {
        let same = |rule: &Standard| rule.0.eq_ignore_ascii_case(name);
        let place = STANDARD.iter().position(same);
        let place = place.ok_or_else(ApiError::not_found)?;
        self.lock().rules.duplicates.settings[place] = setting;
        Ok(())
    }

    /// Whether answers spell the key `duplicateResut`, as some orgs do.
    pub fn misspell_duplicate_result(&self, misspelt: bool) {
        self.lock().rules.duplicates.misspelt = misspelt;
    }
}

impl DuplicateRules {
    /// Refuses a record that an active rule finds matches for.
    pub fn judge(&self, scene: &Scene<'_>, call: &Call, given: &[u16]) -> Result<(), ApiError> {
        if !self.settings.iter().any(|s| s.active) {
            return Ok(());
        }
        let object = &scene.store.def(scene.object).name;
        for (rule, setting) in STANDARD.iter().zip(&self.settings) {
            if rule.1 != object || !setting.active {
                continue;
            }
            let creating = scene.slot.is_none();
            let (action, alert) = match creating {
                true => (setting.on_create, setting.alert),
                false => (setting.on_update, setting.alert_on_update),
            };
            let blocks = action == DuplicateAction::Block;
            let passes = !blocks && (!alert || call.allow_duplicate_save);
            if passes || !(creating || matching::concerns(scene, given)) {
                continue;
            }
            let found = matches(scene, rule.2);
            if found.iter().any(|(_, slots)| !slots.is_empty()) {
                return Err(self.error((rule, setting), blocks, &found, (scene.store, call)));
            }
        }
        Ok(())
    }

    fn error(
        &self,
        (rule, setting): (&Standard, &DuplicateSetting),
        blocks: bool,
        found: &[Found],
        (store, call): (&Store, &Call),
    ) -> ApiError {
        let results: Vec<Json> = found
            .iter()
            .filter(|(_, slots)| !slots.is_empty())
            .map(|(kind, slots)| result(store, call, *kind, slots))
            .collect();
        let value = json!({
            "allowSave": !blocks,
            "duplicateRule": rule.0,
            "duplicateRuleEntityType": rule.1,
            "errorMessage": setting.message,
            "matchResults": results,
        });
        let key = match self.misspelt {
            true => "duplicateResut",
            false => "duplicateResult",
        };
        ApiError {
            detail: Some(Box::new(Detail { key, value })),
            ..ApiError::record("DUPLICATES_DETECTED", &*setting.message, &[])
        }
    }
}

/// An object with its match rule, and what matches there.
type Found = ((&'static str, &'static str), Vec<Slot>);

fn matches(scene: &Scene<'_>, kinds: &'static [(&'static str, &'static str)]) -> Vec<Found> {
    let find = |kind: &(&'static str, &'static str)| (*kind, matching::twins(scene, kind.0));
    kinds.iter().map(find).collect()
}

fn result(store: &Store, call: &Call, (object, rule): (&str, &str), slots: &[Slot]) -> Json {
    let index = store.schema.index(object);
    let records: Vec<Json> = slots
        .iter()
        .map(|slot| {
            json!({
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": record(store, call, (index, *slot)),
            })
        })
        .collect();
    json!({
        "entityType": object,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": records,
        "rule": rule,
        "size": records.len(),
        "success": true,
    })
}

/// A match: its id, and with details what a list shows of it.
fn record(store: &Store, call: &Call, (object, slot): (usize, Slot)) -> Json {
    const DETAILS: [&str; 6] = ["Name", "Company", "Email", "Phone", "Title", "Website"];
    let head = attributes(store, object, slot, &call.version);
    let mut record = json!({"attributes": head, "Id": store.id_at(object, slot).to_string()});
    if call.include_duplicate_details {
        let fields = DETAILS
            .iter()
            .filter_map(|name| store.def(object).field(name));
        for field in fields {
            record[field.name.as_str()] = store.read_json(object, slot, field);
        }
    }
    record
}
