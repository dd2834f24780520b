//! The Sforce headers, read in one place: what a caller asks for besides the resource.

use crate::org::{ApiError, Call, RecordId};
use http::HeaderMap;

/// How a planned failure of one row travels from the fault to the record; taken off what clients send.
pub(super) const LOCKED_ROW: &str = "x-simulator-locked-row";
/// The same for a share of the rows: percent and seed.
pub(super) const LOCKED_RATE: &str = "x-simulator-locked-rate";

/// The call that a user's request makes.
pub(super) fn call_of(user: RecordId, version: &str, headers: &HeaderMap) -> Call {
    const DUPLICATES: &str = "sforce-duplicate-rule-header";
    let says = |header: &str, key: &str, value: &str| {
        option(headers, header, key).is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let locked = text(headers, LOCKED_ROW).and_then(|value| value.parse().ok());
    let rate = text(headers, LOCKED_RATE).and_then(|value| value.split_once(' '));
    let contention = rate.and_then(|(p, seed)| Some((p.parse().ok()?, seed.parse().ok()?)));
    let assign = text(headers, "sforce-auto-assign");
    Call {
        client: client_name(headers),
        version: version.to_owned(),
        refuse: locked.map(|position: usize| (position, ApiError::locked_row())),
        contention,
        allow_duplicate_save: says(DUPLICATES, "allowSave", "true"),
        include_duplicate_details: says(DUPLICATES, "includeRecordDetails", "true"),
        auto_assign: !assign.is_some_and(|value| value.trim().eq_ignore_ascii_case("false")),
        update_recently_viewed: says("sforce-mru", "updateMru", "true"),
        ..Call::of(user)
    }
}

/// `client=` of Sforce-Call-Options.
pub(super) fn client_name(headers: &HeaderMap) -> Option<String> {
    option(headers, "sforce-call-options", "client")
}

/// `batchSize=` of Sforce-Query-Options.
pub(super) fn batch_size(headers: &HeaderMap) -> Option<usize> {
    option(headers, "sforce-query-options", "batchSize")?
        .parse()
        .ok()
}

/// One of the `key=value` pairs of a header.
fn option(headers: &HeaderMap, header: &str, key: &str) -> Option<String> {
    let pairs = text(headers, header)?.split([',', ';']);
    let mut named = pairs.filter_map(|pair| pair.split_once('='));
    let found = named.find(|(name, _)| name.trim().eq_ignore_ascii_case(key));
    found.map(|(_, value)| value.trim().to_owned())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn headers_become_the_options_of_the_call() {
        let call = |pairs: &[(&'static str, &'static str)]| {
            let user = RecordId::new("005", *b"xx", 1);
            call_of(user, "62.0", &headers(pairs))
        };
        let plain = call(&[]);
        assert!(plain.auto_assign && !plain.allow_duplicate_save && !plain.update_recently_viewed);
        assert!(!call(&[("sforce-auto-assign", "FALSE")]).auto_assign);
        assert!(call(&[("sforce-auto-assign", "01Q000000000001")]).auto_assign);
        let rules = "allowSave=true; includeRecordDetails = TRUE; runAsCurrentUser=true";
        let rules = call(&[("sforce-duplicate-rule-header", rules)]);
        assert!(rules.allow_duplicate_save && rules.include_duplicate_details);
        let named = call(&[(
            "sforce-call-options",
            "defaultNamespace=x, client=Tieline/1",
        )]);
        assert_eq!(named.client.as_deref(), Some("Tieline/1"));
        let cases = [
            ("batchSize=500", Some(500)),
            ("batchsize = 50", Some(50)),
            ("batchSize=-1", None),
            ("500", None),
        ];
        for (value, expected) in cases {
            let found = batch_size(&headers(&[("sforce-query-options", value)]));
            assert_eq!(found, expected, "{value}");
        }
    }
}
