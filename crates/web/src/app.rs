//! Pages and files: the staff app, health, the description of the API.

use crate::api::text::Text;
use crate::extract::Path;
use crate::packed;
use crate::problem::{Code, Problem};
use crate::readiness::{self, KEY_MISSING_FIX, Seen};
use crate::state::WebState;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{Extensions, HeaderMap, StatusCode, Uri, Version};
use std::any::Any;
use tieline_ui::Asset;
use tokio::time::timeout;

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

pub(crate) async fn staff_app_path(Path(path): Path<Text<1_000>>, headers: HeaderMap) -> Response {
    if let Some(asset) = tieline_ui::asset(&path) {
        return serve(asset, &headers);
    }
    // A missing file must not look like a page.
    if path.contains('.') {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut page = staff_app(headers).await;
    if !is_page(&path) && page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}

/// Whether the app has such a page; whether there is what it shows, it looks up itself.
fn is_page(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    matches!(
        (parts.next(), parts.next(), parts.next()),
        (None, ..)
            | (Some("inbox" | "contacts" | "sync"), _, None)
            | (Some("settings" | "sign-in"), None, None)
    )
}

pub(crate) async fn healthz() -> &'static str {
    "ok"
}

pub(crate) async fn readyz(State(state): State<WebState>) -> Result<&'static str, Problem> {
    let looked = state.readiness.look(&state.store, &state.open_secret);
    match timeout(readiness::PATIENCE, looked).await {
        Ok(Seen::Ready) => Ok("ready"),
        Ok(Seen::KeyMissing) => Err(Problem::new(
            Code::NotStored,
            "the secret of a carrier account does not open, so that nothing of what its carrier sends is stored",
        )
        .fix(KEY_MISSING_FIX)),
        Ok(Seen::NoWrites) | Err(_) => Err(Problem::new(
            Code::DatabaseUnavailable,
            "the database takes no change in time",
        )
        .fix("Look whether it runs, and whether its disk is full.")),
    }
}

/// People get a page, programs a problem.
pub(crate) async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let is_program = uri.path().starts_with("/api/") || uri.path().starts_with("/hooks/");
    if !is_program && accepted.is_some_and(|it| it.contains("text/html")) {
        let page = Html(include_str!("app/not_found.html"));
        return (StatusCode::NOT_FOUND, page).into_response();
    }
    Problem::new(Code::NotFound, "there is no such address")
        .fix("See /api/openapi.json for all of them.")
        .into_response()
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this address has no such method")
        .fix("See /api/openapi.json for those that it has.")
}

/// A handler that panicked; the rest of the process goes on.
pub(crate) fn panicked(why: Box<dyn Any + Send>) -> Response {
    let words = why
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| why.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Problem::internal(words).into_response()
}

/// The live stream goes out as it comes; everything else may be packed.
pub(crate) fn is_not_live(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_none_or(|value| !value.as_bytes().starts_with(b"text/event-stream"))
}

fn serve(asset: Asset, asked: &HeaderMap) -> Response {
    let keep = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (CONTENT_TYPE, asset.content_type.to_owned()),
        // Weak: packed or plain, it is the same file in other bytes.
        (ETAG, format!("W/\"{}\"", asset.etag)),
        (CACHE_CONTROL, keep.to_owned()),
    ];
    match has(asked, &asset.etag) {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, packed::answer(asset.bytes, asked)).into_response(),
    }
}

/// Whether who asks has the file of this tag already.
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let named = asked.get_all(IF_NONE_MATCH).iter();
    named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|it| it.trim().trim_start_matches("W/"))
        .any(|it| it == "*" || it.trim_matches('"') == tag)
}
