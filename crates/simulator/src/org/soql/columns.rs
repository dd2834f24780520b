//! What a query's columns are, without running it: the answer to `query?columns=true`, from which
//! loaders learn the shape of the rows to come.

use serde_json::{Value as Json, json};

use super::path::{BoundPath, Hop};
use super::plan::{Column, Plan};
use crate::org::schema::{FieldKind, Schema};

/// Columns, object and grouping of a plan.
pub(crate) fn column_metadata(schema: &Schema, plan: &Plan) -> Json {
    let mut columns: Vec<Json> = Vec::with_capacity(plan.columns.len());
    for column in &plan.columns {
        match column {
            Column::Field(path) => join(&mut columns, &path.hops, &leaf(schema, path)),
            Column::Children(child) => {
                let inner = column_metadata(schema, &child.plan);
                columns.push(entry(&child.name, None, inner["columnMetadata"].clone()));
            }
            Column::TypeOf(type_of) => {
                columns.push(entry(&type_of.hop.relationship, None, json!([])));
            }
            Column::Computed(name, _, kind) => {
                let mut computed = entry(name, Some(*kind), json!([]));
                computed["aggregate"] = json!(true);
                columns.push(computed);
            }
        }
    }
    let object = &schema.objects[plan.object];
    let is_id = |c: &Column| matches!(c, Column::Field(path) if path.shown == "Id");
    json!({
        "columnMetadata": columns,
        "entityName": object.name,
        "groupBy": plan.grouping.is_some(),
        "idSelected": plan.columns.iter().any(is_id),
        "keyPrefix": object.prefix_str(),
    })
}

fn leaf(schema: &Schema, path: &BoundPath) -> Json {
    let name = path.shown.rsplit('.').next().unwrap_or_default();
    let mut leaf = entry(name, Some(path.kind), json!([]));
    if let Some(field) = path.field(schema) {
        leaf["custom"] = json!(field.is_custom());
        leaf["displayName"] = json!(field.label);
        leaf["insertable"] = json!(field.createable);
        leaf["updatable"] = json!(field.updateable);
    }
    leaf
}

/// Parents stand as columns with columns of their own, each parent once.
fn join(columns: &mut Vec<Json>, hops: &[Hop], leaf: &Json) {
    let Some((hop, rest)) = hops.split_first() else {
        columns.push(leaf.clone());
        return;
    };
    let known = columns
        .iter()
        .position(|c| c["columnName"] == hop.relationship.as_str());
    let at = known.unwrap_or_else(|| {
        columns.push(entry(&hop.relationship, None, json!([])));
        columns.len() - 1
    });
    if let Json::Array(inner) = &mut columns[at]["joinColumns"] {
        join(inner, rest, leaf);
    }
}

fn entry(name: &str, kind: Option<FieldKind>, join_columns: Json) -> Json {
    json!({
        "aggregate": false,
        "apexType": kind.map(apex_type),
        "booleanType": kind == Some(FieldKind::Bool),
        "columnName": name,
        "custom": false,
        "displayName": name,
        "foreignKeyName": null,
        "insertable": false,
        "joinColumns": join_columns,
        "numberType": kind.is_some_and(FieldKind::is_number),
        "textType": kind.is_some_and(FieldKind::is_text),
        "updatable": false,
    })
}

fn apex_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Id | FieldKind::Reference => "Id",
        FieldKind::Bool => "Boolean",
        FieldKind::Int => "Integer",
        FieldKind::Double | FieldKind::Currency | FieldKind::Percent => "Double",
        FieldKind::Date => "Date",
        FieldKind::DateTime => "Datetime",
        FieldKind::Address => "Address",
        _ => "String",
    }
}
