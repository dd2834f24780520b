//! What holds for the whole organisation.

use super::text::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Settings {
    pub organisation_name: Option<String>,
    /// ISO 3166: where numbers are read that say no country and whose contact has none.
    pub default_country: String,
    /// Contacts whose numbers are still read as before the last change of country.
    pub contacts_to_read_anew: i64,
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    /// By its code or name. All numbers are read anew, which takes a while; who opted out stays out.
    pub default_country: Option<Text<80>>,
}
