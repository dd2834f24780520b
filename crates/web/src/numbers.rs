//! How a phone number is read, as it is typed.

use crate::answer::Answer;
use crate::api::numbers::{NumberQuery, NumberRead};
use crate::extract::Query;
use crate::problem::{Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_domain::access::Caller;
use tieline_domain::contact::Fields;
use tieline_domain::country;
use tieline_storage::{StorageError, contact, contact_field};

pub(crate) async fn read(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Query(query): Query<NumberQuery>,
) -> Result<Answer<NumberRead>> {
    let mut reader = state.store.reader().await?;
    let mut fields = match query.contact_id {
        None => Fields::new(),
        Some(id) => match contact::get(&mut reader, &me.principal.scope(), id).await {
            Ok(contact) => contact.fields,
            Err(StorageError::NotFound(_)) => {
                let problem = "there is no such contact";
                return Err(Problem::field(
                    "contact_id",
                    problem,
                    "take one of /api/v1/contacts",
                ));
            }
            Err(error) => return Err(error.into()),
        },
    };
    let country = query.country.filter(|it| !it.trim().is_empty());
    if let Some(given) = &country {
        if country::code_of(given).is_none() {
            let problem = format!("{:?} is no country", &**given);
            let fix = "write its name or its two letters, as GB";
            return Err(Problem::field("country", problem, fix));
        }
        fields.insert("country".to_owned(), given.to_string());
    }
    let catalogue = contact_field::load(&mut reader).await?;
    Ok(Answer(NumberRead::of(catalogue.show(&query.text, &fields))))
}
