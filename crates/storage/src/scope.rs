//! How a scope narrows a statement: the one place where it becomes SQL.

use crate::db::{Value, among, put};
use tieline_domain::access::{Participant, Reach, Scope};

/// Conditions on conversations, called `v` in the statement.
pub(crate) fn on_conversations(scope: &Scope, args: &mut Vec<Value>) -> String {
    [
        within("v.inbox_id", scope.inboxes(), args),
        within("v.contact_id", scope.contacts(), args),
        within("v.id", scope.conversations(), args),
        take_part("v.id", "", scope, args),
    ]
    .concat()
}

/// Conditions on messages of a conversation that the scope shows, called `m` in the statement.
pub(crate) fn on_messages(scope: &Scope, args: &mut Vec<Value>) -> String {
    let shown = match scope.sees_internal() {
        true => "",
        false => " and m.audience = 'all'",
    };
    let since = " and (t.sees_from = 'start' or t.since <= m.at)";
    shown.to_owned() + &take_part("m.conversation_id", since, scope, args)
}

/// That everybody whom the scope names takes part in a conversation, on this further condition.
fn take_part(column: &str, further: &str, scope: &Scope, args: &mut Vec<Value>) -> String {
    let each = scope.participants().iter().map(|who| {
        let [kind, id] = participant_key(*who).map(|value| put(args, value));
        format!(
            " and exists (select 1 from participant t where t.conversation_id = {column} and t.kind = {kind} \
             and t.principal_id = {id} and t.until is null{further})"
        )
    });
    each.collect()
}

/// Conditions on contacts. Staff see them all; the setting that narrows this belongs into their scope.
pub(crate) fn on_contacts(scope: &Scope, args: &mut Vec<Value>) -> String {
    within("id", scope.contacts(), args)
}

/// Conditions on what belongs to a contact, by the column `contact_id`.
pub(crate) fn on_what_contacts_have(scope: &Scope, args: &mut Vec<Value>) -> String {
    within("contact_id", scope.contacts(), args)
}

/// The columns `kind` and `principal_id` of a participant.
pub(crate) fn participant_key(who: Participant) -> [Value; 2] {
    let (kind, id) = who.key();
    [kind.as_str().into(), id.to_be_bytes().to_vec().into()]
}

fn within<T: Copy + Ord + Into<Value>>(
    column: &str,
    reach: &Reach<T>,
    args: &mut Vec<Value>,
) -> String {
    match reach {
        Reach::All => String::new(),
        Reach::Only(these) => format!(" and {}", among(args, column, these.iter().copied())),
    }
}
