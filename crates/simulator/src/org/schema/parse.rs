//! Reads the describe tables that are compiled in. They are part of the program, so a mistake in
//! one is a programmer's error and stops the start.

use std::collections::HashMap;
use std::rc::Rc;

use super::{
    ChildRelation, Custom, FieldDef, FieldKind, ObjectDef, OnDelete, PicklistEntry, Role, Schema,
};

const OBJECTS: &str = include_str!("../../../describe/objects.tsv");
const CHILDREN: &str = include_str!("../../../describe/children.tsv");
const LABELS: &str = include_str!("../../../describe/labels.tsv");
const FIELDS: [(&str, &str); 23] = [
    ("Account", include_str!("../../../describe/Account.tsv")),
    ("Campaign", include_str!("../../../describe/Campaign.tsv")),
    (
        "CampaignMember",
        include_str!("../../../describe/CampaignMember.tsv"),
    ),
    (
        "CampaignMemberStatus",
        include_str!("../../../describe/CampaignMemberStatus.tsv"),
    ),
    ("Contact", include_str!("../../../describe/Contact.tsv")),
    ("Event", include_str!("../../../describe/Event.tsv")),
    ("Group", include_str!("../../../describe/Group.tsv")),
    ("Lead", include_str!("../../../describe/Lead.tsv")),
    (
        "LeadStatus",
        include_str!("../../../describe/LeadStatus.tsv"),
    ),
    ("ListView", include_str!("../../../describe/ListView.tsv")),
    (
        "Opportunity",
        include_str!("../../../describe/Opportunity.tsv"),
    ),
    (
        "Organization",
        include_str!("../../../describe/Organization.tsv"),
    ),
    ("Profile", include_str!("../../../describe/Profile.tsv")),
    (
        "EntityDefinition",
        include_str!("../../../describe/EntityDefinition.tsv"),
    ),
    (
        "FieldDefinition",
        include_str!("../../../describe/FieldDefinition.tsv"),
    ),
    (
        "FieldPermissions",
        include_str!("../../../describe/FieldPermissions.tsv"),
    ),
    (
        "ObjectPermissions",
        include_str!("../../../describe/ObjectPermissions.tsv"),
    ),
    (
        "PermissionSet",
        include_str!("../../../describe/PermissionSet.tsv"),
    ),
    (
        "PermissionSetAssignment",
        include_str!("../../../describe/PermissionSetAssignment.tsv"),
    ),
    (
        "QueueSobject",
        include_str!("../../../describe/QueueSobject.tsv"),
    ),
    (
        "UserRecordAccess",
        include_str!("../../../describe/UserRecordAccess.tsv"),
    ),
    ("Task", include_str!("../../../describe/Task.tsv")),
    ("User", include_str!("../../../describe/User.tsv")),
];

pub(super) fn standard() -> Schema {
    let mut objects: Vec<ObjectDef> = rows(OBJECTS).map(|row| object(&row)).collect();
    let by_name: HashMap<String, usize> = objects
        .iter()
        .enumerate()
        .map(|(i, o)| (o.name.to_ascii_lowercase(), i))
        .collect();
    for (index, object) in objects.iter_mut().enumerate() {
        object.index = index;
        for field in &mut object.fields {
            let known = |name: &String| by_name.get(&name.to_ascii_lowercase()).copied();
            field.targets = field.reference_to.iter().filter_map(known).collect();
        }
    }
    let children = child_relations(&objects);
    for (object, relations) in objects.iter_mut().zip(children) {
        object.children = relations;
    }
    Schema { objects, by_name }
}

/// The fields that every custom object begins with.
pub(super) fn custom_object_fields(object: &str) -> Vec<FieldDef> {
    fields(object, include_str!("../../../describe/custom_object.tsv"))
}

fn fields(object: &str, table: &str) -> Vec<FieldDef> {
    let each = rows(table).enumerate();
    each.map(|(i, cells)| field(i as u16, object, &cells))
        .collect()
}

/// A row of a table, its cells found by the column's heading.
struct Row<'a> {
    heads: Rc<[&'a str]>,
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn text(&self, column: &str) -> &'a str {
        let at = self.heads.iter().position(|head| *head == column);
        self.cells[at.expect("the describe tables have all the columns that are read")]
    }

    fn flag(&self, column: &str) -> bool {
        self.text(column) == "True"
    }

    fn optional(&self, column: &str) -> Option<String> {
        let text = self.text(column);
        (!text.is_empty() && text != "None").then(|| text.to_owned())
    }

    fn number(&self, column: &str) -> u32 {
        let number = self.text(column).parse();
        number.expect("number columns of the describe tables hold numbers")
    }
}

fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    let mut lines = table.lines();
    let heads: Rc<[&str]> = lines.next().unwrap_or_default().split('\t').collect();
    lines.filter(|line| !line.is_empty()).map(move |line| Row {
        heads: Rc::clone(&heads),
        cells: line.split('\t').collect(),
    })
}

fn object(row: &Row<'_>) -> ObjectDef {
    let name = row.text("name");
    let table = FIELDS.iter().find(|(object, _)| *object == name);
    let (_, table) = table.expect("every object of objects.tsv has its own table");
    let fields = fields(name, table);
    let key = |text: &str| text.to_ascii_lowercase();
    let by_name = fields.iter().map(|f| (key(&f.name), f.index)).collect();
    let related = |f: &FieldDef| f.relationship.as_deref().map(|r| (key(r), f.index));
    let lookups = fields.iter().filter(|f| f.kind == FieldKind::Reference);
    let by_relationship = lookups.filter_map(related).collect();
    let prefix = row.text("prefix").as_bytes();
    ObjectDef {
        index: 0,
        name: name.to_owned(),
        label: row.text("label").to_owned(),
        label_plural: row.text("labelPlural").to_owned(),
        prefix: [prefix[0], prefix[1], prefix[2]],
        createable: row.flag("createable"),
        updateable: row.flag("updateable"),
        deletable: row.flag("deletable"),
        undeletable: row.flag("undeletable"),
        searchable: row.flag("searchable"),
        mergeable: row.flag("mergeable"),
        layoutable: row.flag("layoutable"),
        feed_enabled: row.flag("feedEnabled"),
        sharing: None,
        record_types: Vec::new(),
        fields,
        children: Vec::new(),
        by_name,
        by_relationship,
    }
}

fn field(index: u16, object: &str, row: &Row<'_>) -> FieldDef {
    let name = row.text("name");
    let kind = kind(row.text("type"));
    let role = role(object, name, kind);
    let list = |text: &str, by: char| -> Vec<String> {
        let parts = text.split(by).filter(|p| !p.is_empty());
        parts.map(str::to_owned).collect()
    };
    let reads_other_records = matches!(role, Role::Derived | Role::Address);
    let by_equality = matches!(kind, FieldKind::Reference | FieldKind::Email)
        || row.flag("nameField")
        || row.flag("idLookup")
        || row.flag("unique");
    FieldDef {
        index,
        name: name.to_owned(),
        label: label(object, name),
        kind,
        length: row.number("length") as usize,
        precision: row.number("precision"),
        scale: row.number("scale"),
        soap_type: row.text("soapType").to_owned(),
        nillable: row.flag("nillable"),
        createable: row.flag("createable"),
        updateable: row.flag("updateable"),
        defaulted: row.flag("defaultedOnCreate"),
        calculated: row.flag("calculated"),
        id_lookup: row.flag("idLookup"),
        external_id: row.flag("externalId"),
        unique: row.flag("unique"),
        compound: row.optional("compoundFieldName").filter(|c| c != name),
        reference_to: list(row.text("referenceTo"), ','),
        relationship: row.optional("relationshipName"),
        polymorphic: row.flag("polymorphic"),
        name_field: row.flag("nameField"),
        filterable: row.flag("filterable"),
        sortable: row.flag("sortable"),
        groupable: row.flag("groupable"),
        aggregatable: row.flag("aggregatable"),
        restricted: row.flag("restrictedPicklist"),
        picklist: list(row.text("picklist"), '|')
            .iter()
            .map(|v| entry(v))
            .collect(),
        role,
        targets: Vec::new(),
        indexed: by_equality
            && !reads_other_records
            && matches!(role, Role::Stored | Role::PersonName),
        custom: Custom::default(),
    }
}

fn entry(text: &str) -> PicklistEntry {
    let value = text.trim_end_matches('*').to_owned();
    PicklistEntry {
        label: value.clone(),
        value,
        default: text.ends_with('*'),
    }
}

fn kind(name: &str) -> FieldKind {
    match name {
        "id" => FieldKind::Id,
        "reference" => FieldKind::Reference,
        "string" => FieldKind::Text,
        "textarea" => FieldKind::TextArea,
        "picklist" => FieldKind::Picklist,
        "multipicklist" => FieldKind::MultiPicklist,
        "combobox" => FieldKind::Combobox,
        "phone" => FieldKind::Phone,
        "email" => FieldKind::Email,
        "url" => FieldKind::Url,
        "boolean" => FieldKind::Bool,
        "int" => FieldKind::Int,
        "double" => FieldKind::Double,
        "currency" => FieldKind::Currency,
        "percent" => FieldKind::Percent,
        "date" => FieldKind::Date,
        "datetime" => FieldKind::DateTime,
        "address" => FieldKind::Address,
        other => panic!("the describe tables know no type {other}"),
    }
}

fn role(object: &str, field: &str, kind: FieldKind) -> Role {
    const MIRRORED: [&str; 2] = ["HasResponded", "FirstRespondedDate"];
    let person = matches!(object, "Contact" | "Lead" | "User");
    match (object, field) {
        (_, "Id") => Role::Id,
        (_, "IsDeleted") => Role::IsDeleted,
        (_, "CreatedDate") => Role::CreatedDate,
        (_, "CreatedById") => Role::CreatedBy,
        (_, "LastModifiedDate") => Role::ModifiedDate,
        (_, "LastModifiedById") => Role::ModifiedBy,
        (_, "SystemModstamp") => Role::Stamp,
        (_, "Name") if person => Role::PersonName,
        _ if kind == FieldKind::Address => Role::Address,
        ("CampaignMember", "CampaignId" | "LeadId" | "ContactId" | "Status") => Role::Stored,
        ("CampaignMember", name) if MIRRORED.contains(&name) => Role::Stored,
        ("CampaignMember", _) => Role::Derived,
        ("Campaign", name) if name.starts_with("NumberOf") => Role::Derived,
        ("Campaign", "AmountAllOpportunities" | "AmountWonOpportunities") => Role::Derived,
        ("Account" | "Contact" | "Lead", "PhotoUrl") => Role::Derived,
        ("Contact", "IsEmailBounced") => Role::Derived,
        _ => Role::Stored,
    }
}

fn label(object: &str, field: &str) -> String {
    let given = |owner: &str| {
        let found = rows(LABELS).find(|r| r.text("object") == owner && r.text("field") == field);
        found.map(|r| r.text("label").to_owned())
    };
    if let Some(label) = given(object).or_else(|| given("*")) {
        return label;
    }
    let bare = field.strip_suffix("__c").unwrap_or(field);
    match bare.strip_suffix("Id") {
        Some("") => format!("{} ID", spaced(object)),
        Some(stem) => format!("{} ID", spaced(stem)),
        None => spaced(bare),
    }
}

/// `MobilePhone` becomes `Mobile Phone`.
fn spaced(name: &str) -> String {
    let mut label = String::with_capacity(name.len() + 4);
    let mut previous_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && previous_lower {
            label.push(' ');
        }
        previous_lower = !c.is_ascii_uppercase();
        label.push(if c == '_' { ' ' } else { c });
    }
    label
}

/// For each object, the lookups that point at it.
fn child_relations(objects: &[ObjectDef]) -> Vec<Vec<ChildRelation>> {
    let mut relations: Vec<Vec<ChildRelation>> = objects.iter().map(|_| Vec::new()).collect();
    for child in objects {
        for field in &child.fields {
            for target in &field.targets {
                let relation = relation(&objects[*target].name, child, field);
                relations[*target].push(relation);
            }
        }
    }
    relations
}

fn relation(parent: &str, child: &ObjectDef, field: &FieldDef) -> ChildRelation {
    let named = rows(CHILDREN).find(|r| {
        r.text("parent") == parent && r.text("child") == child.name && r.text("field") == field.name
    });
    let on_delete = match named.as_ref().map(|r| r.text("onDelete")) {
        Some("cascade") => OnDelete::Cascade,
        Some("clear") => OnDelete::Clear,
        _ => OnDelete::Keep,
    };
    ChildRelation {
        child: child.index,
        field: field.index,
        name: named.and_then(|r| r.optional("relationshipName")),
        on_delete,
    }
}
