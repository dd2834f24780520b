//! The page where a person signs in and allows an app, and the way back to the app.

use super::{Fields, fields, visit};
use crate::http::html::{escape, page};
use crate::oauth::{Code, ConnectedApp, Refused, refused};
use crate::simulator::Simulator;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode};

fn consent(query: &Fields, app: &ConnectedApp, problem: &str) -> Html<String> {
    let hidden: String = query
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=hidden name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            )
        })
        .collect();
    let problem = if problem.is_empty() {
        String::new()
    } else {
        format!("<p class=bad>{}</p>", escape(problem))
    };
    let hint = query.get("login_hint").map(String::as_str);
    let hint = escape(hint.unwrap_or_default());
    let name = escape(&app.name);
    let body = format!(
        "<h1>Allow access?</h1>{problem}<p>{name} asks to read and write this org's data.</p><form method=post class=fields>{hidden}\
         <label>Username <input name=username autocomplete=username value=\"{hint}\"></label>\
         <label>Password <input name=password type=password autocomplete=current-password></label>\
         <button name=answer value=allow>Allow</button> <button name=answer value=deny>Deny</button></form>"
    );
    Html(page("Allow access", &body, false))
}

/// `GET authorize`.
pub(crate) async fn ask(
    State(simulator): State<Simulator>,
    Query(query): Query<Fields>,
) -> Response {
    let app = match asking(&simulator, &query) {
        Ok(app) => app,
        Err(refusal) => return on_page(&refusal),
    };
    if let Err(refusal) = acceptable(&app, &query) {
        return back(
            &query,
            &[("error", refusal.0), ("error_description", &refusal.1)],
        );
    }
    consent(&query, &app, "").into_response()
}

/// `POST authorize`, which the page sends.
pub(crate) async fn allow(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut form = fields(&body);
    let (username, password) = (
        form.remove("username").unwrap_or_default(),
        form.remove("password").unwrap_or_default(),
    );
    let answer = form.remove("answer").unwrap_or_default();
    let app = match asking(&simulator, &form) {
        Ok(app) => app,
        Err(refusal) => return on_page(&refusal),
    };
    if answer == "deny" {
        let words = "end-user denied authorization";
        return back(
            &form,
            &[("error", "access_denied"), ("error_description", words)],
        );
    }
    let scope = match acceptable(&app, &form) {
        Ok(scope) => scope,
        Err(refusal) => {
            return back(
                &form,
                &[("error", refusal.0), ("error_description", &refusal.1)],
            );
        }
    };
    let visit = visit(&simulator, &headers);
    let mut oauth = simulator.host.oauth();
    let user = visit.org.user_by_username(&username);
    let user = user.filter(|user| user.active && password == oauth.password);
    let Some(user) = user else {
        drop(oauth);
        let words = "Please check your username and password.";
        return consent(&form, &app, words).into_response();
    };
    if let Err(refusal) = oauth.check_approved(&app, &user) {
        drop(oauth);
        let words = [
            ("error", "OAUTH_APP_ACCESS_DENIED"),
            ("error_description", &refusal.1),
        ];
        return back(&form, &words);
    }
    oauth.consent(user.id, &app);
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let code = oauth.new_code(Code {
        user: user.id,
        app: app.consumer_key,
        scope,
        redirect_uri: text("redirect_uri"),
        challenge: Some(text("code_challenge")).filter(|text| !text.is_empty()),
        made_ms: visit.now_ms,
    });
    drop(oauth);
    back(&form, &[("code", &code)])
}

/// The app that asks, if codes may go where it says. Otherwise nothing is sent there.
fn asking(simulator: &Simulator, query: &Fields) -> Result<ConnectedApp, Refused> {
    let key = query.get("client_id").map(String::as_str);
    let app = simulator.host.oauth().app(key.unwrap_or_default()).cloned();
    let app = app.ok_or_else(|| refused("invalid_client_id", "client identifier invalid"))?;
    let uri = query.get("redirect_uri").map(String::as_str);
    match uri {
        None | Some("") => Err(refused("redirect_uri_missing", "redirect_uri is missing")),
        Some(uri) if url::Url::parse(uri).is_ok() && app.redirects_to(uri) => Ok(app),
        Some(_) => Err(refused(
            "redirect_uri_mismatch",
            "redirect_uri must match configuration",
        )),
    }
}

/// What is asked for can be had; the scopes then.
fn acceptable(app: &ConnectedApp, query: &Fields) -> Result<String, Refused> {
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    if text("response_type") != "code" {
        return Err(refused(
            "unsupported_response_type",
            "response type not supported",
        ));
    }
    if text("prompt") == "none" {
        // Nobody is ever signed in on this page already.
        return Err(refused("login_required", "the user is not signed in"));
    }
    app.grants(text("scope"))
}

fn on_page((error, description): &Refused) -> Response {
    let pairs = [("error", *error), ("error_description", description)];
    let text = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let text = text.replace('+', "%20");
    (StatusCode::BAD_REQUEST, text).into_response()
}

/// Sends the browser back to the app.
fn back(query: &Fields, pairs: &[(&str, &str)]) -> Response {
    let redirect = query.get("redirect_uri").map(String::as_str);
    let Ok(mut target) = url::Url::parse(redirect.unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, "error=redirect_uri_missing").into_response();
    };
    target.query_pairs_mut().extend_pairs(pairs);
    if let Some(state) = query.get("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [("location", String::from(target))]).into_response()
}
