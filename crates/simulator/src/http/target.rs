//! What the URL of a request to the REST API holds: version, segments and parameters.

use crate::org::ApiError;
use std::collections::BTreeMap;

pub(super) const VERSIONS: std::ops::RangeInclusive<u32> = 31..=67;
/// Versions that existed and were switched off.
const RETIRED: std::ops::RangeInclusive<u32> = 21..=30;

/// Version and segments of a path such as `/services/data/v62.0/sobjects/Contact`. A slash at its
/// end changes nothing; two in a row lead nowhere.
pub(super) fn split_path(path: &str) -> Result<(&str, Vec<&str>), ApiError> {
    let path = path.strip_prefix("/services/data/");
    let path = path.ok_or_else(ApiError::not_found)?;
    let (version, rest) = path.split_once('/').unwrap_or((path, ""));
    let number = version.strip_prefix('v').unwrap_or_default();
    let major = number.strip_suffix(".0").and_then(|m| m.parse().ok());
    match major {
        Some(major) if VERSIONS.contains(&major) => {}
        Some(major) if RETIRED.contains(&major) => return Err(ApiError::retired_version(number)),
        _ => return Err(ApiError::not_found()),
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() {
        return Ok((number, Vec::new()));
    }
    let segments: Vec<&str> = rest.split('/').collect();
    match segments.iter().any(|segment| segment.is_empty()) {
        true => Err(ApiError::not_found()),
        false => Ok((number, segments)),
    }
}

/// The parameters of a URL; one that stands there several times is a list with commas.
pub(super) fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match all.get_mut(name.as_ref()) {
            Some(known) => *known = format!("{known},{value}"),
            None => drop(all.insert(name.into_owned(), value.into_owned())),
        }
    }
    all
}
