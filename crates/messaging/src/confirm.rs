//! What became of a text whose sending was cut off: the carrier is asked what it has, never sent it again.

use crate::error::Result;
use crate::tell::save_and_tell;
use crate::{EARLIER_ATTEMPT, Messaging};
use serde::{Deserialize, Serialize};
use tieline_channels::CarrierError;
use tieline_channels::twilio::outbound::{Account, CarrierText, list};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_domain::id::{InboxId, MessageId};
use tieline_domain::job::{JobKind, Party};
use tieline_storage::job::{self, ClaimedJob, NewJob};
use tieline_storage::{Tx, conversation, inbox, message};

/// A text cut off in sending is looked for at the carrier after this long, again and again.
const CONFIRM_AFTER_MS: i64 = 5_000;
/// What the carrier does not list by then, it never got.
const CONFIRM_UNTIL_MS: i64 = 10 * 60 * 1_000;

#[derive(Serialize, Deserialize)]
struct ConfirmPayload {
    message_id: MessageId,
    since_ms: i64,
}

impl Messaging {
    /// Handles [`JobKind::MessageConfirm`]: looks at the carrier for a text that was cut off in sending.
    pub async fn handle_confirm(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: ConfirmPayload = claimed.payload()?;
        let mut reader = self.store.reader().await?;
        let message = message::load_by_ids(&mut reader, &[payload.message_id])
            .await?
            .remove(&payload.message_id);
        let Some(message) = message.filter(|message| message.state == State::Uncertain) else {
            drop(reader);
            let mut tx = self.store.begin(&Actor::system()).await?;
            job::finish(&mut tx, claimed).await?;
            return Ok(tx.commit().await?);
        };
        let listed =
            conversation::get(&mut reader, &Scope::system(), message.conversation_id).await?;
        let inbox = inbox::by_id(&mut reader, listed.conversation.inbox_id).await?;
        drop(reader);
        let account = Account {
            url: inbox.carrier_url.clone(),
            sid: inbox.carrier_account.clone(),
            token: (self.open_secret)(inbox.id, &inbox.carrier_secret).unwrap_or_default(),
        };
        let listing = list(&self.transport, &account, &inbox.address, &listed.address).await;
        self.conclude_confirm(claimed, &payload, message, listing)
            .await
    }

    async fn conclude_confirm(
        &self,
        claimed: &ClaimedJob,
        payload: &ConfirmPayload,
        mut message: Message,
        listing: std::result::Result<Vec<CarrierText>, CarrierError>,
    ) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let texts = listing.as_deref().unwrap_or_default();
        let ids: Vec<String> = texts.iter().map(|text| text.provider_id.clone()).collect();
        let mut known = message::load_known_provider_ids(&mut tx, &ids).await?;
        known.extend(message::load_receipts(&mut tx, EARLIER_ATTEMPT, &ids).await?);
        let ours = texts
            .iter()
            .find(|text| text.text == message.text && !known.contains(&text.provider_id));
        let now = tx.now();
        let over = now.0 - payload.since_ms > CONFIRM_UNTIL_MS;
        match ours {
            Some(text) => settle(&mut message, text),
            None if over && listing.is_ok() => {
                message.state = State::Failed;
                let words = "The carrier never got it. Sending it again is safe.";
                message.error = Some(("not_sent".to_owned(), words.to_owned()));
            }
            None => {
                let at = now + CONFIRM_AFTER_MS;
                job::retry(&mut tx, claimed, at, "not listed at the carrier yet").await?;
                return Ok(tx.commit().await?);
            }
        }
        message.state_at = now;
        save_and_tell(&mut tx, &message, State::Uncertain).await?;
        job::finish(&mut tx, claimed).await?;
        Ok(tx.commit().await?)
    }
}

/// Writes down what the carrier says of a text.
pub(crate) fn settle(message: &mut Message, text: &CarrierText) {
    message.provider_id = Some(text.provider_id.clone());
    message.state = message.state.advance(text.state).unwrap_or(message.state);
}

/// Asks for a look at the carrier later.
pub(crate) async fn ask_confirm(
    tx: &mut Tx,
    message_id: MessageId,
    inbox: InboxId,
) -> tieline_storage::Result<()> {
    let now = tx.now();
    let new = NewJob {
        kind: JobKind::MessageConfirm,
        party: Some(Party::Carrier(inbox)),
        key: Some(format!("message.confirm:{message_id}")),
        payload: ConfirmPayload {
            message_id,
            since_ms: now.0,
        },
        run_at: now + CONFIRM_AFTER_MS,
    };
    job::enqueue(tx, new).await
}
