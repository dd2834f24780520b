//! The step in which the org is away while people work: what they did arrives by itself.

use super::api::Error;
use super::other_side::{ensure, text};
use super::steps::{Cast, ELEANOR};
use http::Method;
use serde_json::json;
use std::time::Instant;
use tieline_simulator::{Fault, Mishap};

const WORDS: &str = "We are open again on Monday.";

impl Cast<'_> {
    /// Staff edit and text while the org does not answer; nobody starts anything when it is back.
    pub(super) async fn org_away(&mut self) -> Result<String, Error> {
        self.org().plan(Fault {
            method: String::new(),
            path: "/services/".to_owned(),
            skip: 0,
            times: u32::MAX,
            percent: 0,
            mishap: Mishap::Html { status: 503 },
        });
        let contact = self.contact("Eleanor Whitcombe").await?;
        let change = json!({"version": contact["version"], "fields": {"department": "Probate"}});
        let path = format!("/contacts/{}", text(&contact["id"]));
        self.api.send(Method::PATCH, &path, change).await?;
        let with = json!({"contact_id": contact["id"]});
        let conversation = self.api.send(Method::POST, "/conversations", with).await?;
        let path = format!("/conversations/{}/messages", text(&conversation["id"]));
        self.api
            .send(Method::POST, &path, json!({"text": WORDS}))
            .await?;
        self.until("the text at the carrier, org or no org", |cast| {
            let texts = cast.new_texts();
            Ok(texts
                .iter()
                .any(|it| it.to == ELEANOR && it.body == WORDS && it.status == "delivered"))
        })
        .await?;
        ensure(
            self.record("Contact", &self.eleanor)?["Department"] != "Probate",
            || "the org took an edit while it was away".to_owned(),
        )?;
        self.org().clear_faults();
        let back = Instant::now();
        self.until("the edit in the org", |cast| {
            Ok(cast.record("Contact", &cast.eleanor)?["Department"] == "Probate")
        })
        .await?;
        self.until("the text in the day's Task", |cast| {
            let task = cast.record("Task", &cast.find_task()?)?;
            Ok(text(&task["Description"]).contains(WORDS))
        })
        .await?;
        let seconds = back.elapsed().as_secs();
        Ok(format!(
            "the edit and the text arrived by themselves, {seconds} s after its return"
        ))
    }
}
