//! What the pretend phones and their carrier do: texts come from a phone, errands are run when they
//! are due, and webhooks that nobody answered are sent again.

use super::{Simulator, webhook};
use crate::carrier::{CarrierText, Deed, DeliveryFailure, Errand};
use crate::lock::lock;

/// A webhook that nobody answered is sent again after this long, then later.
const RETRY_MS: i64 = 1_000;
const RETRIES_MAX: u32 = 8;

impl Simulator {
    /// Gives a number a webhook for what is texted to it.
    pub fn provision(&self, number: &str, webhook: &str) {
        lock(&self.world.carrier)
            .numbers
            .insert(number.to_owned(), webhook.to_owned());
    }

    /// Sends a text from a pretend phone; the carrier's name for it.
    pub fn text_from_phone(&self, from: &str, to: &str, body: &str) -> String {
        let mut carrier = lock(&self.world.carrier);
        let at_ms = self.world.carrier_clock.now_ms();
        let sid = carrier.new_sid(at_ms);
        carrier.take(CarrierText {
            sid: sid.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            status: "received".to_owned(),
            direction: "inbound".to_owned(),
            at_ms,
            error_code: None,
            callback: None,
        });
        sid
    }

    /// All texts that the carrier saw, oldest first.
    pub fn texts(&self) -> Vec<CarrierText> {
        lock(&self.world.carrier).texts()
    }

    /// Lets some of the next texts not arrive.
    pub fn plan_delivery_failure(&self, failure: DeliveryFailure) {
        lock(&self.world.carrier).failures.push(failure);
    }

    /// What was planned and is still to come.
    pub fn delivery_failures(&self) -> Vec<DeliveryFailure> {
        let carrier = lock(&self.world.carrier);
        let waiting = carrier.failures.iter().filter(|it| it.times > 0);
        waiting.cloned().collect()
    }

    /// Lets all texts arrive again.
    pub fn clear_delivery_failures(&self) {
        lock(&self.world.carrier).failures.clear();
    }

    /// Whether the carrier refuses texts to a phone that sent STOP to the number they are from, with
    /// 21610, as it does for every account that did not have this switched off. It listens all along.
    pub fn set_keeps_opt_outs(&self, keeps: bool) {
        lock(&self.world.carrier).keeps_opt_outs = keeps;
    }

    /// Does what the carrier has to do by now; how much that was.
    pub async fn step(&self) -> usize {
        let now_ms = self.world.carrier_clock.now_ms();
        let due = lock(&self.world.carrier).take_due(now_ms);
        let count = due.len();
        for errand in due {
            if self.run_errand(&errand).await || errand.attempt >= RETRIES_MAX {
                continue;
            }
            let again = Errand {
                due_ms: now_ms + RETRY_MS * i64::from(errand.attempt + 1),
                attempt: errand.attempt + 1,
                deed: errand.deed,
            };
            lock(&self.world.carrier).errands.push(again);
        }
        count
    }

    /// Whether it is done; otherwise it is tried again.
    async fn run_errand(&self, errand: &Errand) -> bool {
        match &errand.deed {
            Deed::Report { sid, status, error } => {
                let (text, signer) = {
                    let mut carrier = lock(&self.world.carrier);
                    let signer = carrier.auth_token.clone();
                    let Some(text) = carrier.texts.iter_mut().find(|text| text.sid == *sid) else {
                        return true;
                    };
                    text.status = (*status).to_owned();
                    text.error_code = *error;
                    (text.clone(), signer)
                };
                let Some(url) = text.callback.clone() else {
                    return true;
                };
                webhook::post(self, &url, &webhook::report(self, &text), &signer).await
            }
            Deed::HandIn { sid } => {
                let (text, url, signer) = {
                    let carrier = lock(&self.world.carrier);
                    let Some(text) = carrier.texts.iter().find(|text| text.sid == *sid).cloned()
                    else {
                        return true;
                    };
                    let Some(url) = carrier.numbers.get(&text.to).cloned() else {
                        return true;
                    };
                    (text, url, carrier.auth_token.clone())
                };
                webhook::post(self, &url, &webhook::hand_in(self, &text), &signer).await
            }
        }
    }
}
