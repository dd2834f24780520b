//! The document: what all operations say of themselves, put together (OpenAPI 3.1).

use super::{Draft, schemas_of};
use crate::face::Credential;
use crate::problem::{Code, Details};
use crate::request_key::KEY_MAX;
use crate::route::RouteInfo;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Document {
    paths: Map<String, Value>,
    /// Shapes of requests.
    asked: Map<String, Value>,
    /// Shapes of answers.
    told: Map<String, Value>,
    /// Refusals by the codes that they may have; many operations share them.
    refusals: Map<String, Value>,
}

/// The description as it is served.
pub(crate) fn document(routes: &[RouteInfo], described: &[fn(&mut Draft)]) -> Value {
    let mut document = Document::default();
    for (route, describe) in routes.iter().zip(described) {
        if route.path.starts_with("/api/v1/") || route.path.starts_with("/hooks/") {
            document.add(route, describe);
        }
    }
    document.told.values_mut().for_each(require_all);
    let mut schemas = document.asked;
    schemas.extend(document.told);
    schemas.extend(schemas_of::<Details>());
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Tieline", "version": env!("CARGO_PKG_VERSION"),
                 "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "paths": document.paths,
        "components": {
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-tieline"},
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "tlk_…"},
            },
            "responses": document.refusals,
            "schemas": schemas,
        },
    })
}

impl Document {
    fn add(&mut self, route: &RouteInfo, describe: &fn(&mut Draft)) {
        let mut draft = Draft {
            path: route.path,
            ..Draft::default()
        };
        describe(&mut draft);
        admit(route, &mut draft);
        self.asked.extend(std::mem::take(&mut draft.asks));
        self.told.extend(std::mem::take(&mut draft.tells));
        let operation = self.operation(route, draft);
        let methods = self
            .paths
            .entry(route.path.to_owned())
            .or_insert_with(|| json!({}));
        methods[route.method] = operation;
    }

    fn operation(&mut self, route: &RouteInfo, draft: Draft) -> Value {
        let mut answers: Map<String, Value> = draft
            .answers
            .into_iter()
            .map(|(status, answer)| (status.to_string(), answer))
            .collect();
        let mut refusals: BTreeMap<u16, BTreeSet<Code>> = BTreeMap::new();
        for code in draft.codes {
            let status = code.status().as_u16();
            refusals.entry(status).or_default().insert(code);
        }
        for (status, codes) in refusals {
            answers.insert(status.to_string(), self.refusal(&codes));
        }
        let mut operation = json!({
            "operationId": operation_id(route), "summary": route.summary, "parameters": draft.parameters,
            "security": security(route),
            "responses": answers,
        });
        if let Some(body) = draft.body {
            operation["requestBody"] = body;
        }
        operation
    }

    /// The reference to a refusal with one of these codes.
    fn refusal(&mut self, codes: &BTreeSet<Code>) -> Value {
        let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let name = words.join(".");
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        let meanings: Vec<String> = codes
            .iter()
            .map(|code| format!("{}: {}", code.as_str(), code.meaning()))
            .collect();
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        let content = json!({"application/problem+json": {"schema": schema}});
        let refusal = json!({"description": meanings.join("\n"), "content": content});
        self.refusals.insert(name, refusal);
        reference
    }
}

/// What opens a route: one of these.
fn security(route: &RouteInfo) -> Value {
    match route.face.credential() {
        Credential::Session => json!([{"session": []}]),
        Credential::SessionOrKey => json!([{"session": []}, {"key": []}]),
        Credential::None | Credential::Signature => json!([]),
    }
}

/// What every route with this policy and method may answer, whatever its handler does.
fn admit(route: &RouteInfo, draft: &mut Draft) {
    draft.refuses(&[Code::WrongHost]);
    if route.method != "get" && route.path.starts_with("/api/") {
        draft.refuses(&[Code::CrossSite]);
    }
    let closed = matches!(
        route.face.credential(),
        Credential::Session | Credential::SessionOrKey
    );
    if closed {
        draft.refuses(&[
            Code::NotSignedIn,
            Code::NotAllowed,
            Code::WrongKey,
            Code::TooManyTries,
        ]);
        draft.names_user();
    }
    if route.face.credential() == Credential::SessionOrKey {
        draft.parameters.push(json!({
            "name": "On-Behalf-Of", "in": "header", "required": false,
            "description": "The user on whose behalf a key acts; it then may do no more than both may.",
            "schema": {"type": "string", "pattern": "^st_[0-9a-f]{32}$"},
        }));
    }
    if closed && route.method == "post" {
        draft.parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": draft.needs_key,
            "description": "A random text, new with each new request. A request that comes again with its key within \
                            24 hours is done once, and answered as the first time.",
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        }));
        draft.refuses(&[
            Code::InvalidField,
            Code::BodyTooLarge,
            Code::InvalidRequest,
            Code::KeyInUse,
            Code::AlreadyMade,
            Code::KeyReused,
        ]);
    }
    draft.refuses(route.codes);
}

/// `get /api/v1/contacts/{id}` is `get_contacts_id`.
fn operation_id(route: &RouteInfo) -> String {
    let path = route.path.trim_start_matches("/api/v1");
    let words: Vec<String> = path
        .split(['/', '{', '}', '-'])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    format!("{}_{}", route.method, words.join("_"))
}

/// What is told is told whole: a field without a value is null.
fn require_all(schema: &mut Value) {
    let names: Option<Vec<Value>> = schema["properties"]
        .as_object()
        .map(|properties| properties.keys().cloned().map(Value::from).collect());
    if let Some(names) = names {
        schema["required"] = names.into();
    }
}
