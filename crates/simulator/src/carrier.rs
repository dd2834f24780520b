//! A pretend phone carrier that speaks Twilio's API: it takes texts, reports what became of them,
//! and hands in what the pretend phones send. Its queue moves by the injected clock.

pub(crate) mod api;
mod failure;
mod opt_out;
pub(crate) mod pages;
mod webhook;

pub use failure::{DeliveryError, DeliveryFailure};

use crate::seeded::Seeded;
use crate::simulator::{Simulator, lock};
use opt_out::OptOuts;
use serde::Serialize;
use std::collections::BTreeMap;

/// A webhook that nobody answered is sent again after this long, then later.
const RETRY_MS: i64 = 1_000;
const RETRIES_MAX: u32 = 8;

/// A text as the carrier has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarrierText {
    /// `SM…`.
    pub sid: String,
    /// Who sent it.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What it says.
    pub body: String,
    /// Twilio's word.
    pub status: String,
    /// `inbound` or `outbound-api`.
    pub direction: String,
    /// When the carrier got it, in epoch milliseconds.
    pub at_ms: i64,
    /// Why it did not arrive.
    pub error_code: Option<DeliveryError>,
    #[serde(skip)]
    pub(crate) callback: Option<String>,
}

/// Something that the carrier will do.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    pub due_ms: i64,
    pub attempt: u32,
    pub deed: Deed,
}

#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// A text moves to its next state, and its sender hears of it.
    Report {
        sid: String,
        status: &'static str,
        error: Option<DeliveryError>,
    },
    /// A text of a phone is handed in.
    HandIn { sid: String },
}

pub(crate) struct Carrier {
    pub account_sid: String,
    pub auth_token: String,
    /// Our customers' numbers and their webhooks.
    pub numbers: BTreeMap<String, String>,
    pub texts: Vec<CarrierText>,
    pub errands: Vec<Errand>,
    pub failures: Vec<DeliveryFailure>,
    /// Whether STOP from a phone makes the carrier refuse further texts to it.
    pub keeps_opt_outs: bool,
    pub opt_outs: OptOuts,
    random: Seeded,
}

impl Carrier {
    pub fn new(seed: u64, secret: &mut impl FnMut(&str) -> String) -> Carrier {
        Carrier {
            account_sid: secret("AC"),
            auth_token: secret(""),
            numbers: BTreeMap::new(),
            texts: Vec::new(),
            errands: Vec::new(),
            failures: Vec::new(),
            keeps_opt_outs: false,
            opt_outs: OptOuts::default(),
            random: Seeded::new(seed, "carrier"),
        }
    }

    /// All texts, oldest first.
    pub fn texts(&self) -> Vec<CarrierText> {
        self.texts.clone()
    }

    pub fn take(&mut self, text: CarrierText) {
        if text.direction == "outbound-api" {
            self.hand_on(&text);
        } else {
            self.opt_outs.hear(&text.from, &text.to, &text.body);
            let sid = text.sid.clone();
            self.errand(text.at_ms, Deed::HandIn { sid });
        }
        self.texts.push(text);
    }

    /// Plans what will be reported of a text on its way to a phone.
    fn hand_on(&mut self, text: &CarrierText) {
        let report = |status, error| Deed::Report {
            sid: text.sid.clone(),
            status,
            error,
        };
        let sent = text.at_ms + 40 + self.delay(80);
        let ended = sent + 100 + self.delay(300);
        let failure = failure::next(&mut self.failures, &text.to);
        if failure.as_ref().is_none_or(|it| !it.failed) {
            self.errand(sent, report("sent", None));
        }
        let status = failure.as_ref().map_or("delivered", |it| it.status());
        let error = failure.map(|it| it.error_code);
        self.errand(ended, report(status, error));
    }

    /// A name for a text; another one in another life of the same world, at another time.
    pub fn new_sid(&mut self, now_ms: i64) -> String {
        format!("SM{now_ms:016x}{:016x}", self.random.next_u64())
    }

    fn delay(&mut self, up_to_ms: u64) -> i64 {
        self.random.below(up_to_ms) as i64
    }

    fn errand(&mut self, due_ms: i64, deed: Deed) {
        self.errands.push(Errand {
            due_ms,
            attempt: 0,
            deed,
        });
    }

    fn take_due(&mut self, now_ms: i64) -> Vec<Errand> {
        let (due, later): (Vec<Errand>, Vec<Errand>) = std::mem::take(&mut self.errands)
            .into_iter()
            .partition(|errand| errand.due_ms <= now_ms);
        self.errands = later;
        let mut due = due;
        due.sort_by_key(|errand| errand.due_ms);
        due
    }
}

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
