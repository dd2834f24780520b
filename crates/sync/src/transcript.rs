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

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_domain::conversation::{Author, Kind};
    use tieline_domain::delivery::State;
    use tieline_domain::id::{ContactId, ConversationId, Id as _, MessageId, StaffId};
    use tieline_domain::time::Timestamp;

    /// 2026-03-03.
    const DAY: i64 = 20_515;

    fn day() -> WaitingDay {
        WaitingDay {
            conversation_id: ConversationId::from_uuid(1),
            day: DAY,
            tie_from: 3,
            tie_until: Some(6),
            contact_id: ContactId::from_uuid(2),
            record_id: None,
            begun_at: None,
            news: 1,
            who: "003".to_owned(),
            address: "+447700900001".to_owned(),
            name: "Ida".to_owned(),
        }
    }

    fn message(seq: i64, author: Author, state: State, text: &str) -> Message {
        Message {
            id: MessageId::from_uuid(seq as u128),
            conversation_id: ConversationId::from_uuid(1),
            seq,
            kind: Kind::Message,
            author,
            text: text.to_owned(),
            state,
            state_at: Timestamp(0),
            failure: None,
            segments: 1,
            sender_id: None,
            client_key: None,
            at: Timestamp(DAY * DAY_MS + (9 * 60 + 5 + seq) * 60_000),
        }
    }

    #[test]
    fn a_task_has_the_words_of_its_own_person_each_with_its_minute_and_whether_it_arrived() {
        let (us, them) = (Author::Staff(StaffId::from_uuid(4)), Author::Contact);
        let note = Message {
            kind: Kind::Note,
            ..message(4, us, State::Received, "Inside")
        };
        let said = [
            message(2, them, State::Received, "Of the one before"),
            message(3, them, State::Received, "Hello"),
            note,
            message(4, us, State::Queued, "Not yet"),
            message(4, us, State::Delivered, "Arrived"),
            message(5, us, State::Uncertain, "Perhaps"),
            message(5, us, State::Undelivered, "Lost"),
            message(6, them, State::Received, "Of the next"),
        ];
        let task = task(&day(), &said).unwrap();
        let expected = json!({
            "WhoId": "003",
            "Subject": "Text messages with +447700900001 on 2026-03-03",
            "ActivityDate": "2026-03-03",
            "Status": "Completed",
            "Description": "09:08 Ida: Hello\n09:09 Us: Arrived\n\
                            09:10 Us (it is not known whether this was sent): Perhaps\n\
                            09:10 Us (not delivered): Lost",
        });
        assert_eq!(Value::Object(task), expected);
    }

    #[test]
    fn who_said_nothing_gets_no_task_and_one_that_is_there_is_emptied() {
        assert_eq!(task(&day(), &[]), None);
        let there = WaitingDay {
            record_id: Some("00T".to_owned()),
            ..day()
        };
        assert_eq!(task(&there, &[]).unwrap()["Description"], "");
    }

    #[test]
    fn of_a_day_that_is_too_long_the_end_is_kept_by_characters() {
        let long = format!("{}{}", "a".repeat(7), "é".repeat(DESCRIPTION_MAX));
        assert_eq!(latest(&long), "é".repeat(DESCRIPTION_MAX));
        assert_eq!(latest("short"), "short");
    }
}
