//! The header `Signed-In-As`: a page says whom it takes to be signed in. The session is the browser's,
//! and another tab may have signed in somebody else: what one user wrote must not go out in the name of
//! the next.

use crate::problem::{Code, Problem, Result};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use tieline_domain::id::StaffId;

/// The header.
pub(crate) const SIGNED_IN_AS: HeaderName = HeaderName::from_static("signed-in-as");

/// What a request that is about its own session says of it.
pub(crate) struct SignedInAs(HeaderMap);

impl<S: Send + Sync> FromRequestParts<S> for SignedInAs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<SignedInAs> {
        Ok(SignedInAs(parts.headers.clone()))
    }
}

impl SignedInAs {
    /// Whether somebody is named at all.
    pub fn is_given(&self) -> bool {
        self.0.contains_key(SIGNED_IN_AS)
    }

    /// Refuses what would be done in another's name.
    pub fn check(&self, signed_in: StaffId) -> Result<()> {
        check(&self.0, signed_in)
    }
}

/// Refuses a request that names another user than the one behind the session; whoever names nobody
/// speaks for whoever that is.
pub(crate) fn check(headers: &HeaderMap, signed_in: StaffId) -> Result<()> {
    let ours = signed_in.to_string();
    let mut named = headers.get_all(SIGNED_IN_AS).iter();
    match named.all(|it| it.as_bytes() == ours.as_bytes()) {
        true => Ok(()),
        false => Err(Problem::new(
            Code::OtherUser,
            "somebody else is signed in than the request names",
        )
        .fix("Load the page again, and do it as whoever is signed in now.")),
    }
}
