//! What is planned to go wrong between a change and its subscribers.

/// What is planned.
#[derive(Clone, Default)]
pub(crate) struct Mishaps {
    /// Objects whose next change arrives as a gap event.
    pub gaps: Vec<String>,
    /// Objects whose next change never arrives.
    pub drops: Vec<String>,
    /// Transactions that will report an overflow.
    pub overflows: usize,
    /// How late events are.
    pub late_ms: i64,
    /// Events that the next subscriber with a stored id sees again.
    pub again: usize,
}

impl Mishaps {
    /// Whether this object's turn has come; it comes once.
    pub fn fires(planned: &mut Vec<String>, object: &str) -> bool {
        let at = planned.iter().position(|name| name == object);
        at.map(|at| planned.remove(at)).is_some()
    }
}
