//! When a run that failed is followed by another, and what people are told of it.

use crate::error::SyncError;
use tieline_domain::job::Retry;
use tieline_domain::time::Timestamp;
use tieline_org::OrgError;
use tieline_salesforce::{ApiError, Error};
use tieline_storage::sync_run::RunError;

/// Who waits for an org that is away hears of its return within the longest of these waits, unless
/// the org asks for more. Such work is never given up.
const AWAY: Retry = Retry {
    first_ms: 4_000,
    longest_ms: 15_000,
    failures_max: i64::MAX,
};
/// Calls fall out of an org's 24 hours by and by.
const LIMIT_MS: i64 = 10 * 60_000;

/// When to try again after so many failures in a row; `None` when only a person can help. `chance`
/// spreads those that failed together.
pub(crate) fn after(
    error: &SyncError,
    failures: i64,
    chance: u64,
    now: Timestamp,
) -> Option<Timestamp> {
    let asked_ms = match error {
        SyncError::Salesforce(error) | SyncError::Org(OrgError::Salesforce(error)) => {
            error.asked_ms()
        }
        _ => None,
    };
    let soon = Some(now + AWAY.delay_ms(failures, chance, asked_ms));
    match error {
        SyncError::Salesforce(error) | SyncError::Org(OrgError::Salesforce(error)) => match error {
            Error::LimitReached(_) => Some(now + LIMIT_MS),
            Error::BudgetSpent { until_ms } => Some(Timestamp(*until_ms)),
            // Not carried out, or looked for before it is sent again.
            Error::Unreachable(_)
            | Error::Uncertain(_)
            | Error::Unexpected(_)
            | Error::Local(_) => soon,
            Error::Refused { errors, .. } if errors.iter().any(ApiError::is_retryable) => soon,
            Error::Refused { .. } | Error::SignInNeeded { .. } | Error::Invalid(_) => None,
        },
        SyncError::Storage(error) | SyncError::Org(OrgError::Storage(error)) => {
            soon.filter(|_| !error.is_permanent())
        }
        SyncError::Running | SyncError::Stopping => soon,
        SyncError::Org(_) | SyncError::Field(_) | SyncError::Cancelled => None,
    }
}

/// Why a run failed, for people, and what they can do.
pub(crate) fn explain(error: &SyncError, again_at: Option<Timestamp>) -> RunError {
    let fix = match error {
        SyncError::Salesforce(Error::SignInNeeded { .. }) => {
            "Connect the org again under Settings."
        }
        SyncError::Salesforce(Error::LimitReached(_)) => {
            "Nothing is lost: it goes on by itself once older calls have fallen out of the last 24 hours."
        }
        SyncError::Salesforce(Error::Uncertain(_)) => {
            "Nothing to do: the next run starts by itself and looks for the records before it sends them again."
        }
        SyncError::Salesforce(Error::Refused { .. }) if again_at.is_none() => {
            "Check the running user's rights in Salesforce, then start again."
        }
        _ if again_at.is_some() => {
            "Nothing to do: the next run starts by itself and goes on where this one stopped."
        }
        _ => "Start again; if it fails again, look into the log of the server.",
    };
    RunError {
        text: error.to_string(),
        fix: fix.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_salesforce::Transient;
    use tieline_storage::StorageError;

    #[test]
    fn what_may_pass_is_tried_again_and_what_cannot_is_left_to_people() {
        let away = || SyncError::Salesforce(Error::Unreachable("status 503".into()));
        let asked = |seconds: i64| {
            let transient = Transient {
                why: "status 503".to_owned(),
                asked_ms: Some(seconds * 1_000),
            };
            SyncError::Salesforce(Error::Unreachable(transient))
        };
        let refused = |code: &str| {
            let error = ApiError {
                message: String::new(),
                code: code.to_owned(),
                fields: Vec::new(),
            };
            SyncError::Salesforce(Error::Refused {
                status: 400,
                errors: vec![error],
            })
        };
        let cases = [
            (away(), 1, Some(2_000)),
            (away(), 2, Some(4_000)),
            (away(), 90, Some(7_500)),
            (asked(90), 1, Some(90_000)),
            (asked(1), 1, Some(2_000)),
            (asked(86_400), 1, Some(3_600_000)),
            (refused("UNABLE_TO_LOCK_ROW"), 1, Some(2_000)),
            (refused("INSUFFICIENT_ACCESS"), 1, None),
            (
                SyncError::Salesforce(Error::LimitReached(String::new())),
                1,
                Some(600_000),
            ),
            (
                SyncError::Salesforce(Error::Uncertain("cut off".into())),
                1,
                Some(2_000),
            ),
            (
                StorageError::Unavailable(String::new()).into(),
                1,
                Some(2_000),
            ),
            (StorageError::Database(String::new()).into(), 1, None),
            (
                SyncError::Salesforce(Error::BudgetSpent { until_ms: 77 }),
                9,
                Some(77),
            ),
            (SyncError::Cancelled, 1, None),
        ];
        for (error, failures, wait_ms) in cases {
            let at = after(&error, failures, 0, Timestamp(0));
            assert_eq!(at, wait_ms.map(Timestamp), "{error} after {failures}");
        }
    }

    #[test]
    fn what_people_can_do_is_told_by_what_went_wrong_and_whether_it_goes_on_by_itself() {
        let refused = || {
            SyncError::Salesforce(Error::Refused {
                status: 403,
                errors: Vec::new(),
            })
        };
        let signed_out = SyncError::Salesforce(Error::SignInNeeded {
            code: "invalid_grant".to_owned(),
            description: "expired".to_owned(),
        });
        let limit = SyncError::Salesforce(Error::LimitReached("planned".to_owned()));
        let uncertain = || SyncError::Salesforce(Error::Uncertain("cut off".into()));
        let broken = || SyncError::from(StorageError::Database("disk full".to_owned()));
        let later = Some(Timestamp(7));
        for (error, again_at, fix) in [
            (signed_out, None, "Connect the org again"),
            (
                limit,
                later,
                "Nothing is lost: it goes on by itself once older calls",
            ),
            (
                uncertain(),
                later,
                "Nothing to do: the next run starts by itself and looks for",
            ),
            (refused(), None, "Check the running user's rights"),
            (
                refused(),
                later,
                "Nothing to do: the next run starts by itself and goes on",
            ),
            (
                broken(),
                later,
                "Nothing to do: the next run starts by itself and goes on",
            ),
            (broken(), None, "Start again"),
        ] {
            let told = explain(&error, again_at);
            assert_eq!(told.text, error.to_string());
            assert!(told.fix.starts_with(fix), "{error}: {}", told.fix);
        }
    }
}
