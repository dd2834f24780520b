//! How a scope narrows a statement: the one place where it becomes SQL.

use crate::db::Value;
use std::fmt::Write as _;
use tieline_domain::access::{Participant, Reach, Scope};

/// Conditions on conversations, called `v` in the statement.
pub(crate) fn on_conversations(scope: &Scope, args: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    among(&mut sql, "v.inbox_id", scope.inboxes(), args);
    among(&mut sql, "v.contact_id", scope.contacts(), args);
    among(&mut sql, "v.id", scope.conversations(), args);
    take_part(&mut sql, "v.id", "", scope, args);
    sql
}

/// Conditions on messages of a conversation that the scope shows, called `m` in the statement.
pub(crate) fn on_messages(scope: &Scope, args: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    if !scope.sees_internal() {
        sql.push_str(" and m.audience = 'all'");
    }
    let since = " and (t.sees_from = 'start' or t.since <= m.at)";
    take_part(&mut sql, "m.conversation_id", since, scope, args);
    sql
}

/// That everybody whom the scope names takes part in a conversation, on this further condition.
fn take_part(sql: &mut String, column: &str, further: &str, scope: &Scope, args: &mut Vec<Value>) {
    for who in scope.participants() {
        let n = args.len();
        args.extend(participant_key(*who));
        let (kind, id) = (n + 1, n + 2);
        write!(
            sql,
            " and exists (select 1 from participant t where t.conversation_id = {column} and t.kind = ${kind} \
             and t.principal_id = ${id} and t.until is null{further})"
        )
        .expect("writing to a string cannot fail");
    }
}

/// Conditions on contacts. Staff see them all; the setting that narrows this belongs into their scope.
pub(crate) fn on_contacts(scope: &Scope, args: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    among(&mut sql, "id", scope.contacts(), args);
    sql
}

/// Conditions on what belongs to a contact, by the column `contact_id`.
pub(crate) fn on_what_contacts_have(scope: &Scope, args: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    among(&mut sql, "contact_id", scope.contacts(), args);
    sql
}

/// The columns `kind` and `principal_id` of a participant.
pub(crate) fn participant_key(who: Participant) -> [Value; 2] {
    let (kind, id) = who.key();
    [kind.as_str().into(), id.to_be_bytes().to_vec().into()]
}

fn among<T: Copy + Ord + Into<Value>>(
    sql: &mut String,
    column: &str,
    reach: &Reach<T>,
    args: &mut Vec<Value>,
) {
    let Reach::Only(these) = reach else { return };
    if these.is_empty() {
        sql.push_str(" and 1 = 0");
        return;
    }
    let first = args.len() + 1;
    args.extend(these.iter().map(|it| (*it).into()));
    let places: Vec<String> = (first..=args.len()).map(|n| format!("${n}")).collect();
    write!(sql, " and {column} in ({})", places.join(", "))
        .expect("writing to a string cannot fail");
}
