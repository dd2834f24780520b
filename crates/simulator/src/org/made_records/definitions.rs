//! EntityDefinition and FieldDefinition: the schema as records, as far as the user may know of it.

use super::{Row, wanted};
use crate::org::Call;
use crate::org::error::ApiError;
use crate::org::schema::{FieldDef, FieldKind, ObjectDef};
use crate::org::soql::ast::{Condition, Expression, Query};
use crate::org::state::State;
use crate::org::value::Value;

/// A query for fields must say of which object.
pub(super) fn check_filter(query: &Query) -> Result<(), ApiError> {
    if !query.from.eq_ignore_ascii_case("FieldDefinition") {
        return Ok(());
    }
    let says = |field: &str| {
        let filter = query.filter.as_ref();
        filter.and_then(|filter| wanted(filter, field)).is_some()
    };
    match ["QualifiedApiName", "EntityDefinitionId", "DurableId"]
        .iter()
        .any(|f| says(f))
    {
        true => Ok(()),
        false => {
            let text = "FieldDefinition: a filter on a reified column is required \
                        [EntityDefinitionId,DurableId]";
            Err(ApiError::request(400, "MALFORMED_QUERY", text))
        }
    }
}

/// EntityDefinitionId holds no record id but the DurableId of the object, which conditions name.
pub(super) fn by_durable_id(condition: &mut Condition) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter_mut().for_each(by_durable_id),
        Condition::Not(inner) => by_durable_id(inner),
        Condition::Compare { left, .. } | Condition::Among { left, .. } => {
            let Expression::Field(path) = left else {
                return;
            };
            let last = path.names.last_mut();
            let last = last.filter(|name| name.eq_ignore_ascii_case("EntityDefinitionId"));
            if let Some(name) = last {
                *name = "EntityDefinition".to_owned();
                path.names.push("DurableId".to_owned());
            }
        }
        Condition::InQuery { .. } => {}
    }
}

impl State {
    pub(super) fn make_definitions(&self, made: &mut State, call: &Call, fields: bool) {
        let schema = &self.store.schema;
        let (entities, definitions) = (
            &schema.objects[schema.index("EntityDefinition")],
            &schema.objects[schema.index("FieldDefinition")],
        );
        let view = self.view(&call.user);
        let seen = schema.objects.iter().filter(|o| view.object(o.index).read);
        for (slot, object) in seen.enumerate() {
            if !fields {
                let row = self.entity(entities, call, object);
                made.store.insert(entities.index, row.record);
                continue;
            }
            let entity = made.store.id_at(entities.index, slot as u32);
            for field in object.fields.iter().filter(|f| view.sees(object.index, f)) {
                let row = definition(Row::new(definitions, call.user), object, field);
                let row = row.set("EntityDefinitionId", Value::Id(entity));
                made.store.insert(definitions.index, row.record);
            }
        }
    }

    fn entity<'a>(&self, def: &'a ObjectDef, call: &Call, object: &ObjectDef) -> Row<'a> {
        let custom = object.name.ends_with("__c");
        let sharing = self.sharing_of(object.index).name();
        Row::new(def, call.user)
            .text("DurableId", &object.name)
            .text("QualifiedApiName", &object.name)
            .text("DeveloperName", bare(&object.name))
            .text("MasterLabel", &object.label)
            .text("Label", &object.label)
            .text("PluralLabel", &object.label_plural)
            .text("KeyPrefix", object.prefix_str())
            .text("InternalSharingModel", sharing)
            .text("ExternalSharingModel", "Private")
            .flag("IsCustomizable", object.layoutable || custom)
            .flag("IsQueryable", true)
            .flag("IsRetrieveable", true)
            .flag("IsSearchable", object.searchable)
            .flag("IsLayoutable", object.layoutable)
            .flag("IsApexTriggerable", object.layoutable || custom)
            .flag("IsTriggerable", object.layoutable || custom)
            .flag("IsFeedEnabled", object.feed_enabled)
            .flag("IsReplicateable", object.layoutable || custom)
            .flag("IsWorkflowEnabled", object.layoutable || custom)
    }
}

fn definition<'a>(row: Row<'a>, object: &ObjectDef, field: &FieldDef) -> Row<'a> {
    let number = |n: u32| Value::Number(f64::from(n));
    row.text("DurableId", &format!("{}.{}", object.name, field.name))
        .text("QualifiedApiName", &field.name)
        .text("DeveloperName", bare(&field.name))
        .text("MasterLabel", &field.label)
        .text("Label", &field.label)
        .text("DataType", &data_type(field))
        .text("ValueTypeId", field.kind.name())
        .text(
            "RelationshipName",
            field.relationship.as_deref().unwrap_or_default(),
        )
        .set("Length", number(field.length as u32))
        .set("Precision", number(field.precision))
        .set("Scale", number(field.scale))
        .flag("IsCalculated", field.calculated)
        .flag("IsCompound", field.kind == FieldKind::Address)
        .flag("IsIndexed", field.indexed)
        .flag("IsNameField", field.name_field)
        .flag("IsNillable", field.nillable)
        .flag("IsPolymorphicForeignKey", field.polymorphic)
}

fn bare(name: &str) -> &str {
    name.strip_suffix("__c").unwrap_or(name)
}

/// The type as setup shows it.
fn data_type(field: &FieldDef) -> String {
    let digits = || {
        format!(
            "({}, {})",
            field.precision - field.scale.min(field.precision),
            field.scale
        )
    };
    match field.kind {
        FieldKind::Id => "Lookup()".to_owned(),
        FieldKind::Reference => format!("Lookup({})", field.reference_to.join(",")),
        FieldKind::Text => format!("Text({})", field.length),
        FieldKind::TextArea => format!("Long Text Area({})", field.length),
        FieldKind::Picklist => "Picklist".to_owned(),
        FieldKind::MultiPicklist => "Picklist (Multi-Select)".to_owned(),
        FieldKind::Combobox => format!("Combobox({})", field.length),
        FieldKind::Phone => "Phone".to_owned(),
        FieldKind::Email => "Email".to_owned(),
        FieldKind::Url => format!("URL({})", field.length),
        FieldKind::Bool => "Checkbox".to_owned(),
        FieldKind::Int => "Number(9, 0)".to_owned(),
        FieldKind::Double => format!("Number{}", digits()),
        FieldKind::Currency => format!("Currency{}", digits()),
        FieldKind::Percent => format!("Percent{}", digits()),
        FieldKind::Date => "Date".to_owned(),
        FieldKind::DateTime => "Date/Time".to_owned(),
        FieldKind::Time => "Time".to_owned(),
        FieldKind::Address => "Address".to_owned(),
    }
}
