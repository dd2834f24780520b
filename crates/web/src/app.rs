//! Pages and files: the staff app, health, the description of the API.

use crate::problem::Problem;
use crate::router::{Policy, ROUTES, WebState};
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version};
use serde_json::{Map, Value, json};
use tieline_ui::Asset;

pub(crate) async fn home() -> Redirect {
    Redirect::to("/app")
}

pub(crate) async fn staff_app(headers: HeaderMap) -> Response {
    match tieline_ui::staff_app_html() {
        Some(page) => serve(page, &headers),
        None => (
            StatusCode::NOT_FOUND,
            "This build has no staff app; build it with npm installed.",
        )
            .into_response(),
    }
}

pub(crate) async fn staff_app_path(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match tieline_ui::asset(&path) {
        Some(asset) => serve(asset, &headers),
        // A page of the app itself; a missing file must not look like one.
        None if !path.contains('.') => staff_app(headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(crate) async fn healthz() -> &'static str {
    "ok"
}

pub(crate) async fn readyz(State(state): State<WebState>) -> Result<&'static str, Problem> {
    tieline_storage::event::head(&mut *state.store.reader().await?).await?;
    Ok("ready")
}

pub(crate) async fn nowhere() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such address",
    )
    .fix("See /api/openapi.json for all of them.")
}

/// The description: every route of the router, with who may call it.
pub(crate) async fn openapi() -> axum::Json<Value> {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/") || route.path.starts_with("/hooks/"))
    {
        let parameters: Vec<Value> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let problem = json!({"description": "Problem details (RFC 9457)", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
        let operation = json!({
            "summary": route.summary, "parameters": parameters,
            "security": if matches!(route.policy, Policy::Staff | Policy::Administrator) { json!([{"session": []}]) } else { json!([]) },
            "responses": {"2XX": {"description": "Done"}, "4XX": problem},
        });
        let entry = paths
            .entry(route.path.to_owned())
            .or_insert_with(|| json!({}));
        entry[route.method] = operation;
    }
    axum::Json(json!({
        "openapi": "3.1.0",
        "info": {"title": "Tieline", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "paths": paths,
        "components": {
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "__Host-tieline"}},
            "schemas": {"Problem": {"type": "object", "required": ["title", "status", "detail", "code"], "properties": {
                "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                "detail": {"type": "string"}, "code": {"type": "string"}, "field": {"type": "string"}, "fix": {"type": "string"}}}},
        },
    }))
}

pub(crate) async fn no_index(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// The live stream goes out as it comes; everything else may be packed.
pub(crate) fn is_not_live(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_none_or(|value| !value.as_bytes().starts_with(b"text/event-stream"))
}

fn serve(asset: Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", asset.etag);
    if headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        == Some(&tag)
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let keep = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (CONTENT_TYPE, asset.content_type.to_owned()),
        (ETAG, tag),
        (CACHE_CONTROL, keep.to_owned()),
    ];
    (headers, asset.bytes.into_owned()).into_response()
}
