//! The rights of a profile or permission set. They are kept as exceptions from a common ground, so
//! that objects and fields which an administrator adds later are covered without a word.

use std::collections::HashMap;

use super::schema::FieldDef;
use super::user::{FieldAccess, ObjectAccess};

/// Objects of setup that whoever is signed in may read.
pub(super) const SETUP_OBJECTS: [&str; 10] = [
    "EntityDefinition",
    "FieldDefinition",
    "FieldPermissions",
    "ObjectPermissions",
    "Organization",
    "PermissionSet",
    "PermissionSetAssignment",
    "Profile",
    "User",
    "UserRecordAccess",
];

/// The rights of one profile or permission set.
#[derive(Debug, Clone)]
pub(crate) struct Rights {
    ground: ObjectAccess,
    /// Whether fields that rights are given for stay hidden until they are.
    fields_hidden: bool,
    objects: HashMap<usize, ObjectAccess>,
    fields: HashMap<(usize, u16), FieldAccess>,
}

impl Default for Rights {
    fn default() -> Self {
        Self::on(ObjectAccess::FULL)
    }
}

impl Rights {
    /// Rights with the same access to every object that nothing else is said of.
    pub fn on(ground: ObjectAccess) -> Self {
        Self {
            ground,
            fields_hidden: !ground.read,
            objects: HashMap::new(),
            fields: HashMap::new(),
        }
    }

    pub fn object(&self, object: usize) -> ObjectAccess {
        self.objects.get(&object).copied().unwrap_or(self.ground)
    }

    pub fn field(&self, object: usize, field: &FieldDef) -> FieldAccess {
        let hidden = self.fields_hidden && field.permissionable();
        self.said_of(object, field.index).unwrap_or(match hidden {
            true => FieldAccess::Hidden,
            false => FieldAccess::Full,
        })
    }

    /// What these rights say of a field in so many words.
    pub fn said_of(&self, object: usize, field: u16) -> Option<FieldAccess> {
        self.fields.get(&(object, field)).copied()
    }

    pub fn set_object(&mut self, object: usize, access: ObjectAccess) {
        self.objects.insert(object, access);
    }

    pub fn set_field(&mut self, object: usize, field: u16, access: FieldAccess) {
        self.fields.insert((object, field), access);
    }
}
