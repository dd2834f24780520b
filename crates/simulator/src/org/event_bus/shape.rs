//! The Avro record of a kind of event: which fields, in which order, and the schema that says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value as Json, json};

use super::avro::Kind;
use crate::org::schema::{FieldDef, FieldKind, ObjectDef, Role};
use crate::seeded::mix;

/// `changeType`, in the order of the enum.
pub(crate) const CHANGE_TYPES: [&str; 10] = [
    "CREATE",
    "UPDATE",
    "DELETE",
    "UNDELETE",
    "GAP_CREATE",
    "GAP_UPDATE",
    "GAP_DELETE",
    "GAP_UNDELETE",
    "GAP_OVERFLOW",
    "SNAPSHOT",
];

/// Fields that a change never carries although the record has them.
const LEFT_OUT: [&str; 6] = [
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
    "LastLoginDate",
    "MasterRecordId",
    "PhotoUrl",
];

/// Standard objects with change events; all custom ones have them.
const SUPPORTED: [&str; 11] = [
    "Account",
    "Campaign",
    "CampaignMember",
    "CampaignMemberStatus",
    "Case",
    "Contact",
    "Event",
    "Lead",
    "Opportunity",
    "Task",
    "User",
];

/// A kind of event.
pub(crate) struct Shape {
    /// Fingerprint of the schema.
    pub id: String,
    pub json: String,
    /// In the order of the record; the header, where there is one, stands before them.
    pub fields: Vec<ShapeField>,
    /// Tells whether the object has changed since.
    pub signature: u64,
}

pub(crate) struct ShapeField {
    pub name: String,
    pub holds: Holds,
}

pub(crate) enum Holds {
    /// A value, or null.
    Value(Kind),
    /// A value, always.
    Required(Kind),
    /// Parts such as street and city, each with the field of the object it shows.
    Parts(Vec<Part>),
}

pub(crate) struct Part {
    pub name: String,
    pub field: String,
    pub kind: Kind,
}

impl Shape {
    /// The change event of an object.
    pub fn of_object(def: &ObjectDef) -> Self {
        let fields: Vec<ShapeField> = def
            .fields
            .iter()
            .filter(|f| carried(f) && parent(def, f).is_none())
            .map(|f| ShapeField {
                name: f.name.clone(),
                holds: holds(def, f),
            })
            .collect();
        let json = schema(&event_name(&def.name), Some(header()), &fields);
        Self::finish(json, fields, signature(def))
    }

    /// A platform event: when and by whom first, then its own fields.
    pub fn of_platform_event(name: &str, fields: &[(String, Kind)]) -> Self {
        let required = |name: &str, kind| ShapeField {
            name: name.to_owned(),
            holds: Holds::Required(kind),
        };
        let mut all = vec![
            required("CreatedDate", Kind::Long),
            required("CreatedById", Kind::Text),
        ];
        all.extend(fields.iter().map(|(name, kind)| ShapeField {
            name: name.clone(),
            holds: Holds::Value(*kind),
        }));
        let json = schema(name, None, &all);
        Self::finish(json, all, 0)
    }

    fn finish(json: String, fields: Vec<ShapeField>, signature: u64) -> Self {
        let hash = digest(&SHA256, json.as_bytes());
        Self {
            id: URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
            json,
            fields,
            signature,
        }
    }
}

/// Whether an object can have change events.
pub(crate) fn supports_events(object: &str) -> bool {
    object.ends_with("__c") || SUPPORTED.contains(&object)
}

/// `ContactChangeEvent`; `Trip__ChangeEvent` for `Trip__c`.
pub(crate) fn event_name(object: &str) -> String {
    match object.strip_suffix("__c") {
        Some(stem) => format!("{stem}__ChangeEvent"),
        None => format!("{object}ChangeEvent"),
    }
}

/// Changes with every field that is added, renamed or retyped.
pub(crate) fn signature(def: &ObjectDef) -> u64 {
    let mut hash = def.fields.len() as u64;
    for field in &def.fields {
        let name = field.name.bytes();
        hash = name.fold(hash, |acc, b| {
            acc.wrapping_mul(0x100_0000_01B3) ^ u64::from(b)
        });
        hash = mix(hash ^ field.kind as u64);
    }
    hash
}

/// Whether the field can stand in a change event.
pub(crate) fn carried(field: &FieldDef) -> bool {
    let system = matches!(
        field.role,
        Role::Id | Role::IsDeleted | Role::Stamp | Role::Derived
    );
    !system && !field.calculated && !LEFT_OUT.contains(&field.name.as_str())
}

/// The compound field that a part belongs to.
fn parent<'d>(def: &'d ObjectDef, field: &FieldDef) -> Option<&'d FieldDef> {
    if field.role != Role::Stored {
        return None;
    }
    let compound = field.compound.as_deref().and_then(|name| def.field(name));
    compound.filter(|c| matches!(c.role, Role::PersonName | Role::Address))
}

fn holds(def: &ObjectDef, field: &FieldDef) -> Holds {
    if !matches!(field.role, Role::PersonName | Role::Address) {
        return Holds::Value(kind(field.kind));
    }
    let stem = match field.role {
        Role::Address => field.name.trim_end_matches("Address"),
        _ => "",
    };
    let mut parts: Vec<Part> = def
        .fields
        .iter()
        .filter(|part| parent(def, part).is_some_and(|p| p.index == field.index))
        .map(|part| Part {
            name: part
                .name
                .strip_prefix(stem)
                .unwrap_or(&part.name)
                .to_owned(),
            field: part.name.clone(),
            kind: kind(part.kind),
        })
        .collect();
    let order = |part: &Part| {
        const FIRST: [&str; 3] = ["Salutation", "FirstName", "LastName"];
        FIRST.iter().position(|name| *name == part.name)
    };
    parts.sort_by_key(|part| order(part).unwrap_or(FIRST_OTHER));
    Holds::Parts(parts)
}

/// Behind the three parts of a name that have a place of their own.
const FIRST_OTHER: usize = 3;

fn kind(kind: FieldKind) -> Kind {
    match kind {
        FieldKind::Bool => Kind::Bool,
        FieldKind::Int => Kind::Int,
        FieldKind::Date | FieldKind::DateTime => Kind::Long,
        kind if kind.is_number() => Kind::Double,
        _ => Kind::Text,
    }
}

fn schema(name: &str, header: Option<Json>, fields: &[ShapeField]) -> String {
    let mut named = Vec::new();
    let mut all: Vec<Json> = header.into_iter().collect();
    for field in fields {
        all.push(match &field.holds {
            Holds::Required(kind) => json!({"name": field.name, "type": kind.name()}),
            Holds::Value(kind) => nullable(&field.name, json!(kind.name())),
            Holds::Parts(parts) => nullable(&field.name, compound(field, parts, &mut named)),
        });
    }
    json!({"type": "record", "name": name, "namespace": "com.sforce.eventbus", "fields": all})
        .to_string()
}

/// A record type is written out where it is first used and named from then on.
fn compound(field: &ShapeField, parts: &[Part], named: &mut Vec<(String, Json)>) -> Json {
    let stem = match field.name.ends_with("Address") {
        true => "Address",
        false => "PersonName",
    };
    let fields: Vec<Json> = parts
        .iter()
        .map(|part| nullable(&part.name, json!(part.kind.name())))
        .collect();
    let fields = Json::from(fields);
    if let Some((name, _)) = named.iter().find(|(_, known)| *known == fields) {
        return json!(name);
    }
    let taken = named.iter().filter(|(n, _)| n.starts_with(stem)).count();
    let name = match taken {
        0 => stem.to_owned(),
        taken => format!("{stem}{taken}"),
    };
    named.push((name.clone(), fields.clone()));
    json!({"type": "record", "name": name, "fields": fields})
}

fn nullable(name: &str, kind: Json) -> Json {
    json!({"name": name, "type": ["null", kind], "default": null})
}

fn header() -> Json {
    let texts = json!({"type": "array", "items": "string"});
    let field = |name: &str, kind: Json| json!({"name": name, "type": kind});
    let fields = [
        field("entityName", json!("string")),
        field("recordIds", texts.clone()),
        field(
            "changeType",
            json!({"type": "enum", "name": "ChangeType", "symbols": CHANGE_TYPES}),
        ),
        field("changeOrigin", json!("string")),
        field("transactionKey", json!("string")),
        field("sequenceNumber", json!("int")),
        field("commitTimestamp", json!("long")),
        field("commitNumber", json!("long")),
        field("commitUser", json!("string")),
        field("nulledFields", texts.clone()),
        field("diffFields", texts.clone()),
        field("changedFields", texts),
    ];
    let record = json!({"type": "record", "name": "ChangeEventHeader", "fields": fields});
    json!({"name": "ChangeEventHeader", "type": record})
}
