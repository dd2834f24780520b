//! Webhooks of carriers: the signature first, then the form, and an answer once it is durable.

use crate::accounts::Account;
use crate::answer::NoContent;
use crate::extract::{Body, Path};
use crate::problem::{Code, Problem, Result};
use crate::state::{WEBHOOK_PATIENCE, WebState};
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use std::sync::Arc;
use tieline_channels::FormError;
use tieline_channels::form::Form;
use tieline_channels::twilio::inbound::{self, InboundText};
use tieline_channels::twilio::{signature, status as report};
use tieline_domain::address;
use tieline_domain::id::{InboxId, InvalidId, MessageId};
use tieline_domain::receive::{Inbound, Unassigned};
use tieline_messaging::receive::Input;
use tieline_storage::inbox::{self, Inbox};

/// Twilio's "no answer": an empty document.
const NO_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";

pub(crate) async fn inbound(
    State(state): State<WebState>,
    Path(inbox): Path<InboxId>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response> {
    let (account, form) = verified(&state, inbox, &uri, &headers, &body).await?;
    let inbox = &account.inbox;
    let text = inbound::read(&form, &inbox.country).map_err(bad_form)?;
    let input = match addressed(&state, inbox, &text).await? {
        Some(inbox_id) => Input::Text(Inbound {
            inbox_id,
            address: text.from,
            text: text.text,
            provider_id: text.provider_id,
        }),
        // The carrier does not come back: what it signed is kept, whoever it is for.
        None => Input::Unassigned(Unassigned {
            account: text.account.unwrap_or_default(),
            provider_id: text.provider_id,
            sender: text.from,
            addressee: text.to,
            text: text.text,
        }),
    };
    state.receiver.receive(input).await?;
    Ok((StatusCode::OK, [("content-type", "text/xml")], NO_REPLY).into_response())
}

pub(crate) async fn status(
    State(state): State<WebState>,
    Path(inbox): Path<InboxId>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<NoContent> {
    let (_, form) = verified(&state, inbox, &uri, &headers, &body).await?;
    let report = report::read(&form).map_err(bad_form)?;
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let message: MessageId =
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
    let attempt = query.get("attempt").and_then(|number| number.parse().ok());
    state
        .receiver
        .receive(Input::Status(message, attempt, report))
        .await?;
    Ok(NoContent)
}

/// The inbox whose number a text came to: the one that the webhook names, or another one of its account.
async fn addressed(state: &WebState, inbox: &Inbox, text: &InboundText) -> Result<Option<InboxId>> {
    let account = text.account.as_ref();
    if account.is_some_and(|account| *account != inbox.carrier_account) {
        return Ok(None);
    }
    if text.to == inbox.address {
        return Ok(Some(inbox.id));
    }
    let to = address::of_sender(&text.to, &inbox.country);
    let all = inbox::all(&mut *state.store.reader().await?).await?;
    let theirs = all
        .iter()
        .find(|it| it.address == to && it.carrier_account == inbox.carrier_account);
    Ok(theirs.map(|it| it.id))
}

/// The account and form of a webhook that its carrier signed.
async fn verified(
    state: &WebState,
    id: InboxId,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Arc<Account>, Form)> {
    let form = Form::parse(body);
    let given = headers
        .get("x-twilio-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let url = format!("{}{path}", state.public_url);
    let fits = |account: &Account| {
        let secret = account.secret.as_deref();
        secret.is_some_and(|secret| signature::is_valid(secret, &url, &form, given))
    };
    let known = state.accounts.known(id);
    let account = match known.filter(|account| fits(account)) {
        Some(account) => account,
        None => {
            let store = state.store.patient(WEBHOOK_PATIENCE);
            state.accounts.read(&store, &state.open_secret, id).await?
        }
    };
    if fits(&account) {
        return Ok((account, form.clean()));
    }
    state.metrics.refuse_webhook();
    tracing::warn!(security.event = "wrong_signature", inbox.id = %id, "a webhook is not signed by the carrier of its inbox");
    Err(Problem::new(Code::WrongSignature, "the signature does not fit the request")
        .fix("Check the auth token of the inbox, and that public_url is the address given to the carrier."))
}

fn bad_form(error: FormError) -> Problem {
    let fix = "send the form as Twilio's documentation describes it";
    Problem::field(error.field, error.problem, fix)
}
