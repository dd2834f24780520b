//! A carrier, and the five things that we ask of one.

use crate::error::{CarrierError, FormError};
use crate::form::Form;
use crate::text::{CarrierText, InboundText, OutboundText, Sought};
use crate::{Transport, twilio};
use tieline_domain::attempt::Report;

/// An account at a carrier, able to send and to tell what the carrier signed.
#[derive(Clone)]
pub enum Carrier {
    /// Twilio, and carriers that speak as it does.
    Twilio(twilio::Account),
}

impl Carrier {
    /// Hands a text to the carrier, once.
    pub async fn send(
        &self,
        transport: &Transport,
        text: &OutboundText<'_>,
    ) -> Result<CarrierText, CarrierError> {
        match self {
            Carrier::Twilio(account) => twilio::outbound::send(transport, account, text).await,
        }
    }

    /// The texts that may be the one whose sending was cut off, the oldest first: same numbers, same
    /// words, not older than its sending.
    pub async fn find(
        &self,
        transport: &Transport,
        sought: &Sought<'_>,
    ) -> Result<Vec<CarrierText>, CarrierError> {
        match self {
            Carrier::Twilio(account) => twilio::find::find(transport, account, sought).await,
        }
    }

    /// Reads a text that came in.
    pub fn read_text(&self, form: &Form) -> Result<InboundText, FormError> {
        match self {
            Carrier::Twilio(_) => twilio::inbound::read(form),
        }
    }

    /// Reads what became of a text of ours.
    pub fn read_report(&self, form: &Form) -> Result<Report, FormError> {
        match self {
            Carrier::Twilio(_) => twilio::status::read(form),
        }
    }

    /// Whether this account's carrier sent a form. `url` is the public address of the webhook as it was
    /// given to the carrier, never what a Host header says.
    pub fn verify(&self, url: &str, form: &Form, signature: &str) -> bool {
        match self {
            Carrier::Twilio(account) => {
                twilio::signature::is_valid(&account.token, url, form, signature)
            }
        }
    }
}
