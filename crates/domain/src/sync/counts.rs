//! What a run did, by object and direction.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Records of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Counts {
    /// New on the receiving side.
    pub created: i64,
    /// Changed on the receiving side.
    pub updated: i64,
    /// Deleted on the receiving side.
    pub deleted: i64,
    /// Read and found equal.
    pub unchanged: i64,
    /// Refused by the receiving side.
    pub failed: i64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        self.created += more.created;
        self.updated += more.updated;
        self.deleted += more.deleted;
        self.unchanged += more.unchanged;
        self.failed += more.failed;
    }
}

/// Both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BothWays {
    /// From the org into the hub.
    pub to_hub: Counts,
    /// From the hub into the org.
    pub to_org: Counts,
    /// Fields that both sides changed and that wait for a decision.
    pub conflicts: i64,
}

impl AddAssign for BothWays {
    fn add_assign(&mut self, more: BothWays) {
        self.to_hub += more.to_hub;
        self.to_org += more.to_org;
        self.conflicts += more.conflicts;
    }
}

/// Counts of a run by object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunCounts(pub BTreeMap<String, BothWays>);

impl RunCounts {
    /// Adds what a batch did.
    pub fn add(&mut self, object: &str, more: BothWays) {
        *self.0.entry(object.to_owned()).or_default() += more;
    }

    /// Whether no side changed.
    pub fn is_nothing(&self) -> bool {
        let sum = self.total();
        let changed = |it: Counts| it.created + it.updated + it.deleted + it.failed;
        changed(sum.to_hub) + changed(sum.to_org) + sum.conflicts == 0
    }

    /// Over all objects.
    pub fn total(&self) -> BothWays {
        self.0.values().fold(BothWays::default(), |mut sum, more| {
            sum += *more;
            sum
        })
    }
}
