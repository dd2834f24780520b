//! A record of the org as a batch takes it in.

use tieline_domain::catalogue::Catalogue;
use tieline_domain::contact::Fields;
use tieline_domain::text;
use tieline_domain::time::Timestamp;
use tieline_salesforce::Record;
use tieline_storage::mapping::ObjectMapping;

/// A record as it came.
pub(crate) struct Incoming {
    pub(crate) record_id: String,
    pub(crate) stamp: Timestamp,
    pub(crate) modified_ms: i64,
    pub(crate) deleted: bool,
    pub(crate) fields: Fields,
    /// The numbers in them, in E.164.
    pub(crate) numbers: Vec<String>,
}

/// A record of a page, in the words of its mapping.
pub(crate) fn read(
    record: &Record,
    mapping: &ObjectMapping,
    catalogue: &Catalogue,
) -> tieline_salesforce::Result<Incoming> {
    let mut fields = Fields::new();
    for pair in &mapping.fields {
        if let Some(text) = text_of(record.get(&pair.field)) {
            fields.insert(pair.attribute.clone(), text);
        }
    }
    Ok(Incoming {
        record_id: record.id()?.to_string(),
        stamp: Timestamp(record.time_ms("SystemModstamp")?),
        modified_ms: record.time_ms("LastModifiedDate")?,
        deleted: record.get("IsDeleted").as_bool().unwrap_or(false),
        numbers: catalogue.numbers(&fields),
        fields,
    })
}

/// A value of the org as the hub keeps it: through the door for text, trimmed, a blank is nothing.
fn text_of(value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => text::clean(text.trim()),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_kept_as_trimmed_text_and_a_blank_is_nothing() {
        for (value, text) in [
            (json!(null), None),
            (json!(""), None),
            (json!(" \t"), None),
            (json!(" Ida  Twice "), Some("Ida  Twice")),
            (json!(12.5), Some("12.5")),
            (json!(0), Some("0")),
            (json!(false), Some("false")),
        ] {
            assert_eq!(text_of(&value).as_deref(), text, "{value}");
        }
    }
}
