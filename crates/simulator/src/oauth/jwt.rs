//! The JWT bearer flow. Lenient where real orgs are, because clients that work there rely on it:
//! exp may be a text or in milliseconds, aud a bare host.

use super::{PUBLIC_KEY, Refused, Visit, refused};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

/// What an assertion says, once its signature holds.
pub(super) struct Claims {
    pub consumer_key: String,
    pub username: String,
}

/// Reads and checks an assertion.
pub(super) fn read(visit: &Visit<'_>, assertion: &str) -> Result<Claims, Refused> {
    let bad = || refused("invalid_grant", "invalid assertion");
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(bad)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| bad())?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| bad())?;
    let payload = signed
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .ok_or_else(bad)?;
    let claims: Value = serde_json::from_slice(&payload).map_err(|_| bad())?;
    if expires(&claims["exp"]).saturating_mul(1_000) < visit.now_ms {
        return Err(refused("invalid_grant", "expired assertion"));
    }
    let audiences = match &claims["aud"] {
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        one => Vec::from_iter(one.as_str()),
    };
    if !audiences.iter().any(|audience| is_ours(visit, audience)) {
        return Err(refused("invalid_grant", "Audience validation failed"));
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    Ok(Claims {
        consumer_key: text("iss"),
        username: text("sub"),
    })
}

fn expires(exp: &Value) -> i64 {
    let whole = exp.as_i64().or_else(|| Some(exp.as_f64()? as i64));
    let text = || exp.as_str()?.trim().parse().ok();
    whole.or_else(text).unwrap_or(0)
}

/// A login host, the org's own, or the one that was asked, with or without scheme and path.
fn is_ours(visit: &Visit<'_>, audience: &str) -> bool {
    let host = bare_host(audience);
    let own = [
        "login.salesforce.com",
        "test.salesforce.com",
        visit.host.as_str(),
        bare_host(visit.base_url),
        bare_host(visit.public_url.unwrap_or(visit.base_url)),
    ];
    own.iter().any(|own| own.eq_ignore_ascii_case(host))
}

fn bare_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}
