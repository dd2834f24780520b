//! The control plane over HTTP, for tests in other languages. Each request carries the token.

use super::Fault;
use crate::org::Call;
use crate::simulator::{Simulator, lock};
use axum::Json;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/faults", post(plan).delete(clear))
        .route("/faults/{number}", get(fired))
        .route("/calls", get(calls))
        .route("/changes", get(changes))
        .route("/edits", post(edit))
        .route("/sessions", axum::routing::delete(end_sessions))
        .route("/numbers", post(provision))
        .route("/texts", get(texts).post(send_text))
        .layer(middleware::from_fn_with_state(simulator.clone(), authorise))
        .with_state(simulator)
}

async fn authorise(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if given != Some(&format!("Bearer {}", simulator.world.control_token)) {
        let problem =
            json!({"error": "send Authorization: Bearer with the control_token of the ready line"});
        return (StatusCode::UNAUTHORIZED, Json(problem)).into_response();
    }
    next.run(request).await
}

async fn plan(State(simulator): State<Simulator>, Json(fault): Json<Fault>) -> Json<Value> {
    Json(json!({"fault": simulator.plan(fault)}))
}

async fn clear(State(simulator): State<Simulator>) -> StatusCode {
    simulator.clear_faults();
    StatusCode::NO_CONTENT
}

async fn fired(State(simulator): State<Simulator>, Path(number): Path<usize>) -> Json<Value> {
    Json(json!({"fired": simulator.fired(number)}))
}

async fn calls(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"used": simulator.calls_used(), "calls": simulator.calls()}))
}

async fn changes(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"changes": simulator.org().changes()}))
}

async fn end_sessions(State(simulator): State<Simulator>) -> StatusCode {
    simulator.end_sessions();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Edit {
    /// The user's sign-in name; the administrator when absent.
    user: Option<String>,
    object: String,
    /// Without an id a record is created; without fields one is deleted.
    id: Option<String>,
    fields: Option<Map<String, Value>>,
}

async fn edit(State(simulator): State<Simulator>, Json(edit): Json<Edit>) -> Response {
    let org = simulator.org();
    let user = match &edit.user {
        None => Some(simulator.administrator()),
        Some(name) => org.user_by_username(name),
    };
    let Some(user) = user else {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({"error": "user: there is no such sign-in name"})),
        )
            .into_response();
    };
    let call = Call {
        version: "66.0".to_owned(),
        ..Call::of(user.id)
    };
    let outcome = match (&edit.id, &edit.fields) {
        (None, fields) => org
            .create(&call, &edit.object, &fields.clone().unwrap_or_default())
            .map(|id| json!({"id": id.to_string()})),
        (Some(id), Some(fields)) => org
            .update(&call, &edit.object, id, fields)
            .map(|()| json!({"id": id})),
        (Some(id), None) => org
            .delete(&call, &edit.object, id)
            .map(|()| json!({"id": id})),
    };
    match outcome {
        Ok(done) => Json(done).into_response(),
        Err(errors) => {
            let errors: Vec<Value> = errors.iter().map(crate::org::ApiError::to_json).collect();
            (StatusCode::BAD_REQUEST, Json(json!({"errors": errors}))).into_response()
        }
    }
}

#[derive(Deserialize)]
struct Number {
    number: String,
    webhook: String,
}

async fn provision(State(simulator): State<Simulator>, Json(number): Json<Number>) -> StatusCode {
    simulator.provision(&number.number, &number.webhook);
    StatusCode::NO_CONTENT
}

async fn texts(State(simulator): State<Simulator>) -> Json<Value> {
    let carrier = lock(&simulator.world.carrier);
    Json(json!({"texts": carrier.texts()}))
}

#[derive(Deserialize)]
struct Text {
    from: String,
    to: String,
    text: String,
}

async fn send_text(State(simulator): State<Simulator>, Json(text): Json<Text>) -> Json<Value> {
    Json(json!({"sid": simulator.text_from_phone(&text.from, &text.to, &text.text)}))
}
