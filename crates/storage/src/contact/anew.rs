//! Numbers read again, because the rule of reading or the organisation's country is another now.

use super::{Contact, points, unreadable};
use crate::args;
use crate::db::Table;
use crate::db::{Conn, UpdateMany};
use crate::error::Result;
use crate::scope::on_contacts;
use crate::store::Tx;
use tieline_domain::access::Scope;
use tieline_domain::catalogue::Catalogue;
use tieline_domain::id::ContactId;

/// Two ranges, which an index finds; "is another" is looked for row by row.
const OTHERS: &str = "(reading < $1 or reading > $1)";

/// Whether any contact's numbers were read otherwise than by this catalogue.
pub async fn any_to_read_anew(conn: &mut Conn, catalogue: &Catalogue) -> Result<bool> {
    let sql = format!("select id from contact where {OTHERS} limit 1");
    Ok(conn.opt(&sql, args![catalogue.reading()]).await?.is_some())
}

/// How many contacts within the scope have numbers that were read otherwise.
pub async fn count_to_read_anew(
    conn: &mut Conn,
    scope: &Scope,
    catalogue: &Catalogue,
) -> Result<i64> {
    let mut args = args![catalogue.reading()];
    let within = on_contacts(scope, &mut args);
    let sql = format!("select count(*) as number from contact where {OTHERS}{within}");
    conn.one("contact", &sql, args).await?.int("number")
}

/// Reads the numbers of at most `limit` contacts anew that were read otherwise, and that nobody
/// holds; whom that was. Their versions stay: nothing that staff see of their fields changes.
pub async fn read_anew(tx: &mut Tx, catalogue: &Catalogue, limit: i64) -> Result<Vec<ContactId>> {
    let sql = format!(
        "select * from contact where {OTHERS} order by reading, id limit $2 {}",
        tx.skip_locked()
    );
    let rows = tx.all(&sql, args![catalogue.reading(), limit]).await?;
    let contacts: Vec<Contact> = rows.iter().map(Contact::read).collect::<Result<_>>()?;
    let update = UpdateMany {
        table: "contact",
        columns: &["id", "search_text", "reading", "unreadable"],
        set: &["search_text", "reading", "unreadable"],
    };
    let rows = contacts.iter().map(|contact| {
        args![
            contact.id,
            catalogue.search_text(&contact.fields),
            catalogue.reading(),
            unreadable(contact, catalogue),
        ]
    });
    tx.update_many(update, rows).await?;
    points::save_points(tx, &contacts, catalogue).await?;
    Ok(contacts.iter().map(|contact| contact.id).collect())
}
