//! What became of a text whose sending was cut off: the carrier is asked what it has, never sent it again.

use crate::Messaging;
use crate::error::Result;
use crate::load_message;
use crate::outcome::{Outcome, conclude};
use serde::{Deserialize, Serialize};
use tieline_channels::{CarrierError, CarrierText, Sought};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::attempt::Attempt;
use tieline_domain::delivery::State;
use tieline_domain::id::MessageId;
use tieline_domain::job::{JobKind, Party};
use tieline_storage::job::{self, ClaimedJob, NewJob};
use tieline_storage::{Tx, attempt, carrier_account, conversation};

/// A text cut off in sending is looked for at the carrier after this long, again and again.
const CONFIRM_AFTER_MS: i64 = 5_000;
/// What the carrier does not list after so many looks, it never got. That takes ten minutes by whichever
/// clock: one that is set makes no look.
const CONFIRM_LOOKS: i64 = 120;

#[derive(Serialize, Deserialize)]
struct ConfirmPayload {
    message_id: MessageId,
    attempt: i64,
}

impl Messaging {
    /// Handles [`JobKind::MessageConfirm`]: looks at the carrier for a text that was cut off in sending.
    pub async fn handle_confirm(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: ConfirmPayload = claimed.payload()?;
        let listing = self.look(&payload).await?;
        let mut tx = self.store.begin(&Actor::system()).await?;
        match listing {
            None => job::finish(&mut tx, claimed).await?,
            Some((open, listing)) => settle(&mut tx, claimed, &open, listing).await?,
        }
        Ok(tx.commit().await?)
    }

    /// What the carrier has that may be the text, while the attempt is open.
    async fn look(&self, payload: &ConfirmPayload) -> Result<Option<(Attempt, Listing)>> {
        let mut reader = self.store.reader().await?;
        let attempts = attempt::load(&mut reader, &[payload.message_id]).await?;
        let mut attempts = attempts.into_values().flatten();
        let open = attempts.find(|it| it.number == payload.attempt && it.state == State::Uncertain);
        let Some(open) = open else { return Ok(None) };
        let message = load_message(&mut reader, payload.message_id).await?;
        let listed =
            conversation::get(&mut reader, &Scope::system(), message.conversation_id).await?;
        let account = carrier_account::by_id(&mut reader, open.account_id).await?;
        let senders = carrier_account::senders_of(&mut reader, open.account_id).await?;
        drop(reader);
        let from = senders.iter().find(|it| Some(it.id) == message.sender_id);
        let listing = match (self.carrier(&account), from) {
            (Some(carrier), Some(from)) => {
                let sought = Sought {
                    to: &listed.address,
                    from: &from.address,
                    text: &message.text,
                    not_before: open.not_before,
                    now: &|| self.store.now(),
                };
                carrier.find(&self.transport, &sought).await
            }
            _ => Err(CarrierError::transient(
                "the secret of its account cannot be opened".to_owned(),
            )),
        };
        Ok(Some((open, listing)))
    }
}

type Listing = std::result::Result<Vec<CarrierText>, CarrierError>;

async fn settle(tx: &mut Tx, claimed: &ClaimedJob, open: &Attempt, listing: Listing) -> Result<()> {
    let texts = listing.as_deref().unwrap_or_default();
    let names: Vec<String> = texts.iter().map(|text| text.provider_id.clone()).collect();
    let known = attempt::load_known(tx, open.account_id, &names).await?;
    let ours = texts.iter().find(|text| !known.contains(&text.provider_id));
    let over = claimed.attempts >= CONFIRM_LOOKS;
    let outcome = match ours {
        Some(text) => Outcome::named(&text.provider_id, text.state, None),
        None if over && listing.is_ok() => Outcome::NotFound,
        None => {
            // After that a carrier that does not let itself be asked is asked ever more rarely.
            let more = claimed.attempts - CONFIRM_LOOKS;
            let wait_ms = match more > 0 {
                true => claimed.kind.retry().delay_ms(more, claimed.chance(), None),
                false => CONFIRM_AFTER_MS,
            };
            let at = tx.now() + wait_ms;
            return Ok(job::retry(tx, claimed, at, "not listed at the carrier yet").await?);
        }
    };
    conclude(tx, open, outcome).await?;
    Ok(job::finish(tx, claimed).await?)
}

/// Asks for a look at the carrier later.
pub(crate) async fn ask_confirm(tx: &mut Tx, open: &Attempt) -> tieline_storage::Result<()> {
    let new = NewJob {
        kind: JobKind::MessageConfirm,
        party: Some(Party::Carrier(open.account_id)),
        key: Some(format!(
            "message.confirm:{}:{}",
            open.message_id, open.number
        )),
        in_line: None,
        payload: ConfirmPayload {
            message_id: open.message_id,
            attempt: open.number,
        },
        run_at: tx.now() + CONFIRM_AFTER_MS,
    };
    job::enqueue(tx, new).await
}
