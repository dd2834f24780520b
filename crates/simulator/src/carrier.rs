//! A pretend phone carrier that speaks Twilio's API: it takes texts, reports what became of them,
//! and hands in what the pretend phones send. Its queue moves by the injected clock.

mod failure;
mod opt_out;

pub use failure::{DeliveryError, DeliveryFailure};

use crate::seeded::Seeded;
use opt_out::OptOuts;
use serde::Serialize;
use std::collections::BTreeMap;

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

    /// What is due by now, the earliest first; it is taken off the list.
    pub fn take_due(&mut self, now_ms: i64) -> Vec<Errand> {
        let (due, later): (Vec<Errand>, Vec<Errand>) = std::mem::take(&mut self.errands)
            .into_iter()
            .partition(|errand| errand.due_ms <= now_ms);
        self.errands = later;
        let mut due = due;
        due.sort_by_key(|errand| errand.due_ms);
        due
    }
}
