//! Webhooks of carriers: the signature first, then the form, and an answer once it is durable.

use crate::accounts::{Account, Door, Opened};
use crate::answer::NoContent;
use crate::extract::{Body, Path};
use crate::problem::{Code, Problem, Result};
use crate::readiness::KEY_MISSING_FIX;
use crate::state::{WEBHOOK_PATIENCE, WebState};
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use tieline_channels::form::Form;
use tieline_channels::{Carrier, FormError};
use tieline_domain::address;
use tieline_domain::carrier::ProviderId;
use tieline_domain::id::{CarrierAccountId, InboxId, InvalidId, MessageId};
use tieline_domain::receive::{Inbound, Unassigned};
use tieline_messaging::receive::{Input, StatusReport};

/// Twilio's "no answer": an empty document.
const NO_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";

pub(crate) async fn inbound(
    state: State<WebState>,
    Path(account): Path<CarrierAccountId>,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    take_text(state, Door::Account(account), uri, headers, body).await
}

pub(crate) async fn inbound_of_inbox(
    state: State<WebState>,
    Path(inbox): Path<InboxId>,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    take_text(state, Door::Inbox(inbox), uri, headers, body).await
}

pub(crate) async fn status(
    state: State<WebState>,
    Path(account): Path<CarrierAccountId>,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<NoContent> {
    take_report(state, Door::Account(account), uri, headers, body).await
}

pub(crate) async fn status_of_inbox(
    state: State<WebState>,
    Path(inbox): Path<InboxId>,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<NoContent> {
    take_report(state, Door::Inbox(inbox), uri, headers, body).await
}

async fn take_text(
    State(state): State<WebState>,
    door: Door,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response> {
    let mut signed = verified(&state, door, &uri, &headers, &body).await?;
    let (account, carrier) = signed.account();
    let text = carrier.read_text(&signed.form).map_err(bad_form)?;
    // A number may have been given to an inbox a moment ago.
    let foreign = text.account.as_ref().is_some_and(|it| *it != account.name);
    if !foreign && account.number(&text.to).is_none() {
        signed = signed.again(&state, door).await?;
    }
    let (account, _) = signed.account();
    let input = match account.number(&text.to).filter(|_| !foreign) {
        Some(number) => Input::Text(Inbound {
            inbox_id: number.inbox_id,
            sender_id: number.sender_id,
            address: address::of_sender(&text.from, &number.country),
            text: text.text,
            provider_id: ProviderId {
                account_id: account.id,
                name: text.provider_id,
            },
        }),
        // The carrier does not come back: what it signed is kept, whoever it is for.
        None => Input::Unassigned(Unassigned {
            sender: account.kept(&text.from),
            account: text.account.unwrap_or_default(),
            provider_id: text.provider_id,
            addressee: text.to,
            text: text.text,
        }),
    };
    state.receiver.receive(input).await?;
    Ok((StatusCode::OK, [("content-type", "text/xml")], NO_REPLY).into_response())
}

async fn take_report(
    State(state): State<WebState>,
    door: Door,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<NoContent> {
    let signed = verified(&state, door, &uri, &headers, &body).await?;
    let (account, carrier) = signed.account();
    let report = carrier.read_report(&signed.form).map_err(bad_form)?;
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let message_id: MessageId =
        query
            .get("message")
            .unwrap_or_default()
            .parse()
            .map_err(|error: InvalidId| {
                Problem::field(
                    "message",
                    error.to_string(),
                    "call back where the hub asked to",
                )
            })?;
    let input = Input::Status(StatusReport {
        account_id: account.id,
        message_id,
        attempt: query.get("attempt").and_then(|number| number.parse().ok()),
        report,
    });
    state.receiver.receive(input).await?;
    Ok(NoContent)
}

/// A form that an account's carrier signed.
struct Signed {
    opened: Opened,
    account: usize,
    carrier: Carrier,
    form: Form,
}

impl Signed {
    fn account(&self) -> (&Account, &Carrier) {
        (&self.opened.accounts[self.account], &self.carrier)
    }

    /// The same with the account as it stands now.
    async fn again(self, state: &WebState, door: Door) -> Result<Signed> {
        let id = self.opened.accounts[self.account].id;
        let opened = read_accounts(state, door).await?;
        match opened.accounts.iter().position(|it| it.id == id) {
            Some(account) => Ok(Signed {
                opened,
                account,
                ..self
            }),
            None => Ok(self),
        }
    }
}

/// The form of a webhook, if the carrier of an account of its door signed it.
async fn verified(
    state: &WebState,
    door: Door,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Signed> {
    let form = Form::parse(body);
    let given = headers
        .get("x-twilio-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let url = format!("{}{path}", state.public_url);
    let signer = |opened: &Opened| {
        let mut accounts = opened.accounts.iter().enumerate();
        accounts.find_map(|(place, account)| {
            let carrier = account.carrier.clone()?;
            carrier
                .verify(&url, &form, given)
                .then_some((place, carrier))
        })
    };
    let known = state.accounts.known(door);
    let (opened, found) = match known.map(|opened| (signer(&opened), opened)) {
        Some((Some(found), opened)) => (opened, Some(found)),
        _ => {
            let opened = read_accounts(state, door).await?;
            let found = signer(&opened);
            (opened, found)
        }
    };
    if let Some((account, carrier)) = found {
        return Ok(Signed {
            opened,
            account,
            carrier,
            form: form.clean(),
        });
    }
    Err(unsigned(state, door, &opened))
}

/// Whose signature fits no account of the door. A carrier does not come back from a refusal, so that a node
/// which cannot check refuses nothing: another node has the key, or this one will.
fn unsigned(state: &WebState, door: Door, opened: &Opened) -> Problem {
    if opened.accounts.iter().any(|account| account.is_sealed) {
        tracing::error!(door = ?door, "a webhook cannot be checked, because the secret of its carrier account does not open; {KEY_MISSING_FIX}");
        return Problem::new(
            Code::NotStored,
            "the signature cannot be checked at this moment",
        )
        .fix("Send it again.");
    }
    state.metrics.refuse_webhook();
    tracing::warn!(security.event = "wrong_signature", door = ?door, "a webhook is not signed by the carrier of its account");
    Problem::new(Code::WrongSignature, "the signature does not fit the request")
        .fix("Check the auth token of the account, and that public_url is the address given to the carrier.")
}

/// The accounts of a door as they stand now.
async fn read_accounts(state: &WebState, door: Door) -> tieline_storage::Result<Opened> {
    let store = state.store.patient(WEBHOOK_PATIENCE);
    state.accounts.read(&store, &state.open_secret, door).await
}

fn bad_form(error: FormError) -> Problem {
    let fix = "send the form as Twilio's documentation describes it";
    Problem::field(error.field, error.problem, fix)
}
