//! A conversation's day as a Task: its subject, by which it is found again, and the words.

use serde_json::{Value, json};
use tieline_domain::conversation::{Direction, Message};
use tieline_salesforce::collections::Fields as OrgFields;
use tieline_storage::activity::WaitingDay;

/// A day in milliseconds; days are those of UTC.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Characters that Task.Description takes.
const DESCRIPTION_MAX: usize = 32_000;

/// The same for all Tasks of an address and day.
pub(crate) fn subject(it: &WaitingDay) -> String {
    format!("Text messages with {} on {}", it.address, date(it))
}

/// The Task's fields.
pub(crate) fn task(it: &WaitingDay, messages: &[Message]) -> OrgFields {
    let value = json!({
        "WhoId": it.who,
        "Subject": subject(it),
        "ActivityDate": date(it),
        "Status": "Completed",
        "Description": transcript(&it.name, messages),
    });
    match value {
        Value::Object(fields) => fields,
        _ => OrgFields::new(),
    }
}

fn date(it: &WaitingDay) -> String {
    tieline_salesforce::time::date_of(it.day * DAY_MS)
}

/// A line a message, the latest kept when the field is too short; notes and acts stay inside.
fn transcript(them: &str, messages: &[Message]) -> String {
    let lines: Vec<String> = messages
        .iter()
        .filter_map(|message| {
            let who = match message.direction()? {
                Direction::In => them,
                Direction::Out => "Us",
            };
            let at = tieline_salesforce::time::format(message.at.0);
            Some(format!("{} {who}: {}", &at[11..16], message.text))
        })
        .collect();
    let text = lines.join("\n");
    let length = text.chars().count();
    if length <= DESCRIPTION_MAX {
        text
    } else {
        text.chars().skip(length - DESCRIPTION_MAX).collect()
    }
}
