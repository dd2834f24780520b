//! What is fixed about a route: its address, who may call it, how it may refuse.

use crate::face::Face;
use crate::problem::Code;
use tieline_domain::access::Right;

/// One route, for the description and for tests.
#[derive(Debug, Clone, Copy)]
pub struct RouteInfo {
    /// `get`, …
    pub method: &'static str,
    /// With `{parameters}`.
    pub path: &'static str,
    /// Where it is shown, which says what its caller must show.
    pub face: Face,
    /// The right that it takes; none where whoever is let in may call it.
    pub right: Option<Right>,
    /// What it does.
    pub summary: &'static str,
    /// How it may refuse, beside what its policy and its handler's arguments say.
    pub(crate) codes: &'static [Code],
}
