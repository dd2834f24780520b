//! Errors of queries in the layout that people and programs know: the line, a caret under the
//! place, row and column, and then what is wrong.

use crate::org::error::ApiError;

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SoqlError {
    /// Salesforce's error code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Byte offset in the query, for errors that point at a place.
    pub at: Option<usize>,
}

impl SoqlError {
    pub(crate) fn at(code: &'static str, at: usize, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            at: Some(at),
        }
    }

    pub(crate) fn whole(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            at: None,
        }
    }

    pub(crate) fn unexpected(at: usize, token: &str) -> Self {
        Self::at(
            "MALFORMED_QUERY",
            at,
            format!("unexpected token: '{token}'"),
        )
    }

    pub(crate) fn no_such_column(at: usize, field: &str, entity: &str) -> Self {
        let text = format!(
            "No such column '{field}' on entity '{entity}'. If you are attempting to use a custom \
             field, be sure to append the '__c' after the custom field name. Please reference \
             your WSDL or the describe call for the appropriate names."
        );
        Self::at("INVALID_FIELD", at, text)
    }

    pub(crate) fn no_such_object(at: usize, name: &str) -> Self {
        let text = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom \
             object, be sure to append the '__c' after the entity name. Please reference your \
             WSDL or the describe call for the appropriate names."
        );
        Self::at("INVALID_TYPE", at, text)
    }

    pub(crate) fn no_such_relationship(at: usize, name: &str) -> Self {
        let text = format!(
            "Didn't understand relationship '{name}' in field path. If you are attempting to use \
             a custom relationship, be sure to append the '__r' after the custom relationship \
             name. Please reference your WSDL or the describe call for the appropriate names."
        );
        Self::at("INVALID_FIELD", at, text)
    }

    /// As the REST API answers it.
    pub(crate) fn into_api(self, soql: &str) -> ApiError {
        match self.at {
            None => ApiError::request(400, self.code, self.message),
            Some(at) => ApiError::request(400, self.code, layout(soql, at, &self.message)),
        }
    }
}

fn layout(soql: &str, at: usize, message: &str) -> String {
    let before = soql.get(..at).unwrap_or(soql);
    let row = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let column = before[line_start..].chars().count() + 1;
    let line = soql[line_start..].lines().next().unwrap_or_default();
    let indent = " ".repeat(column - 1);
    format!("\n{line}\n{indent}^\nERROR at Row:{row}:Column:{column}\n{message}")
}
