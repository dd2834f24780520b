//! The operations on records: what REST has no resource for, and plain writing beside it.

use roxmltree::Node;
use serde_json::{Map, Value, json};

use super::answer::{Xml, converted, merged, saved};
use super::envelope::{Request, child, children, declared_type, flag, is_nil, optional, text};
use super::fault::Fault;
use crate::org::{Call, LeadConvert, MergeRequest, Org};

/// Merges that one request may ask for.
const MERGES_MAX: usize = 200;

pub(super) fn convert_lead(
    org: &Org,
    call: &Call,
    request: &Request<'_, '_>,
    xml: &mut Xml,
) -> Result<(), Fault> {
    let asked = request.arguments("leadConverts");
    let asked: Vec<LeadConvert> = asked.into_iter().map(lead_convert).collect();
    let results = org.convert_leads(call, &asked)?;
    results.iter().for_each(|result| converted(xml, result));
    Ok(())
}

pub(super) fn merge(
    org: &Org,
    call: &Call,
    request: &Request<'_, '_>,
    xml: &mut Xml,
) -> Result<(), Fault> {
    let asked = request.arguments("request");
    if asked.len() > MERGES_MAX {
        let text = format!("The request cannot carry more than {MERGES_MAX} merges");
        return Err(Fault::api("EXCEEDED_MAX_SIZE_REQUEST", text));
    }
    let requests: Vec<MergeRequest> = asked
        .into_iter()
        .map(merge_request)
        .collect::<Result<_, _>>()?;
    for request in &requests {
        merged(xml, &org.merge(call, request));
    }
    Ok(())
}

pub(super) fn undelete(
    org: &Org,
    call: &Call,
    request: &Request<'_, '_>,
    xml: &mut Xml,
) -> Result<(), Fault> {
    let results = org.undelete(call, &ids(request))?;
    results.iter().for_each(|result| saved(xml, result));
    Ok(())
}

pub(super) fn empty_recycle_bin(
    org: &Org,
    call: &Call,
    request: &Request<'_, '_>,
    xml: &mut Xml,
) -> Result<(), Fault> {
    let results = org.empty_recycle_bin(call, &ids(request))?;
    results.iter().for_each(|result| saved(xml, result));
    Ok(())
}

pub(super) fn delete(
    org: &Org,
    call: &Call,
    request: &Request<'_, '_>,
    xml: &mut Xml,
) -> Result<(), Fault> {
    let results = org.delete_many(call, &ids(request), all_or_none(request))?;
    results.iter().for_each(|result| saved(xml, result));
    Ok(())
}

/// `create` and `update`.
pub(super) fn write(
    org: &Org,
    call: &Call,
    (request, creating): (&Request<'_, '_>, bool),
    xml: &mut Xml,
) -> Result<(), Fault> {
    let mut records = Vec::new();
    for node in request.arguments("sObjects") {
        let (object, id, mut fields) = sobject(node)?;
        fields.insert("attributes".to_owned(), json!({"type": object}));
        if let (Some(id), false) = (id, creating) {
            fields.insert("Id".to_owned(), Value::from(id));
        }
        records.push(Value::Object(fields));
    }
    let results = match creating {
        true => org.create_many(call, &records, all_or_none(request))?,
        false => org.update_many(call, &records, all_or_none(request))?,
    };
    results.iter().for_each(|result| saved(xml, result));
    Ok(())
}

/// Whether one failure takes everything back.
pub(super) fn all_or_none(request: &Request<'_, '_>) -> bool {
    let given = request.header("AllOrNoneHeader", "allOrNone");
    given.is_some_and(|text| text == "true" || text == "1")
}

/// Enterprise clients say `ids`, and some say `ID`.
fn ids(request: &Request<'_, '_>) -> Vec<String> {
    let ids = request.texts("ids");
    match ids.is_empty() {
        true => request.texts("ID"),
        false => ids,
    }
}

fn lead_convert(node: Node<'_, '_>) -> LeadConvert {
    LeadConvert {
        lead_id: optional(node, "leadId").unwrap_or_default(),
        account_id: optional(node, "accountId"),
        contact_id: optional(node, "contactId"),
        converted_status: optional(node, "convertedStatus").unwrap_or_default(),
        do_not_create_opportunity: flag(node, "doNotCreateOpportunity"),
        opportunity_name: optional(node, "opportunityName"),
        overwrite_lead_source: flag(node, "overwriteLeadSource"),
        owner_id: optional(node, "ownerId"),
        send_notification_email: flag(node, "sendNotificationEmail"),
    }
}

fn merge_request(node: Node<'_, '_>) -> Result<MergeRequest, Fault> {
    let master = child(node, "masterRecord");
    let master = master.ok_or_else(|| Fault::client("a merge needs a masterRecord"))?;
    let (object, id, fields) = sobject(master)?;
    Ok(MergeRequest {
        object,
        master: id.unwrap_or_default(),
        fields,
        losers: children(node, "recordToMergeIds").map(text).collect(),
    })
}

type Sobject = (String, Option<String>, Map<String, Value>);

/// Type, id and fields of a record. All values are texts; the org reads them as it reads JSON's.
fn sobject(node: Node<'_, '_>) -> Result<Sobject, Fault> {
    let declared = declared_type(node).filter(|name| name != "sObject");
    let object = optional(node, "type").or(declared);
    let object = object.ok_or_else(|| Fault::api("INVALID_TYPE", "a record needs its type"))?;
    let (mut id, mut fields) = (None, Map::new());
    for field in node.children().filter(Node::is_element) {
        match field.tag_name().name() {
            "type" => {}
            "Id" => id = Some(text(field)).filter(|text| !text.is_empty()).or(id),
            "fieldsToNull" => drop(fields.insert(text(field), Value::Null)),
            name if is_nil(field) => drop(fields.insert(name.to_owned(), Value::Null)),
            name if field.has_children() && field.children().any(|part| part.is_element()) => {
                let text = format!("the simulator does not take a record in the field {name}");
                return Err(Fault::api("NOT_IMPLEMENTED", text));
            }
            name => drop(fields.insert(name.to_owned(), Value::from(text(field)))),
        }
    }
    Ok((object, id, fields))
}
