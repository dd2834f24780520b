//! What is kept of a person outside the company; which fields there are says the
//! [catalogue](crate::catalogue).

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, btree_map};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Field and value; a blank is absent, so that two ways of saying "nothing" are one. Copies are
/// one until one of them is changed: a record, its contact, what was last agreed and the journal
/// mostly say the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(Arc<BTreeMap<String, String>>);

impl Fields {
    /// No values.
    pub fn new() -> Fields {
        Fields::default()
    }
}

impl Deref for Fields {
    type Target = BTreeMap<String, String>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl From<BTreeMap<String, String>> for Fields {
    fn from(values: BTreeMap<String, String>) -> Fields {
        Fields(Arc::new(values))
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Fields {
        Fields::from(BTreeMap::from_iter(values))
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a String, &'a String);
    type IntoIter = btree_map::Iter<'a, String, String>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
