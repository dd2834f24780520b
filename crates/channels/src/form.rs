//! Webhook forms: `application/x-www-form-urlencoded`, as carriers send them.

use crate::error::FormError;
use std::collections::BTreeMap;
use tieline_domain::text::clean;

/// A form's fields in the order of their names, which is the order that signatures use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Form {
        Form(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// The form as it may be kept: every value through the door of texts. Only after its signature
    /// was checked, which is over the values as they came.
    pub fn clean(self) -> Form {
        Form(
            self.0
                .into_iter()
                .map(|(name, value)| (name, clean(&value)))
                .collect(),
        )
    }

    /// The fields by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A field that may be missing.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// A field that must be there.
    pub fn required(&self, field: &'static str) -> Result<&str, FormError> {
        self.get(field)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| FormError {
                field,
                problem: "it is missing from the form".to_owned(),
            })
    }
}
