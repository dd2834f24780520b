//! How the schema grows: objects and fields are only ever put behind the others, so that queries
//! which are still open keep their places.

use std::collections::HashMap;

use super::{ChildRelation, FieldDef, FieldKind, ObjectDef, OnDelete, Schema};

impl ObjectDef {
    /// A custom object with the fields that all of them have.
    pub fn custom(name: &str, (label, label_plural): (&str, &str), prefix: [u8; 3]) -> Self {
        Self {
            index: 0,
            name: name.to_owned(),
            label: label.to_owned(),
            label_plural: label_plural.to_owned(),
            prefix,
            createable: true,
            updateable: true,
            deletable: true,
            undeletable: true,
            searchable: true,
            mergeable: false,
            layoutable: true,
            feed_enabled: false,
            sharing: None,
            record_types: Vec::new(),
            fields: super::parse::custom_object_fields(name),
            children: Vec::new(),
            by_name: HashMap::new(),
            by_relationship: HashMap::new(),
        }
    }
}

impl Schema {
    /// Adds an object with its fields and tells the objects that its lookups point at.
    pub fn append_object(&mut self, mut object: ObjectDef) -> usize {
        let index = self.objects.len();
        object.index = index;
        let fields = std::mem::take(&mut object.fields);
        self.by_name.insert(object.name.to_ascii_lowercase(), index);
        self.objects.push(object);
        for field in fields {
            self.append_field(index, field, None);
        }
        index
    }

    /// Adds a field; a lookup's parents get the other side of it under `children`, a name and what
    /// becomes of the child.
    pub fn append_field(
        &mut self,
        object: usize,
        mut field: FieldDef,
        children: Option<(String, OnDelete)>,
    ) -> u16 {
        let known = |name: &String| self.object(name).map(|o| o.index);
        field.targets = field.reference_to.iter().filter_map(known).collect();
        let def = &mut self.objects[object];
        let index = def.fields.len() as u16;
        field.index = index;
        def.by_name.insert(field.name.to_ascii_lowercase(), index);
        if let (FieldKind::Reference, Some(name)) = (field.kind, &field.relationship) {
            def.by_relationship.insert(name.to_ascii_lowercase(), index);
        }
        let targets = field.targets.clone();
        def.fields.push(field);
        let (name, on_delete) = match children {
            Some((name, on_delete)) => (Some(name), on_delete),
            None => (None, OnDelete::Keep),
        };
        for target in targets {
            self.objects[target].children.push(ChildRelation {
                child: object,
                field: index,
                name: name.clone(),
                on_delete,
            });
        }
        index
    }

    /// Lets a polymorphic lookup such as Task.WhatId point at one more object.
    pub fn append_target(&mut self, (child, field): (usize, u16), target: usize, plural: &str) {
        let name = self.objects[target].name.clone();
        let lookup = &mut self.objects[child].fields[field as usize];
        lookup.reference_to.push(name);
        lookup.targets.push(target);
        self.objects[target].children.push(ChildRelation {
            child,
            field,
            name: Some(plural.to_owned()),
            on_delete: OnDelete::Cascade,
        });
    }

    pub fn field_mut(&mut self, object: usize, field: u16) -> &mut FieldDef {
        &mut self.objects[object].fields[field as usize]
    }
}
