//! The first Bulk API, which old loaders still speak. This org does not have it, and says so in that
//! API's own form of errors, so that such a loader shows the reason instead of stumbling over it.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;

const CODE: &str = "FeatureNotEnabled";
const REASON: &str = "Bulk API 1 is not supported by the simulator; use Bulk API 2.0 under jobs/ingest and jobs/query";
const NAMESPACE: &str = "http://www.force.com/2009/06/asyncapi/dataload";

/// The answer to everything under `/services/async`.
pub(in crate::http) async fn refuse(headers: HeaderMap) -> Response {
    let is_json = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("json"))
    };
    let (kind, body) = match is_json("content-type") || is_json("accept") {
        true => {
            let body = json!({"exceptionCode": CODE, "exceptionMessage": REASON});
            ("application/json;charset=UTF-8", body.to_string())
        }
        false => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error xmlns=\"{NAMESPACE}\">\
                 <exceptionCode>{CODE}</exceptionCode>\
                 <exceptionMessage>{REASON}</exceptionMessage></error>"
            );
            ("application/xml", body)
        }
    };
    (StatusCode::NOT_IMPLEMENTED, [("content-type", kind)], body).into_response()
}
