//! The part of the SOAP API that programs still need: signing in, and what has no resource in REST:
//! converting leads, merging, undeleting. Everything else gets a fault that says so.

mod answer;
mod envelope;
mod fault;
pub(crate) mod login;
mod records;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

use super::rest::BODY_TOO_LARGE;
use super::sign_in::user_of_session;
use super::target::VERSIONS;
use crate::lock::lock;
use crate::org::{Call, User};
use crate::simulator::Simulator;
use answer::Xml;
use envelope::Request;
use fault::Fault;

/// Where a request went: partner (`u`) or enterprise (`c`) flavour, and the version.
struct Endpoint<'a> {
    flavour: char,
    version: &'a str,
}

/// `POST /services/Soap/u/60.0[/org][/]`.
pub(super) async fn dispatch(
    State(simulator): State<Simulator>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let flavour = match path.starts_with("c/") {
        true => "enterprise",
        false => "partner",
    };
    let refused = |status: StatusCode, fault: Fault| {
        let mut xml = Xml::envelope(flavour);
        fault.write(&mut xml);
        (status, xml.finish())
    };
    let (status, text) = match body {
        Ok(body) => match answer(&simulator, &path, (&headers, &body), flavour) {
            Ok(text) => (StatusCode::OK, text),
            Err(fault) => refused(StatusCode::INTERNAL_SERVER_ERROR, fault),
        },
        Err(unread) => {
            let fault = Fault::api("EXCEEDED_MAX_SIZE_REQUEST", BODY_TOO_LARGE);
            refused(unread.status(), fault)
        }
    };
    let kind = [("content-type", "text/xml; charset=utf-8")];
    (status, kind, text).into_response()
}

fn answer(
    simulator: &Simulator,
    path: &str,
    (headers, body): (&HeaderMap, &[u8]),
    flavour: &str,
) -> Result<String, Fault> {
    let endpoint = endpoint(path)?;
    let text = std::str::from_utf8(body);
    let text = text.map_err(|_| Fault::client("the request is not UTF-8"))?;
    let document = envelope::read(text.trim_start_matches('\u{feff}').trim_start())?;
    let request = Request::of(&document)?;
    let operation = request.operation.tag_name().name();
    let mut xml = Xml::envelope(flavour);
    xml.open(&format!("{operation}Response"));
    if operation == "login" {
        xml.open("result");
        let place = (endpoint.flavour, endpoint.version, headers);
        login::login(simulator, &request, place, &mut xml)?;
        return Ok(xml.finish());
    }
    let (user, session) = signed_in(simulator, &request)?;
    lock(&simulator.host.usage).count(1, simulator.now_ms());
    if operation == "logout" {
        simulator.host.oauth().revoke(&session);
        return Ok(xml.finish());
    }
    let call = Call {
        version: endpoint.version.to_owned(),
        client: request.header("CallOptions", "client"),
        ..Call::of(user.id)
    };
    carry_out(simulator, (&call, &user), &request, &mut xml)?;
    Ok(xml.finish())
}

fn carry_out(
    simulator: &Simulator,
    (call, user): (&Call, &User),
    request: &Request<'_, '_>,
    xml: &mut Xml,
) -> Result<(), Fault> {
    let org = simulator.org();
    let operation = request.operation.tag_name().name();
    if records::all_or_none(request) && ONE_BY_ONE.contains(&operation) {
        let text = format!("the simulator does not have AllOrNoneHeader for {operation}");
        return Err(Fault::api("NOT_IMPLEMENTED", text));
    }
    match operation {
        "getServerTimestamp" => {
            xml.open("result");
            xml.element("timestamp", &timestamp(org.now_ms()));
            Ok(())
        }
        "getUserInfo" => {
            xml.open("result");
            let seconds = simulator.host.oauth().session_seconds();
            answer::user_info(xml, (&org.id(), &org.name()), user, seconds);
            Ok(())
        }
        "convertLead" => records::convert_lead(org, call, request, xml),
        "merge" => records::merge(org, call, request, xml),
        "undelete" => records::undelete(org, call, request, xml),
        "emptyRecycleBin" => records::empty_recycle_bin(org, call, request, xml),
        "create" => records::write(org, call, (request, true), xml),
        "update" => records::write(org, call, (request, false), xml),
        "delete" => records::delete(org, call, request, xml),
        _ => {
            let space = request.operation.tag_name().namespace().unwrap_or_default();
            let text = format!("No operation available for request {{{space}}}{operation}");
            Err(Fault::client(text))
        }
    }
}

/// Operations that have each record stand for itself here.
const ONE_BY_ONE: [&str; 4] = ["convertLead", "merge", "undelete", "emptyRecycleBin"];

/// `u/60.0`, `c/60.0/00D…`, a slash at the end or not.
fn endpoint(path: &str) -> Result<Endpoint<'_>, Fault> {
    let mut segments = path.trim_end_matches('/').split('/');
    let flavour = match segments.next() {
        Some("u") => 'u',
        Some("c") => 'c',
        _ => return Err(Fault::client("the simulator has the APIs /u/ and /c/ only")),
    };
    let version = segments.next().unwrap_or_default();
    let major = version.strip_suffix(".0").unwrap_or(version).parse();
    match major {
        Ok(major) if VERSIONS.contains(&major) => Ok(Endpoint { flavour, version }),
        _ => {
            let text = format!("Invalid Api version specified on URL: {version}");
            Err(Fault::api("UNSUPPORTED_API_VERSION", text))
        }
    }
}

fn signed_in(simulator: &Simulator, request: &Request<'_, '_>) -> Result<(User, String), Fault> {
    let session = request
        .header("SessionHeader", "sessionId")
        .unwrap_or_default();
    let user = user_of_session(simulator, &session);
    match user {
        Some(user) => {
            login::check_api(simulator, &user)?;
            Ok((user, session))
        }
        None => {
            let text = "Invalid Session ID found in SessionHeader: Illegal Session";
            Err(Fault::api("INVALID_SESSION_ID", text))
        }
    }
}

/// `2026-11-24T12:00:00.789Z`.
fn timestamp(epoch_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(epoch_ms)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_default()
}
