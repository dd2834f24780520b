//! How a scope narrows a statement: the one place where it becomes SQL.

use crate::db::Value;
use std::fmt::Write as _;
use tieline_domain::access::{Reach, Scope};

/// Conditions on conversations, called `v` in the statement.
pub(crate) fn on_conversations(scope: &Scope, args: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    among(&mut sql, "v.inbox_id", scope.inboxes(), args);
    among(&mut sql, "v.contact_id", scope.contacts(), args);
    among(&mut sql, "v.id", scope.conversations(), args);
    // Who takes part is not kept yet: a scope that asks for it sees nothing.
    if !scope.participants().is_empty() {
        sql.push_str(" and 1 = 0");
    }
    sql
}

/// Conditions on contacts. Staff see them all; the setting that narrows this belongs into their scope.
pub(crate) fn on_contacts(scope: &Scope, args: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    among(&mut sql, "id", scope.contacts(), args);
    sql
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
