//! What every new org starts with: the organisation, its profiles and users, and the sample
//! records of a Developer Edition. Phone numbers are from ranges set aside for fiction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::dml::settle_stage;
use super::id::RecordId;
use super::maker::{DAY, Maker};
use super::record::Record;
use super::rights::{Rights, SETUP_OBJECTS};
use super::saved_view::ListView;
use super::schema::{FieldKind, ObjectDef, Schema};
use super::state::State;
use super::store::Store;
use super::user::{FieldAccess, ObjectAccess};
use super::value::Value;
use super::{OrgKind, OrgOptions, datetime, generate};
use crate::seeded::Seeded;

const PROFILES: &str = include_str!("../../sample/profiles.tsv");
const USERS: &str = include_str!("../../sample/users.tsv");
const ACCOUNTS: &str = include_str!("../../sample/accounts.tsv");
const CONTACTS: &str = include_str!("../../sample/contacts.tsv");
const LEADS: &str = include_str!("../../sample/leads.tsv");
const OPPORTUNITIES: &str = include_str!("../../sample/opportunities.tsv");
const CAMPAIGNS: &str = include_str!("../../sample/campaigns.tsv");
const LEAD_STATUSES: &str = include_str!("../../sample/lead_statuses.tsv");
const QUEUES: &str = include_str!("../../sample/queues.tsv");
const QUEUE_OBJECTS: &str = include_str!("../../sample/queue_objects.tsv");

/// Fields that a new org shows to administrators only.
const ADMIN_FIELDS: [&str; 3] = ["HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall"];

/// A new org's state.
pub(super) fn populate(options: &OrgOptions) -> State {
    let schema = Schema::standard();
    let mut seeded = Seeded::new(options.seed, "ids");
    let letters = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
    let instance = [
        letters[seeded.below(letters.len() as u64) as usize],
        letters[seeded.below(letters.len() as u64) as usize],
    ];
    let first_serial = 10_000 + seeded.below(3_000_000);
    let user_prefix = schema.objects[schema.index("User")].prefix_str().to_owned();
    let mut maker = Maker {
        store: Store::new(
            Arc::clone(&schema),
            Arc::clone(&options.clock),
            (instance, first_serial),
        ),
        admin: RecordId::new(&user_prefix, instance, first_serial),
        schema,
        now: options.clock.now_ms().div_euclid(1_000),
        named: HashMap::new(),
    };
    maker.store.fill();
    maker.organization(options.kind);
    maker.table("Profile", PROFILES);
    maker.table("User", USERS);
    maker.table("Account", ACCOUNTS);
    maker.table("Contact", CONTACTS);
    maker.table("Lead", LEADS);
    maker.table("Opportunity", OPPORTUNITIES);
    maker.table("Campaign", CAMPAIGNS);
    maker.table("LeadStatus", LEAD_STATUSES);
    maker.table("Group", QUEUES);
    maker.table("QueueSobject", QUEUE_OBJECTS);
    maker.campaign_members();
    generate::people(&mut maker, options);
    maker.store.filled();
    let views = maker.list_views();
    let (admin, now) = (maker.admin, maker.now);
    let mut state = State::new(maker.store);
    state.contention = Seeded::new(options.seed, "locks");
    state.list_views = views;
    limit_profiles(&mut state);
    state.settle_profiles(admin, now - 400 * DAY);
    state
}

impl Maker {
    fn organization(&mut self, kind: OrgKind) {
        let mut record = self.record(400);
        let def = self.def("Organization");
        let texts = [
            ("Name", "Acme Generators"),
            ("OrganizationType", "Developer Edition"),
            ("InstanceName", "SIM1"),
            ("DefaultLocaleSidKey", "en_GB"),
            ("LanguageLocaleKey", "en_US"),
            ("TimeZoneSidKey", "Europe/London"),
            ("PrimaryContact", "Dana Whitfield"),
            ("Country", "GB"),
        ];
        for (field, text) in texts {
            record.set(def.at(field), Value::text(text));
        }
        record.set(def.at("FiscalYearStartMonth"), Value::Number(1.0));
        record.set(def.at("IsSandbox"), Value::Bool(kind == OrgKind::Sandbox));
        self.insert("Organization", record);
    }

    /// Inserts the rows of a table whose heads are field names; lookups are given by name.
    fn table(&mut self, object: &str, table: &str) {
        let schema = Arc::clone(&self.schema);
        let def = &schema.objects[schema.index(object)];
        let mut lines = table.lines();
        let heads: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        for (row, line) in lines.enumerate() {
            let mut record = self.record(300);
            let mut given = Vec::new();
            for (head, cell) in heads.iter().zip(line.split('\t')) {
                let field = def
                    .field(head)
                    .expect("heads of the sample tables are field names");
                record.set(field.index, self.cell(field.kind, &field.targets, cell));
                given.push(field.index);
            }
            self.complete(def, &mut record, row);
            if object == "Opportunity" {
                settle_stage(def, &mut record, &given);
            }
            let name = match def.name_field().filter(|f| !f.name.is_empty()) {
                Some(field) => record.cell(field.index).as_str().map(str::to_owned),
                None => None,
            };
            let id = self.insert(object, record);
            if let Some(name) = name {
                self.named.insert((def.index, name), id);
            }
        }
    }

    fn cell(&self, kind: FieldKind, targets: &[usize], cell: &str) -> Value {
        match kind {
            _ if cell.is_empty() => Value::Null,
            FieldKind::Bool => Value::Bool(cell == "true"),
            FieldKind::Date => datetime::read_date(cell).map_or(Value::Null, Value::Date),
            FieldKind::Reference => {
                let known = targets
                    .iter()
                    .find_map(|t| self.named.get(&(*t, cell.to_owned())));
                let id = known.expect("sample tables name parents that stand in earlier tables");
                Value::Id(*id)
            }
            kind if kind.is_number() => cell.parse().map_or(Value::Null, Value::Number),
            _ => Value::text(cell),
        }
    }

    /// Owner, defaults and what the object needs beside its table.
    fn complete(&self, def: &ObjectDef, record: &mut Record, row: usize) {
        for field in &def.fields {
            let empty = record.cell(field.index).is_null();
            if let (true, Some(value)) = (empty, field.default_value()) {
                record.set(field.index, Value::text(value));
            }
        }
        if let Some(owner) = def.field_index("OwnerId") {
            record.set(owner, Value::Id(self.admin));
        }
        match def.name.as_str() {
            "Opportunity" => {
                let today = self.now.div_euclid(DAY) as i32;
                let close = today - 120 + (row as i32 * 9) % 200;
                record.set(def.at("CloseDate"), Value::Date(close));
            }
            "User" => {
                record.set(def.at("EmailEncodingKey"), Value::text("UTF-8"));
                record.set(def.at("UserType"), Value::text("Standard"));
                record.set(def.at("UserPermissionsMarketingUser"), Value::Bool(row < 2));
                let nickname = record.cell(def.at("Alias")).clone();
                record.set(def.at("CommunityNickname"), nickname);
            }
            _ => {}
        }
    }

    fn list_views(&mut self) -> BTreeMap<RecordId, ListView> {
        let views = ListView::samples();
        let kept = views.into_iter().map(|view| {
            let mut record = self.record(300);
            view.describe_in(self.def("ListView"), &mut record);
            (self.insert("ListView", record), view)
        });
        kept.collect()
    }

    /// Each campaign has its two statuses; the first one has a few members.
    fn campaign_members(&mut self) {
        let campaigns = self.schema.index("Campaign");
        let count = self.store.table(campaigns).len() as u32;
        for slot in 0..count {
            let campaign = self.store.id_at(campaigns, slot);
            for (order, label) in ["Sent", "Responded"].into_iter().enumerate() {
                let mut record = self.record(300);
                let def = self.def("CampaignMemberStatus");
                record.set(def.at("CampaignId"), Value::Id(campaign));
                record.set(def.at("Label"), Value::text(label));
                record.set(def.at("SortOrder"), Value::Number(order as f64 + 1.0));
                record.set(def.at("IsDefault"), Value::Bool(order == 0));
                record.set(def.at("HasResponded"), Value::Bool(order == 1));
                self.insert("CampaignMemberStatus", record);
            }
        }
        let campaign = self.store.id_at(campaigns, 0);
        for (slot, object) in [(0, "Contact"), (1, "Contact"), (0, "Lead"), (1, "Lead")] {
            let person = self.store.id_at(self.schema.index(object), slot);
            let mut record = self.record(200);
            let def = self.def("CampaignMember");
            record.set(def.at("CampaignId"), Value::Id(campaign));
            record.set(def.at(&format!("{object}Id")), Value::Id(person));
            let responded = slot == 1;
            let status = if responded { "Responded" } else { "Sent" };
            record.set(def.at("Status"), Value::text(status));
            record.set(def.at("HasResponded"), Value::Bool(responded));
            self.insert("CampaignMember", record);
        }
    }
}

/// Administrators see everything; others not the opt-out fields; the Read Only profile reads; the
/// profile for integrations has nothing but the API until a permission set adds to it.
fn limit_profiles(state: &mut State) {
    let schema = Arc::clone(&state.store.schema);
    let profiles = schema.index("Profile");
    let grounds = [
        (1, ObjectAccess::FULL),
        (2, ObjectAccess::READ),
        (4, ObjectAccess::NONE),
    ];
    for (slot, ground) in grounds {
        let mut rights = Rights::on(ground);
        for object in &schema.objects {
            for field in ADMIN_FIELDS.iter().filter_map(|name| object.field(name)) {
                rights.set_field(object.index, field.index, FieldAccess::Hidden);
            }
        }
        for name in SETUP_OBJECTS {
            rights.set_object(schema.index(name), ObjectAccess::READ);
        }
        let profile = state.store.id_at(profiles, slot);
        state.rights.insert(profile, rights);
    }
}
