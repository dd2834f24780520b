//! Records with their children, made in one go: all of them or none. Unlike the other composite
//! resources, a tree with a bad record is refused as a whole, with 400.

use crate::http::ask::{Answer, Answered, Ask, malformed};
use crate::org::{ApiError, RecordId};
use crate::simulator::Simulator;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Records of a tree, roots included.
const RECORDS_MAX: usize = 200;
/// Objects in a tree, and levels.
const OBJECTS_MAX: usize = 5;
const LEVELS_MAX: usize = 5;

/// A record of the tree, with the way to its parent.
struct Node {
    reference: String,
    object: String,
    fields: Map<String, Value>,
    /// Position of the parent, and the lookup that will hold its id.
    parent: Option<(usize, String)>,
    level: usize,
}

/// `composite/tree/X`.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, root: &str) -> Answered {
    ask.only(&[Method::POST])?;
    let mut body = ask.json()?;
    let Some(Value::Array(roots)) = body.remove("records") else {
        return Err(malformed("records is required"));
    };
    simulator.org().basic_describe(&ask.call, root)?;
    let nodes = match nodes(simulator, ask, (root, roots)).and_then(checked) {
        Ok(nodes) => nodes,
        Err((reference, error)) => return Ok(refused(vec![(reference, vec![error])])),
    };
    let (ids, errors) = simulator.org().transaction(|| {
        let (ids, errors) = create(simulator, ask, &nodes);
        let keep = errors.is_empty();
        ((ids, errors), keep)
    });
    if !errors.is_empty() {
        return Ok(refused(errors));
    }
    let pairs = nodes.iter().zip(ids);
    let result = |(node, id): (&Node, Option<RecordId>)| json!({"referenceId": node.reference, "id": id.map(|id| id.to_string())});
    let results: Vec<Value> = pairs.map(result).collect();
    let body = json!({"hasErrors": false, "results": results});
    Ok(Answer::Json(StatusCode::CREATED, body))
}

/// A tree that is wrong as a whole, and the record that shows it.
type Refusal = (String, ApiError);
/// The records that could not be made.
type Failures = Vec<(String, Vec<ApiError>)>;

/// All records, level by level, each with its own fields only.
fn nodes(
    simulator: &Simulator,
    ask: &Ask<'_>,
    (root, roots): (&str, Vec<Value>),
) -> Result<Vec<Node>, Refusal> {
    let mut nodes: Vec<Node> = Vec::new();
    for record in roots {
        nodes.push(node(root, record, None)?);
    }
    let mut at = 0;
    while at < nodes.len() {
        let node = &mut nodes[at];
        let lists = node
            .fields
            .iter()
            .filter(|(_, value)| value["records"].is_array());
        let names: Vec<String> = lists.map(|(name, _)| name.clone()).collect();
        let object = node.object.clone();
        for name in names {
            let relation = simulator.org().child_lookup(&ask.call, &object, &name);
            let Some((child, lookup)) = relation else {
                continue;
            };
            let mut list = nodes[at].fields.shift_remove(&name).unwrap_or_default();
            let Value::Array(records) = list["records"].take() else {
                continue;
            };
            for record in records {
                let mut made = self::node(&child, record, Some((at, lookup.clone())))?;
                made.level = nodes[at].level + 1;
                nodes.push(made);
            }
        }
        at += 1;
    }
    Ok(nodes)
}

fn node(object: &str, record: Value, parent: Option<(usize, String)>) -> Result<Node, Refusal> {
    let Value::Object(mut fields) = record else {
        return Err((
            String::new(),
            invalid("Each of the records must be an object."),
        ));
    };
    let attributes = fields.shift_remove("attributes").unwrap_or_default();
    let reference = attributes["referenceId"].as_str().unwrap_or_default();
    if reference.is_empty() {
        let text = "Include a reference ID for each record.";
        return Err((String::new(), invalid(text)));
    }
    let kind = attributes["type"].as_str().unwrap_or_default();
    if !kind.eq_ignore_ascii_case(object) {
        let text = format!("The type of the record is {kind} where {object} belongs.");
        return Err((reference.to_owned(), invalid(&text)));
    }
    Ok(Node {
        reference: reference.to_owned(),
        object: object.to_owned(),
        fields,
        parent,
        level: 1,
    })
}

fn checked(nodes: Vec<Node>) -> Result<Vec<Node>, Refusal> {
    let mut references = BTreeSet::new();
    for node in &nodes {
        if !references.insert(node.reference.as_str()) {
            let text = "Duplicate ReferenceId provided in the request.";
            return Err((node.reference.clone(), invalid(text)));
        }
    }
    let objects: BTreeSet<String> = nodes.iter().map(|n| n.object.to_lowercase()).collect();
    let deepest = nodes
        .iter()
        .map(|node| node.level)
        .max()
        .unwrap_or_default();
    let limits = [
        (nodes.len(), RECORDS_MAX, "records"),
        (objects.len(), OBJECTS_MAX, "kinds of records"),
        (deepest, LEVELS_MAX, "levels"),
    ];
    for (count, most, what) in limits {
        if count > most {
            let text = format!("A tree can have {most} {what} at most, not {count}.");
            return Err((String::new(), invalid(&text)));
        }
    }
    match nodes.is_empty() {
        true => Err((String::new(), invalid("A tree needs at least one record."))),
        false => Ok(nodes),
    }
}

/// Ids by position, and what went wrong. Children of a record that failed are not tried.
fn create(
    simulator: &Simulator,
    ask: &Ask<'_>,
    nodes: &[Node],
) -> (Vec<Option<RecordId>>, Failures) {
    let mut ids: Vec<Option<RecordId>> = Vec::with_capacity(nodes.len());
    let mut errors = Vec::new();
    for node in nodes {
        let mut fields = node.fields.clone();
        if let Some((parent, lookup)) = &node.parent {
            let Some(id) = ids[*parent] else {
                ids.push(None);
                continue;
            };
            fields.insert(lookup.clone(), Value::from(id.to_string()));
        }
        match simulator.org().create(&ask.call, &node.object, &fields) {
            Ok(id) => ids.push(Some(id)),
            Err(wrong) => {
                ids.push(None);
                errors.push((node.reference.clone(), wrong));
            }
        }
    }
    (ids, errors)
}

fn refused(errors: Failures) -> Answer {
    let result = |(reference, errors): &(String, Vec<ApiError>)| {
        let errors: Vec<Value> = errors.iter().map(ApiError::to_collection_json).collect();
        json!({"referenceId": reference, "errors": errors})
    };
    let results: Vec<Value> = errors.iter().map(result).collect();
    let body = json!({"hasErrors": true, "results": results});
    Answer::Json(StatusCode::BAD_REQUEST, body)
}

fn invalid(text: &str) -> ApiError {
    ApiError::record("INVALID_INPUT", text, &[])
}
