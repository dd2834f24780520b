//! What differs from org to org in how exact and how quick its answers are.

use super::Org;

/// Settings that an administrator of the pretend world may change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrgSettings {
    /// How long the search index takes to notice a change.
    pub search_lag_seconds: u32,
    /// How often records are counted for `limits/recordCount`; 0 for always.
    pub record_count_every_seconds: u32,
    /// By how many percent a page of a query may be shorter than asked, at most 90.
    pub page_jitter_percent: u32,
    /// Of a hundred writes to children of an account or campaign, how many find it locked.
    pub lock_contention_percent: u32,
}

impl Default for OrgSettings {
    fn default() -> Self {
        Self {
            search_lag_seconds: 0,
            record_count_every_seconds: 600,
            page_jitter_percent: 0,
            lock_contention_percent: 0,
        }
    }
}

impl Org {
    /// The settings as they are.
    pub fn settings(&self) -> OrgSettings {
        self.read().settings.clone()
    }

    /// Changes all settings.
    pub fn set_settings(&self, settings: OrgSettings) {
        self.lock().settings = settings;
    }

    /// From now on this share of the writes to children of an account or a campaign fails with
    /// UNABLE_TO_LOCK_ROW, as it does in an org where others are at work.
    pub fn set_lock_contention(&self, percent: u32) {
        self.lock().settings.lock_contention_percent = percent.min(100);
    }
}
