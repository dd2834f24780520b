//! How an org and the hub stand, in a word: nothing is said to be in step that was not compared.

use crate::words::words;

words! {
    /// Org and hub in a word; what stands first is said where several hold.
    #[cfg_attr(feature = "schema", schema(as = SyncState))]
    Standing {
        /// A run is going on.
        Running = "running",
        /// Nothing was compared yet.
        Never = "never",
        /// The org does not answer, or does not let Tieline in; runs wait for it.
        Waiting = "waiting",
        /// The last run failed.
        Failed = "failed",
        /// A run was stopped before it had read all; the next goes on from there.
        Stopped = "stopped",
        /// Both sides changed a field, and somebody must decide.
        ToDecide = "to_decide",
        /// Changes wait to go to the org.
        Behind = "behind",
        /// As of the last run that came to its end, both sides hold the same.
        InStep = "in_step",
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Done,
    Cancelled,
    Failed,
}

/// What the word follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub is_running: bool,
    /// How the last run ended, if one did.
    pub last: Option<Ended>,
    /// Whether the org answers and lets Tieline in.
    pub is_connected: bool,
    /// Whether each object that is read has been read to its end once.
    pub is_read: bool,
    /// Records with a field to decide.
    pub to_decide: i64,
    /// Records that lack a change made here, and contacts that wait for a record.
    pub to_send: i64,
}

/// The word for these facts.
pub fn standing(facts: &Facts) -> Standing {
    match facts.last {
        _ if facts.is_running => Standing::Running,
        None => Standing::Never,
        _ if !facts.is_connected => Standing::Waiting,
        Some(Ended::Failed) => Standing::Failed,
        Some(Ended::Cancelled) => Standing::Stopped,
        _ if !facts.is_read => Standing::Stopped,
        _ if facts.to_decide > 0 => Standing::ToDecide,
        _ if facts.to_send > 0 => Standing::Behind,
        Some(Ended::Done) => Standing::InStep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_step_is_what_was_compared_to_the_end_with_nothing_left_to_do() {
        const WELL: Facts = Facts {
            is_running: false,
            last: Some(Ended::Done),
            is_connected: true,
            is_read: true,
            to_decide: 0,
            to_send: 0,
        };
        type Change = fn(&mut Facts);
        let cases: [(Change, Standing); 9] = [
            (|_| {}, Standing::InStep),
            (|it| it.to_send = 1, Standing::Behind),
            (|it| (it.to_send, it.to_decide) = (1, 1), Standing::ToDecide),
            (|it| it.is_read = false, Standing::Stopped),
            (|it| it.last = Some(Ended::Cancelled), Standing::Stopped),
            (|it| it.last = Some(Ended::Failed), Standing::Failed),
            (
                |it| (it.last, it.is_connected) = (Some(Ended::Failed), false),
                Standing::Waiting,
            ),
            (
                |it| (it.last, it.is_connected) = (None, false),
                Standing::Never,
            ),
            (
                |it| (it.last, it.is_running) = (None, true),
                Standing::Running,
            ),
        ];
        for (change, word) in cases {
            let mut facts = WELL;
            change(&mut facts);
            assert_eq!(standing(&facts), word, "{facts:?}");
        }
    }
}
