//! What is behind the version: the list of all resources, those that carry other requests, and those
//! that the org does not have. The others are in `resources`.

use super::ask::{Answer, Answered, Ask};
use super::{bulk, composite, resources};
use crate::simulator::Simulator;
use http::Method;
use serde_json::{Map, Value, json};

/// Resources of a real org that answer with a clear error instead of a wrong success.
const MISSING: &[&str] = &[
    "actions",
    "analytics",
    "appMenu",
    "async-queries",
    "chatter",
    "commerce",
    "compactLayouts",
    "connect",
    "consent",
    "contact-tracing",
    "dedupe",
    "domino",
    "einstein",
    "event",
    "eventSchema",
    "flexiPage",
    "folders",
    "iot",
    "jsonxform",
    "knowledgeManagement",
    "licensing",
    "localizedvalue",
    "metadata",
    "payments",
    "process",
    "quickActions",
    "scheduling",
    "serviceTemplates",
    "smartdatadiscovery",
    "support",
    "tabs",
    "theme",
    "tooling",
    "ui-api",
    "wave",
];

/// Resources that this org has.
const PRESENT: &[&str] = &[
    "composite",
    "jobs",
    "limits",
    "parameterizedSearch",
    "query",
    "queryAll",
    "recent",
    "search",
    "sobjects",
];

pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>) -> Answer {
    let found = match ask.path.as_slice() {
        [] => root(simulator, ask),
        ["composite", "sobjects", ..] => return resources::answer(simulator, ask),
        ["composite", rest @ ..] => composite::answer(simulator, ask, rest),
        ["jobs", rest @ ..] => bulk::answer(simulator, ask, rest),
        [first, ..] if MISSING.contains(first) => Err(Answer::not_implemented(&format!(
            "the resource {first} yet"
        ))),
        _ => return resources::answer(simulator, ask),
    };
    found.unwrap_or_else(|refusal| refusal)
}

fn root(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    ask.only(&[Method::GET])?;
    let mut names: Vec<&str> = PRESENT.iter().chain(MISSING).copied().collect();
    names.sort_unstable();
    let mut map: Map<String, Value> = names
        .into_iter()
        .map(|name| (name.to_owned(), json!(ask.at(name))))
        .collect();
    let host = &simulator.host;
    let identity = format!(
        "{}/id/{}/{}",
        simulator.base_url(),
        host.org.id(),
        ask.call.user
    );
    map.insert("identity".to_owned(), json!(identity));
    Ok(Answer::ok(Value::Object(map)))
}
