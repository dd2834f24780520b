//! The description of the API, made of the handlers' own types: an argument says what it takes and
//! how it refuses, an answer says what it gives. Nothing here can differ from what the code does.

mod document;

pub(crate) use document::document;

use crate::answer::{Accepted, Answer, Created, EventStream, File, MadeOrFound, NoContent};
use crate::api::live::LiveEvent;
use crate::extract::{Body, Json, NoBody, Path, Path2, PathPart, Query};
use crate::once::HoldsSecret;
use crate::problem::{Code, Problem};
use crate::request_key::RequestKey;
use crate::signed_in_as::SignedInAs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::{Redirect, Response};
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

/// What is known about one operation while its handler is read.
#[derive(Default)]
pub(crate) struct Draft {
    path: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    codes: BTreeSet<Code>,
    /// A request without a key is refused.
    needs_key: bool,
    /// Shapes that are asked for, by name.
    asks: Map<String, Value>,
    /// Shapes that are told, by name.
    tells: Map<String, Value>,
}

/// What an argument or answer of a handler says about its operation.
pub(crate) trait Describe {
    fn describe(draft: &mut Draft);
}

/// A function that answers requests and whose arguments and answer describe themselves.
pub(crate) trait Handler<Arguments> {
    fn describe(&self, draft: &mut Draft);
}

macro_rules! handlers {
    ($(($($argument:ident),*))*) => {$(
        impl<Function, Answer, $($argument),*> Handler<($($argument,)*)> for Function
        where
            Function: Fn($($argument),*) -> Answer,
            Answer: Future<Output: Describe>,
            $($argument: Describe,)*
        {
            fn describe(&self, draft: &mut Draft) {
                $($argument::describe(draft);)*
                Answer::Output::describe(draft);
            }
        }
    )*};
}

handlers! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

/// Arguments and answers that say nothing.
macro_rules! silent {
    ($($type:ty),* ; $($generic:ident),*) => {
        $(impl Describe for $type {
            fn describe(_: &mut Draft) {}
        })*
        $(impl<T> Describe for $generic<T> {
            fn describe(_: &mut Draft) {}
        })*
    };
}

silent!(Visit, HeaderMap, OriginalUri, Response, Redirect, &'static str, Problem; State, Extension);

impl Describe for SignedInAs {
    fn describe(draft: &mut Draft) {
        draft.names_user();
    }
}

impl Describe for EventStream {
    fn describe(draft: &mut Draft) {
        // There is no word for the shape of one event in OpenAPI 3.1; 3.2 calls it itemSchema.
        let event = draft.tells::<LiveEvent>();
        let stream = json!({"schema": {"type": "string"}, "x-itemSchema": event});
        let content = json!({"text/event-stream": stream});
        let answer = json!({"description": "Events without end", "content": content});
        draft.answers.insert(200, answer);
    }
}

impl Describe for File {
    fn describe(draft: &mut Draft) {
        let bytes = json!({"schema": {"type": "string", "format": "binary"}});
        let content = json!({"application/octet-stream": bytes});
        let answer = json!({"description": "The file, to be kept", "content": content});
        draft.answers.insert(200, answer);
    }
}

impl Draft {
    /// A shape that is asked for.
    fn asks<T: ToSchema>(&mut self) -> Value {
        collect::<T>(&mut self.asks)
    }

    /// A shape that is told.
    fn tells<T: ToSchema>(&mut self) -> Value {
        collect::<T>(&mut self.tells)
    }

    fn refuses(&mut self, codes: &[Code]) {
        self.codes.extend(codes);
    }

    /// A page may say whom it takes to be signed in.
    fn names_user(&mut self) {
        self.parameters.push(json!({
            "name": "Signed-In-As", "in": "header", "required": false,
            "description": "The user whom a page takes to be signed in. If the session is another's, nothing is done.",
            "schema": {"type": "string", "pattern": "^st_[0-9a-f]{32}$"},
        }));
        self.refuses(&[Code::OtherUser]);
    }

    fn answers(&mut self, status: u16, words: &str, schema: Option<Value>) {
        let mut answer = json!({"description": words});
        if let Some(schema) = schema {
            answer["content"] = json!({"application/json": {"schema": schema}});
        }
        self.answers.insert(status, answer);
    }

    fn takes_part<T: ToSchema>(&mut self) {
        let known = self
            .parameters
            .iter()
            .filter(|it| it["in"] == "path")
            .count();
        let name = names_of(self.path).nth(known).unwrap_or_default();
        let schema = self.asks::<T>();
        self.parameters
            .push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        self.refuses(&[Code::InvalidField, Code::InvalidRequest, Code::NotFound]);
    }
}

impl<T: ToSchema> Describe for Json<T> {
    fn describe(draft: &mut Draft) {
        let schema = draft.asks::<T>();
        draft.body =
            Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}));
        draft.refuses(&[
            Code::InvalidJson,
            Code::InvalidRequest,
            Code::UnsupportedMediaType,
            Code::BodyTooLarge,
            Code::InvalidField,
        ]);
    }
}

impl Describe for RequestKey {
    fn describe(draft: &mut Draft) {
        draft.needs_key = true;
    }
}

impl Describe for NoBody {
    fn describe(draft: &mut Draft) {
        draft.refuses(&[
            Code::InvalidJson,
            Code::InvalidRequest,
            Code::UnsupportedMediaType,
            Code::BodyTooLarge,
            Code::InvalidField,
        ]);
    }
}

impl Describe for Body {
    fn describe(draft: &mut Draft) {
        draft.refuses(&[Code::InvalidRequest, Code::BodyTooLarge]);
    }
}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(draft: &mut Draft) {
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            draft.parameters.push(without_null(json!(parameter)));
        }
        draft.refuses(&[Code::InvalidField]);
    }
}

impl<T: PathPart> Describe for Path<T> {
    fn describe(draft: &mut Draft) {
        draft.takes_part::<T>();
    }
}

impl<A: PathPart, B: PathPart> Describe for Path2<A, B> {
    fn describe(draft: &mut Draft) {
        draft.takes_part::<A>();
        draft.takes_part::<B>();
    }
}

impl<T: Describe> Describe for Result<T, Problem> {
    fn describe(draft: &mut Draft) {
        T::describe(draft);
        draft.refuses(&[Code::Internal, Code::DatabaseUnavailable]);
    }
}

impl<T: ToSchema> Describe for Answer<T> {
    fn describe(draft: &mut Draft) {
        let schema = draft.tells::<T>();
        draft.answers(200, "Done", Some(schema));
    }
}

impl<T: ToSchema> Describe for Created<T> {
    fn describe(draft: &mut Draft) {
        let schema = draft.tells::<T>();
        draft.answers(201, "Made", Some(schema));
    }
}

impl<T: ToSchema> Describe for Accepted<T> {
    fn describe(draft: &mut Draft) {
        let schema = draft.tells::<T>();
        draft.answers(202, "On its way", Some(schema));
    }
}

impl<T: ToSchema> Describe for MadeOrFound<T> {
    fn describe(draft: &mut Draft) {
        let schema = draft.tells::<T>();
        draft.answers(200, "It was there", Some(schema.clone()));
        draft.answers(201, "Made", Some(schema));
    }
}

impl<const N: usize, T: Describe> Describe for ([(HeaderName, String); N], T) {
    fn describe(draft: &mut Draft) {
        T::describe(draft);
    }
}

impl<T: Describe> Describe for (Extension<HoldsSecret>, T) {
    fn describe(draft: &mut Draft) {
        T::describe(draft);
    }
}

impl Describe for NoContent {
    fn describe(draft: &mut Draft) {
        draft.answers(204, "Done", None);
    }
}

fn names_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Adds a shape and all that it holds; the reference to it.
fn collect<T: ToSchema>(into: &mut Map<String, Value>) -> Value {
    into.extend(schemas_of::<T>());
    json!(Ref::from_schema_name(T::name()))
}

fn schemas_of<T: ToSchema>() -> Map<String, Value> {
    let mut inner: Vec<(String, RefOr<Schema>)> = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut inner);
    inner
        .into_iter()
        .map(|(name, schema)| (name, json!(schema)))
        .collect()
}

/// A parameter that may be left out is not null: there is no null in a query.
fn without_null(mut parameter: Value) -> Value {
    let schema = &mut parameter["schema"];
    let only = schema["oneOf"]
        .as_array()
        .and_then(|kinds| kinds.iter().find(|kind| kind["type"] != "null"))
        .cloned();
    if let Some(only) = only {
        *schema = only;
    }
    let kind = schema["type"]
        .as_array()
        .and_then(|kinds| kinds.iter().find(|kind| **kind != "null"))
        .cloned();
    if let Some(kind) = kind {
        schema["type"] = kind;
    }
    parameter
}
