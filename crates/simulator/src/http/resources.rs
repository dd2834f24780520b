//! The resources that answer a request of their own as well as a subrequest of the composite ones.

use super::ask::{Answer, Ask};
use super::{collections, limits, list_views, query, search, sobjects};
use crate::org::ApiError;
use crate::simulator::Simulator;

/// One match over the path.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>) -> Answer {
    let found = match ask.path.as_slice() {
        ["limits", rest @ ..] => limits::answer(simulator, ask, rest),
        ["query" | "queryAll", rest @ ..] => query::answer(simulator, ask, rest),
        ["sobjects", rest @ ..] => sobjects::answer(simulator, ask, rest),
        ["composite", "sobjects", rest @ ..] => collections::answer(simulator, ask, rest),
        ["search"] => search::sosl(simulator, ask),
        ["search", ..] => Err(Answer::not_implemented(
            "search suggestions and layouts yet",
        )),
        ["parameterizedSearch"] => search::parameterized(simulator, ask),
        ["recent"] => list_views::recent(simulator, ask),
        _ => Err(ApiError::not_found().into()),
    };
    found.unwrap_or_else(|refusal| refusal)
}
