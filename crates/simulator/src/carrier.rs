//! A pretend phone carrier that speaks Twilio's API: it takes texts, reports what became of them,
//! and hands in what the pretend phones send. Its queue moves by the injected clock.

pub(crate) mod api;
pub(crate) mod pages;
mod webhook;

use crate::seeded::Seeded;
use crate::simulator::{Simulator, lock};
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
    Report { sid: String, status: &'static str },
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
            random: Seeded::new(seed, "carrier"),
        }
    }

    /// All texts, oldest first.
    pub fn texts(&self) -> Vec<CarrierText> {
        self.texts.clone()
    }

    pub fn take(&mut self, text: CarrierText) {
        let sid = text.sid.clone();
        let at = text.at_ms;
        let outbound = text.direction == "outbound-api";
        self.texts.push(text);
        if outbound {
            let sent = at + 40 + self.delay(80);
            let delivered = sent + 100 + self.delay(300);
            self.errand(
                sent,
                Deed::Report {
                    sid: sid.clone(),
                    status: "sent",
                },
            );
            self.errand(
                delivered,
                Deed::Report {
                    sid,
                    status: "delivered",
                },
            );
        } else {
            self.errand(at, Deed::HandIn { sid });
        }
    }

    pub fn new_sid(&mut self) -> String {
        format!(
            "SM{:016x}{:016x}",
            self.random.next_u64(),
            self.random.next_u64()
        )
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
        let sid = carrier.new_sid();
        carrier.take(CarrierText {
            sid: sid.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            status: "received".to_owned(),
            direction: "inbound".to_owned(),
            at_ms: self.world.clock.now_ms(),
            callback: None,
        });
        sid
    }

    /// All texts that the carrier saw, oldest first.
    pub fn texts(&self) -> Vec<CarrierText> {
        lock(&self.world.carrier).texts()
    }

    /// When the carrier has something to do next, in epoch milliseconds.
    pub fn next_errand_ms(&self) -> Option<i64> {
        lock(&self.world.carrier)
            .errands
            .iter()
            .map(|errand| errand.due_ms)
            .min()
    }

    /// Does what the carrier has to do by now; how much that was.
    pub async fn step(&self) -> usize {
        let now_ms = self.world.clock.now_ms();
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
            Deed::Report { sid, status } => {
                let (text, signer) = {
                    let mut carrier = lock(&self.world.carrier);
                    let signer = carrier.auth_token.clone();
                    let Some(text) = carrier.texts.iter_mut().find(|text| text.sid == *sid) else {
                        return true;
                    };
                    text.status = (*status).to_owned();
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
