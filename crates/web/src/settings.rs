//! What holds for the whole organisation, over the API.

use crate::answer::Answer;
use crate::api::settings::{Settings, SettingsChange};
use crate::extract::Json;
use crate::problem::{Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use serde_json::json;
use tieline_domain::access::{AuditedAct, Caller};
use tieline_domain::{country, phone};
use tieline_storage::audit::{self, Entry};
use tieline_storage::{contact, contact_field, setting};
use tieline_sync::change_country;

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
) -> Result<Answer<Settings>> {
    let mut reader = state.store.reader().await?;
    let catalogue = contact_field::load(&mut reader).await?;
    Ok(Answer(Settings {
        organisation_name: setting::get(&mut reader, setting::ORGANISATION_NAME).await?,
        default_country: catalogue.country().to_owned(),
        contacts_to_read_anew: contact::count_to_read_anew(
            &mut reader,
            &me.principal.scope(),
            &catalogue,
        )
        .await?,
    }))
}

pub(crate) async fn change(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Json(change): Json<SettingsChange>,
) -> Result<Answer<Settings>> {
    if let Some(given) = change.default_country {
        let code = country::code_of(&given).filter(|code| phone::is_known_in(code));
        let code = code.ok_or_else(|| {
            let problem = format!("{:?} is no country whose numbers can be read", &*given);
            Problem::field(
                "default_country",
                problem,
                "write it as GB or United Kingdom",
            )
        })?;
        let mut tx = state.store.begin(&me.actor()).await?;
        let before = setting::default_country(&mut tx).await?;
        if before != code {
            change_country(&mut tx, code).await?;
            let entry = Entry {
                act: AuditedAct::ChangeSettings,
                target: setting::DEFAULT_COUNTRY.to_owned(),
                before: json!(before),
                after: json!(code),
            };
            audit::add(&mut tx, entry).await?;
            tx.commit().await?;
        }
    }
    show(State(state), Extension(me)).await
}
