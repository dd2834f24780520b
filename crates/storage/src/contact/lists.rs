//! Lists of contacts: whom they hold, in which order, and how many. Deleted contacts are in none.

use super::Contact;
use crate::args;
use crate::db::{Conn, Table as _, Value, among, put};
use crate::error::Result;
use crate::scope::on_contacts;
use crate::search;
use tieline_domain::access::Scope;
use tieline_domain::id::ContactId;
use tieline_domain::time::Timestamp;

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ContactSort {
    /// By last name, then by first.
    #[default]
    Name,
    /// What was changed last comes first.
    Changed,
}

/// The last row of a page, by what the list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactPlace {
    Name(String, ContactId),
    Changed(Timestamp, ContactId),
}

/// A list, and which part of it. All that is asked for must hold.
#[derive(Debug, Clone, Default)]
pub struct ContactQuery {
    /// Words to find, as typed.
    pub words: String,
    /// Only those with a phone field that gives no number.
    pub unreadable: bool,
    /// Only those without any number.
    pub without_number: bool,
    /// Only those who opted out by one of their numbers.
    pub opted_out: bool,
    /// Only those with a record of this object.
    pub object: Option<String>,
    /// Only those who have a record in an org, or only those who have none.
    pub linked: Option<bool>,
    /// Only these of the list.
    pub among: Option<Vec<ContactId>>,
    pub sort: ContactSort,
    /// Only what stands behind this place.
    pub after: Option<ContactPlace>,
    /// Rows.
    pub limit: i64,
}

/// A page of the list.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &ContactQuery) -> Result<Vec<Contact>> {
    let mut args = Vec::new();
    let mut sql = belongs(conn, scope, query, &mut args).await?;
    if let Some(these) = &query.among {
        let named = among(&mut args, "id", these.iter().copied());
        sql.push_str(&format!(" and {named}"));
    }
    match &query.after {
        None => {}
        Some(ContactPlace::Name(name, id)) => {
            let (name, id) = (put(&mut args, name), put(&mut args, *id));
            sql.push_str(&format!(
                " and (sort_name > {name} or (sort_name = {name} and id > {id}))"
            ));
        }
        Some(ContactPlace::Changed(at, id)) => {
            let (at, id) = (put(&mut args, *at), put(&mut args, *id));
            sql.push_str(&format!(
                " and (updated_at < {at} or (updated_at = {at} and id < {id}))"
            ));
        }
    }
    let order = match query.sort {
        ContactSort::Name => "sort_name, id",
        ContactSort::Changed => "updated_at desc, id desc",
    };
    let limit = put(&mut args, query.limit);
    let sql = format!("select * from contact where {sql} order by {order} limit {limit}");
    conn.all(&sql, args)
        .await?
        .iter()
        .map(Contact::read)
        .collect()
}

/// How many the whole list holds, whatever part of it is asked for.
pub async fn count(conn: &mut Conn, scope: &Scope, query: &ContactQuery) -> Result<i64> {
    let mut args = Vec::new();
    let belongs = belongs(conn, scope, query, &mut args).await?;
    let sql = format!("select count(*) as number from contact where {belongs}");
    conn.one("contact", &sql, args).await?.int("number")
}

/// Contacts that are shown as those who answer to one address; a switchboard may have thousands.
const HOLDERS_MAX: usize = 50;

/// Those who answer to a number, by name.
pub async fn list_holders(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Vec<Contact>> {
    let mut args = args![number];
    let within = on_contacts(scope, &mut args);
    let sql = format!(
        "select * from contact where deleted_at is null{within} and id in (select h.contact_id from contact_has_point h \
         join contact_point p on p.id = h.point_id where p.channel = 'sms' and p.address = $1) \
         order by sort_name, id limit {HOLDERS_MAX}"
    );
    conn.all(&sql, args)
        .await?
        .iter()
        .map(Contact::read)
        .collect()
}

/// The condition on a contact that it belongs to the list.
async fn belongs(
    conn: &mut Conn,
    scope: &Scope,
    query: &ContactQuery,
    args: &mut Vec<Value>,
) -> Result<String> {
    const LINKED: &str =
        "select 1 from link l where l.contact_id = contact.id and l.state <> 'gone'";
    let mut sql = format!("deleted_at is null{}", on_contacts(scope, args));
    if query.unreadable {
        sql.push_str(" and unreadable > 0");
    }
    if query.without_number {
        sql.push_str(
            " and not exists (select 1 from contact_has_point h where h.contact_id = contact.id)",
        );
    }
    if query.opted_out {
        sql.push_str(
            " and id in (select h.contact_id from consent o join contact_has_point h on h.point_id = o.point_id \
             where o.scope = 'organisation' and o.state = 'opted_out')",
        );
    }
    if let Some(object) = &query.object {
        let object = put(args, object);
        sql.push_str(&format!(" and exists ({LINKED} and l.object = {object})"));
    }
    match query.linked {
        None => {}
        Some(true) => sql.push_str(&format!(" and exists ({LINKED})")),
        Some(false) => sql.push_str(&format!(" and not exists ({LINKED})")),
    }
    for term in search::terms(conn, &query.words).await? {
        let condition = search::condition(&term, args, |it| {
            format!("search_text like {it} escape '!'")
        });
        sql.push_str(&format!(" and {condition}"));
    }
    Ok(sql)
}
