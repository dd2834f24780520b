//! How a phone number is read.

use super::text::Text;
use serde::{Deserialize, Serialize};
use tieline_domain::id::ContactId;
use tieline_domain::phone::{NumberKind, Shown, Unreadable};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberQuery {
    /// As it is typed.
    #[param(inline)]
    pub text: Text<200>,
    /// Whose it is to be: it is read in their own country first, then in the organisation's.
    #[param(inline)]
    pub contact_id: Option<ContactId>,
    /// Their country, if it is another than what stands with the contact.
    #[param(inline)]
    pub country: Option<Text<100>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NumberRead {
    /// In E.164; null for what cannot be read as one number.
    pub number: Option<String>,
    /// As people write it.
    pub display: Option<String>,
    /// Whose number it is (ISO 3166), where one country's alone.
    pub country: Option<String>,
    pub kind: Option<NumberKind>,
    /// It is a number in the organisation's country and none in the contact's own: ask before texting.
    pub doubtful: bool,
    /// Why it cannot be read.
    pub reason: Option<Unreadable>,
}

impl NumberRead {
    pub fn of(read: Result<Shown, Unreadable>) -> NumberRead {
        let reason = read.as_ref().err().copied();
        let shown = read.ok();
        NumberRead {
            number: shown.as_ref().map(|it| it.number.clone()),
            display: shown.as_ref().map(|it| it.display.clone()),
            country: shown.as_ref().and_then(|it| it.country.clone()),
            kind: shown.as_ref().map(|it| it.kind),
            doubtful: shown.is_some_and(|it| it.is_doubtful),
            reason,
        }
    }
}
