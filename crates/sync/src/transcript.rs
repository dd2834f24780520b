//! A conversation's day as a Task: its subject, by which it is found again, and the words.

use serde_json::{Value, json};
use tieline_domain::conversation::{Direction, Message};
use tieline_domain::delivery::Said;
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

/// The Task's fields; none while there is no Task and nothing was said.
pub(crate) fn task(it: &WaitingDay, messages: &[Message]) -> Option<OrgFields> {
    let lines: Vec<String> = messages.iter().filter_map(|said| line(it, said)).collect();
    if lines.is_empty() && it.record_id.is_none() {
        return None;
    }
    let value = json!({
        "WhoId": it.who,
        "Subject": subject(it),
        "ActivityDate": date(it),
        "Status": "Completed",
        "Description": latest(&lines.join("\n")),
    });
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

fn date(it: &WaitingDay) -> String {
    tieline_salesforce::time::date_of(it.day * DAY_MS)
}

/// A message with this person, as far as it was said; notes and acts stay inside.
fn line(day: &WaitingDay, message: &Message) -> Option<String> {
    let theirs = message.seq >= day.tie_from && day.tie_until.is_none_or(|end| message.seq < end);
    if !theirs {
        return None;
    }
    let who = match (message.direction()?, message.state.said()?) {
        (Direction::In, _) => &day.name,
        (Direction::Out, Said::Surely) => "Us",
        (Direction::Out, Said::Perhaps) => "Us (it is not known whether this was sent)",
        (Direction::Out, Said::InVain) => "Us (not delivered)",
    };
    let at = tieline_salesforce::time::format(message.at.0);
    Some(format!("{} {who}: {}", &at[11..16], message.text))
}

/// The latest is kept when the field is too short.
fn latest(text: &str) -> String {
    let over = text.chars().count().saturating_sub(DESCRIPTION_MAX);
    text.chars().skip(over).collect()
}
