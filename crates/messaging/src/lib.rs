//! Conversations: receiving, sending, delivery, and what staff do with them.
//!
//! What comes in is taken in batches, one commit for all that queued during the last one. What goes
//! out passes the send gate, is committed with its job, and leaves at most once.

mod attempt;
mod confirm;
pub mod converse;
pub mod error;
mod outcome;
pub mod receive;
pub mod send;
mod take_part;
mod tell;

pub use error::{MessagingError, Result};
pub use receive::Receiver;

use std::sync::Arc;
use tieline_channels::{Carrier, Transport, twilio};
use tieline_domain::carrier::CarrierKind;
use tieline_domain::conversation::{Conversation, Message};
use tieline_domain::delivery::State;
use tieline_domain::id::{CarrierAccountId, MessageId};
use tieline_domain::job::JobKind;
use tieline_domain::time::Timestamp;
use tieline_storage::carrier_account::CarrierAccount;
use tieline_storage::job::{self, NewJob};
use tieline_storage::{Conn, StorageError, Store, Tx, activity, message};

/// Messages that come together are logged together.
const LOG_AFTER_MS: i64 = 2_000;
const DAY_MS: i64 = 86_400_000;

/// Opens the sealed secret of a carrier account; `None` when it was sealed with another key, or for
/// another place.
pub type OpenSecret = Arc<dyn Fn(CarrierAccountId, &[u8]) -> Option<String> + Send + Sync>;

/// What conversations need of the world; cheap to clone.
#[derive(Clone)]
pub struct Messaging {
    /// Where everything is kept.
    pub store: Store,
    /// Carries requests to carriers.
    pub transport: Transport,
    /// Opens carriers' secrets.
    pub open_secret: OpenSecret,
    /// Where carriers reach us; no slash at its end.
    pub public_url: String,
}

/// The carrier of an account, if its secret opens.
pub fn carrier_of(account: &CarrierAccount, open_secret: &OpenSecret) -> Option<Carrier> {
    let token = open_secret(account.id, &account.secret)?;
    Some(match account.carrier {
        CarrierKind::Twilio => Carrier::Twilio(twilio::Account {
            url: account.url.clone(),
            sid: account.account.clone(),
            token,
        }),
    })
}

/// Whether an account has a secret that the keys of this node do not open.
pub fn is_sealed(account: &CarrierAccount, open_secret: &OpenSecret) -> bool {
    !account.secret.is_empty() && open_secret(account.id, &account.secret).is_none()
}

impl Messaging {
    fn carrier(&self, account: &CarrierAccount) -> Option<Carrier> {
        carrier_of(account, &self.open_secret)
    }
}

/// How often something is decided again that lost a race.
const RACES_MAX: usize = 8;

/// Decides again, on what stands then, when somebody else changed or made the same rows meanwhile. What
/// is decided says nothing of the version that its caller saw.
pub(crate) async fn decided<T, F>(act: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for _ in 1..RACES_MAX {
        match act().await {
            Err(MessagingError::Storage(
                StorageError::Conflict(_) | StorageError::Duplicate(_),
            )) => {}
            other => return other,
        }
    }
    act().await
}

/// Asks for the day of conversations to be logged to the org.
pub(crate) async fn ask_logs<'a>(
    tx: &mut Tx,
    conversations: impl IntoIterator<Item = &'a Conversation>,
    at: Timestamp,
) -> tieline_storage::Result<()> {
    activity::mark_waiting(tx, conversations, at.0.div_euclid(DAY_MS)).await?;
    ask_log_job(tx).await
}

/// Asks for the day of a message to be logged anew, if it counts as said where it did not before, or
/// the other way round.
pub(crate) async fn ask_log_again(
    tx: &mut Tx,
    message: &Message,
    was: State,
) -> tieline_storage::Result<()> {
    if message.direction().is_none() || was.said() == message.state.said() {
        return Ok(());
    }
    activity::mark_changed(tx, message, message.at.0.div_euclid(DAY_MS)).await?;
    ask_log_job(tx).await
}

async fn ask_log_job(tx: &mut Tx) -> tieline_storage::Result<()> {
    let new = NewJob {
        kind: JobKind::ActivityLog,
        party: None,
        key: Some(JobKind::ActivityLog.as_str().to_owned()),
        in_line: None,
        payload: (),
        run_at: tx.now() + LOG_AFTER_MS,
    };
    job::enqueue(tx, new).await
}

/// A message that a job names.
pub(crate) async fn load_message(conn: &mut Conn, id: MessageId) -> Result<Message> {
    let found = message::load_by_ids(conn, &[id]).await?.remove(&id);
    Ok(found.ok_or(StorageError::NotFound("message"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::cell::Cell;

    #[test]
    fn what_lost_a_race_is_decided_again_and_not_for_ever() {
        for (races, won) in [
            (0, true),
            (2, true),
            (RACES_MAX - 1, true),
            (RACES_MAX, false),
        ] {
            for lost in [
                StorageError::Conflict("conversation"),
                StorageError::Duplicate("message".to_owned()),
            ] {
                let tries = Cell::new(0);
                let outcome = decided(|| {
                    tries.set(tries.get() + 1);
                    let error = match &lost {
                        StorageError::Duplicate(what) => StorageError::Duplicate(what.clone()),
                        _ => StorageError::Conflict("conversation"),
                    };
                    let outcome = match tries.get() > races {
                        true => Ok(()),
                        false => Err(error.into()),
                    };
                    std::future::ready(outcome)
                });
                let outcome = outcome.now_or_never().expect("nothing waits");
                assert_eq!(outcome.is_ok(), won, "{races} {lost:?}");
                assert_eq!(tries.get(), RACES_MAX.min(races + 1));
            }
        }
        let refused =
            decided(|| std::future::ready(Err::<(), _>(StorageError::NotFound("message").into())));
        assert!(refused.now_or_never().expect("nothing waits").is_err());
    }
}
