//! Who a request comes from: a user by the cookie of a session, a program by its key, the operator by
//! the socket of the machine that only they can open.

use crate::problem::{Code, Problem, Result};
use crate::signed_in_as;
use crate::state::WebState;
use crate::teller::Ground;
use crate::visit::{session_of, visit_of};
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderName};
use tieline_access::{KEY_PREFIX, SignedIn};
use tieline_domain::access::{By, Caller, Principal};
use tieline_domain::conversation::Author;
use tieline_domain::id::StaffId;
use tieline_domain::time::Timestamp;

/// Names the user on whose behalf a key acts, by id.
pub(crate) const ON_BEHALF_OF: HeaderName = HeaderName::from_static("on-behalf-of");

/// Among the extensions of a request, says that it came by the operator's own socket. No header can
/// say so.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The user of the machine, for the audit.
    pub user: String,
}

/// A caller who is let in, among the extensions of their request.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub caller: Caller,
    pub ground: Ground,
    /// When the ground is gone, unless it is used.
    pub until: Option<Timestamp>,
    /// The user behind the session.
    pub signed_in: Option<SignedIn>,
}

/// Whether a request shows a key, which no page of another site can have a browser do. Other schemes
/// are those of a proxy in front.
pub(crate) fn shows_key(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    given.any(|value| is_bearer(value.as_bytes()))
}

fn is_bearer(value: &[u8]) -> bool {
    value.len() >= 6 && value[..6].eq_ignore_ascii_case(b"bearer")
}

/// Who a request comes from, or why they are not let in. Whoever shows a key is known by that alone.
pub(crate) async fn admitted(
    state: &WebState,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Admitted> {
    if let Some(operator) = extensions.get::<Operator>() {
        return Ok(Admitted {
            caller: Caller::operator_named(operator.user.clone()),
            ground: Ground::Socket,
            until: None,
            signed_in: None,
        });
    }
    match shows_key(headers) {
        true => by_key(state, headers, extensions).await,
        false => by_session(state, headers, extensions).await,
    }
}

async fn by_session(
    state: &WebState,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Admitted> {
    let token = session_of(state, headers).unwrap_or_default();
    let from = visit_of(state, headers, extensions).from;
    let Some(signed_in) = state.access.principal(&token, from).await? else {
        return Err(Problem::new(Code::NotSignedIn, "nobody is signed in")
            .fix("Sign in at /app, or send the header Authorization: Bearer tlk_… with a key."));
    };
    signed_in_as::check(headers, signed_in.staff.id)?;
    Ok(Admitted {
        caller: signed_in.caller(),
        ground: Ground::Session(signed_in.session),
        until: Some(signed_in.until),
        signed_in: Some(signed_in),
    })
}

async fn by_key(
    state: &WebState,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Admitted> {
    let Some(secret) = secret_of(headers) else {
        return Err(
            Problem::new(Code::WrongKey, "the header Authorization holds no key")
                .fix("Send Authorization: Bearer tlk_…, once."),
        );
    };
    let visit = visit_of(state, headers, extensions);
    let on_behalf_of = on_behalf_of(headers)?;
    let access = &state.access;
    let holder = access.key_holder(secret, on_behalf_of, &visit).await?;
    let Principal::ApiKey(key) = &holder.principal else {
        return Err(Problem::internal("a key's holder is no key"));
    };
    Ok(Admitted {
        ground: Ground::Key(key.id),
        until: holder.until,
        signed_in: None,
        caller: Caller {
            principal: holder.principal,
            from: visit.from,
        },
    })
}

fn secret_of(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(one), None) = (given.next(), given.next()) else {
        return None;
    };
    let (_, secret) = one.to_str().ok()?.split_once(' ')?;
    secret.starts_with(KEY_PREFIX).then_some(secret)
}

fn on_behalf_of(headers: &HeaderMap) -> Result<Option<StaffId>> {
    let Some(value) = headers.get(ON_BEHALF_OF) else {
        return Ok(None);
    };
    match value.to_str().unwrap_or_default().parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) => Err(tieline_access::AccessError::NobodyToActFor.into()),
    }
}

/// Whether whoever was let in would still be, as the same.
pub(crate) async fn still_is(state: &WebState, headers: &HeaderMap, was: &Admitted) -> bool {
    let none = Extensions::new();
    let now = match was.ground {
        Ground::Socket => return true,
        Ground::Session(_) => by_session(state, headers, &none).await,
        Ground::Key(_) => by_key(state, headers, &none).await,
    };
    now.is_ok_and(|now| now.caller.principal == was.caller.principal)
}

/// The user who acts, or on whose behalf a key does.
pub(crate) fn acting(me: &Caller) -> Result<StaffId> {
    me.principal.by().staff().ok_or_else(|| {
        Problem::field(
            "On-Behalf-Of",
            "this is done by a user, and this request acts for none",
            "name the user's id in this header",
        )
    })
}

/// Who writes what this request says: a user, or a key that acts for none.
pub(crate) fn author(me: &Caller) -> Result<Author> {
    match me.principal.by() {
        By::ApiKey(key, None) => Ok(Author::ApiKey(key)),
        _ => acting(me).map(Author::Staff),
    }
}

/// Whose keys of requests are one's own: those of two callers have nothing to do with each other.
pub(crate) fn key_space(me: &Caller) -> String {
    match me.principal.by() {
        By::Staff(staff) => staff.to_string(),
        By::ApiKey(key, None) => key.to_string(),
        By::ApiKey(key, Some(staff)) => format!("{key} {staff}"),
        other => other.kind().as_str().to_owned(),
    }
}
