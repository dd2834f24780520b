//! The schema in the words of the describe calls, cut to what the running user may see: hidden
//! fields and objects are absent, and the create and update flags tell the user's own rights.

use serde_json::{Map, Value as Json, json};

use super::expression::Formula;
use super::schema::{ChildRelation, FieldDef, FieldKind, ObjectDef, OnDelete, Role, Schema};
use super::view::View;

/// Describes for one user and API version.
pub(super) struct Describer<'a> {
    pub schema: &'a Schema,
    pub view: View<'a>,
    pub version: &'a str,
}

impl Describer<'_> {
    /// `GET sobjects`.
    pub fn global(&self) -> Json {
        let seen = self
            .schema
            .objects
            .iter()
            .filter(|o| self.view.object(o.index).read);
        let sobjects: Vec<Json> = seen.map(|o| Json::Object(self.head(o))).collect();
        json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects})
    }

    /// `GET sobjects/X`.
    pub fn basic(&self, object: &ObjectDef) -> Json {
        json!({"objectDescribe": self.head(object), "recentItems": []})
    }

    /// `GET sobjects/X/describe`.
    pub fn full(&self, object: &ObjectDef) -> Json {
        let fields = object
            .fields
            .iter()
            .filter(|f| self.view.sees(object.index, f));
        let children = object
            .children
            .iter()
            .filter(|c| self.view.object(c.child).read);
        let mut full = self.head(object);
        let more = json!({
            "actionOverrides": [],
            "childRelationships": children.map(|c| self.child(c)).collect::<Vec<_>>(),
            "compactLayoutable": object.layoutable,
            "defaultImplementation": null,
            "extendedBy": null,
            "extendsInterfaces": null,
            "fields": fields.map(|f| self.field(object, f)).collect::<Vec<_>>(),
            "implementedBy": null,
            "implementsInterfaces": null,
            "listviewable": null,
            "lookupLayoutable": null,
            "namedLayoutInfos": [],
            "networkScopeFieldName": null,
            "recordTypeInfos": self.record_types(object),
            "searchLayoutable": object.searchable,
            "sobjectDescribeOption": "FULL",
            "supportedScopes": scopes(object),
        });
        if let Json::Object(more) = more {
            full.extend(more);
        }
        full.sort_keys();
        Json::Object(full)
    }

    fn head(&self, object: &ObjectDef) -> Map<String, Json> {
        let rights = self.view.object(object.index);
        let head = json!({
            "activateable": false,
            "associateEntityType": null,
            "associateParentEntity": null,
            "createable": object.createable && rights.create,
            "custom": object.name.ends_with("__c"),
            "customSetting": false,
            "deepCloneable": false,
            "deletable": object.deletable && rights.delete,
            "deprecatedAndHidden": false,
            "feedEnabled": object.feed_enabled,
            "hasSubtypes": false,
            "isInterface": false,
            "isSubtype": false,
            "keyPrefix": object.prefix_str(),
            "label": object.label,
            "labelPlural": object.label_plural,
            "layoutable": object.layoutable,
            "mergeable": object.mergeable && rights.edit && rights.delete,
            "mruEnabled": object.layoutable,
            "name": object.name,
            "queryable": true,
            "replicateable": object.is_replicable(),
            "retrieveable": true,
            "searchable": object.searchable,
            "triggerable": object.layoutable,
            "undeletable": object.undeletable && rights.delete,
            "updateable": object.updateable && rights.edit,
            "urls": self.urls(object),
        });
        match head {
            Json::Object(head) => head,
            _ => Map::new(),
        }
    }

    fn urls(&self, object: &ObjectDef) -> Json {
        let root = format!("/services/data/v{}/sobjects/{}", self.version, object.name);
        let mut urls = json!({
            "rowTemplate": format!("{root}/{{ID}}"),
            "describe": format!("{root}/describe"),
            "sobject": root,
        });
        if object.layoutable {
            urls["layouts"] = json!(format!("{root}/describe/layouts"));
            urls["compactLayouts"] = json!(format!("{root}/describe/compactLayouts"));
            urls["approvalLayouts"] = json!(format!("{root}/describe/approvalLayouts"));
            urls["quickActions"] = json!(format!("{root}/quickActions"));
        }
        if object.layoutable && object.name != "CampaignMember" {
            urls["listviews"] = json!(format!("{root}/listviews"));
        }
        urls
    }

    fn child(&self, relation: &ChildRelation) -> Json {
        let child = &self.schema.objects[relation.child];
        json!({
            "cascadeDelete": relation.on_delete == OnDelete::Cascade,
            "childSObject": child.name,
            "deprecatedAndHidden": false,
            "field": child.fields[relation.field as usize].name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": relation.name,
            "restrictedDelete": relation.on_delete == OnDelete::Restrict,
        })
    }

    /// The types of the object, the first of which is what new records get; then the master.
    fn record_types(&self, object: &ObjectDef) -> Vec<Json> {
        let types = object.record_types.iter().enumerate().map(|(place, kind)| {
            let mut info = self.master_record_type(object);
            let id = kind.id.to_string();
            let layout = format!("{}/{id}", self.layouts(object));
            info["defaultRecordTypeMapping"] = json!(place == 0);
            info["developerName"] = json!(kind.developer_name);
            info["master"] = json!(false);
            info["name"] = json!(kind.name);
            info["recordTypeId"] = json!(id);
            info["urls"]["layout"] = json!(layout);
            info
        });
        let mut master = self.master_record_type(object);
        master["defaultRecordTypeMapping"] = json!(object.record_types.is_empty());
        types.chain([master]).collect()
    }

    fn layouts(&self, object: &ObjectDef) -> String {
        let version = self.version;
        format!(
            "/services/data/v{version}/sobjects/{}/describe/layouts",
            object.name
        )
    }

    fn master_record_type(&self, object: &ObjectDef) -> Json {
        const MASTER: &str = "012000000000000AAA";
        let root = format!("/services/data/v{}/sobjects/{}", self.version, object.name);
        json!({
            "active": true,
            "available": true,
            "defaultRecordTypeMapping": true,
            "developerName": "Master",
            "master": true,
            "name": "Master",
            "recordTypeId": MASTER,
            "urls": {"layout": format!("{root}/describe/layouts/{MASTER}")},
        })
    }

    fn field(&self, object: &ObjectDef, field: &FieldDef) -> Json {
        let mut json = shape(field);
        json["createable"] = json!(self.view.may_create(object, field));
        json["updateable"] = json!(self.view.may_update(object, field));
        json
    }
}

fn scopes(object: &ObjectDef) -> Json {
    let mut scopes =
        vec![json!({"label": format!("All {}", object.label_plural), "name": "everything"})];
    if object.field("OwnerId").is_some() {
        scopes.push(json!({"label": format!("My {}", object.label_plural), "name": "mine"}));
    }
    Json::Array(scopes)
}

/// Everything about a field that does not depend on who asks, plus places for what does.
fn shape(field: &FieldDef) -> Json {
    let person_name = field.name_field && !field.createable && field.length == 121;
    let formula = field.custom.formula.as_deref();
    let initial = field.custom.initial.as_ref();
    let initial = initial.map_or(Json::Null, |value| value.to_json(field.kind));
    let mut shape = json!({
        "aggregatable": field.aggregatable,
        "aiPredictionField": false,
        "autoNumber": field.role == Role::AutoNumber,
        "byteLength": byte_length(field),
        "calculated": field.calculated,
        "calculatedFormula": formula.map(Formula::text),
        "cascadeDelete": false,
        "caseSensitive": field.custom.case_sensitive,
        "compoundFieldName": field.compound,
        "controllerName": null,
        "createable": false,
        "custom": field.is_custom(),
        "defaultValue": (field.kind == FieldKind::Bool).then(|| initial == Json::Bool(true)),
        "defaultValueFormula": default_formula(field, &initial),
        "defaultedOnCreate": field.defaulted,
        "dependentPicklist": false,
        "deprecatedAndHidden": false,
        "digits": if field.kind == FieldKind::Int { 9 } else { 0 },
        "displayLocationInDecimal": field.compound.is_some() && field.scale == 15,
        "encrypted": false,
        "externalId": field.external_id,
        "extraTypeInfo": person_name.then_some("personname"),
        "filterable": field.filterable,
        "filteredLookupInfo": null,
        "formulaTreatNullNumberAsZero": formula.is_some_and(Formula::blank_is_zero),
        "groupable": field.groupable,
    });
    if let (Json::Object(shape), Json::Object(rest)) = (&mut shape, second_half(field)) {
        shape.extend(rest);
    }
    shape
}

/// The attributes from H on.
fn second_half(field: &FieldDef) -> Json {
    json!({
        "highScaleNumber": false,
        "htmlFormatted": field.custom.html,
        "idLookup": field.id_lookup,
        "inlineHelpText": null,
        "label": field.label,
        "length": field.length,
        "mask": null,
        "maskType": null,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": field.polymorphic,
        "nillable": field.nillable,
        "permissionable": field.permissionable(),
        "picklistValues": picklist(field),
        "polymorphicForeignKey": field.polymorphic,
        "precision": field.precision,
        "queryByDistance": false,
        "referenceTargetField": null,
        "referenceTo": field.reference_to,
        "relationshipName": field.relationship.as_ref().filter(|_| field.kind == FieldKind::Reference),
        "relationshipOrder": null,
        "restrictedDelete": false,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.kind == FieldKind::Reference,
        "soapType": field.soap_type,
        "sortable": field.sortable,
        "type": field.kind.name(),
        "unique": field.unique,
        "updateable": false,
        "writeRequiresMasterRead": false,
    })
}

/// A default that is not a checkbox's stands as the formula that gives it.
fn default_formula(field: &FieldDef, initial: &Json) -> Option<String> {
    let written = field.kind != FieldKind::Bool && !initial.is_null();
    written.then(|| initial.to_string())
}

/// Three bytes for each character; ids are plain ASCII.
fn byte_length(field: &FieldDef) -> usize {
    match field.kind.is_id() {
        true => 18,
        false => field.length * 3,
    }
}

fn picklist(field: &FieldDef) -> Vec<Json> {
    let entry = |entry: &super::schema::PicklistEntry| {
        json!({
            "active": true,
            "defaultValue": entry.default,
            "label": entry.label,
            "validFor": null,
            "value": entry.value,
        })
    };
    field.picklist.iter().map(entry).collect()
}
