//! The steps of the story, who is in it, and how each is judged.

use super::api::{Api, Error};
use super::other_side::{call, count, create, edit, edit_delete, ensure, text};
use crate::demo::{Demo, OUR_NUMBER};
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tieline_simulator::Simulator;
use tieline_simulator::carrier::CarrierText;
use tieline_simulator::org::RecordedChange;

/// How long anything may take before the story gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);
/// A spoilt step cannot succeed by waiting.
const PATIENCE_SPOILT: Duration = Duration::from_secs(4);
/// A message that came in must be seen live within this.
const LIVE_WITHIN: Duration = Duration::from_secs(1);
/// Numbers of Ofcom's range for drama in Leeds, which the generator does not use.
pub(super) const ELEANOR: &str = "+441134960317";
const HOUSEHOLD: &str = "+441134960142";

/// One step.
pub(super) struct Step {
    pub name: &'static str,
    play: Play,
}

#[derive(Clone, Copy)]
pub(super) enum Play {
    FirstSync,
    SecondSync,
    EditInSalesforce,
    EditInTieline,
    BothSides,
    TwoRecords,
    Delete,
    TextOut,
    Reply,
    Stop,
    Task,
    OrgAway,
}

/// All of them, in order.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "first-sync",
        play: Play::FirstSync,
    },
    Step {
        name: "second-sync",
        play: Play::SecondSync,
    },
    Step {
        name: "edit-in-salesforce",
        play: Play::EditInSalesforce,
    },
    Step {
        name: "edit-in-tieline",
        play: Play::EditInTieline,
    },
    Step {
        name: "both-sides",
        play: Play::BothSides,
    },
    Step {
        name: "lead-and-contact",
        play: Play::TwoRecords,
    },
    Step {
        name: "delete",
        play: Play::Delete,
    },
    Step {
        name: "text-out",
        play: Play::TextOut,
    },
    Step {
        name: "reply-live",
        play: Play::Reply,
    },
    Step {
        name: "stop-shared-number",
        play: Play::Stop,
    },
    Step {
        name: "task-in-salesforce",
        play: Play::Task,
    },
    Step {
        name: "org-away",
        play: Play::OrgAway,
    },
];

/// The people of the story and the doors they use.
pub(super) struct Cast<'a> {
    pub(super) demo: &'a Demo,
    pub(super) api: Api,
    pub(super) eleanor: String,
    pub(super) eleanor_lead: String,
    leaver: String,
    /// Numbers of the org's own log and of the carrier's when the present step began.
    changes_before: u64,
    texts_before: usize,
    patience: Duration,
}

type Seen = Result<String, Error>;

impl<'a> Cast<'a> {
    /// Signs in, and puts the people of the story into the org, as somebody there would.
    pub async fn new(demo: &'a Demo) -> Result<Cast<'a>, Error> {
        let api = Api::sign_in(&demo.url, &demo.sign_in_link).await?;
        let org = &demo.running.simulator;
        let person = |first: &str, last: &str, mobile: &str| json!({"FirstName": first, "LastName": last, "MobilePhone": mobile});
        let eleanor = create(org, "Contact", person("Eleanor", "Whitcombe", ELEANOR))?;
        let mut lead = person("Eleanor", "Whitcombe", "0113 496 0317");
        lead["Company"] = "Whitcombe Family Trust".into();
        lead["Title"] = "Trustee, as a lead".into();
        let eleanor_lead = create(org, "Lead", lead)?;
        create(org, "Contact", person("Anna", "Harlow", HOUSEHOLD))?;
        create(org, "Contact", person("Ben", "Harlow", "0113 496 0142"))?;
        let leaver = create(org, "Contact", person("Graham", "Leaver", "+441134960999"))?;
        Ok(Cast {
            demo,
            api,
            eleanor,
            eleanor_lead,
            leaver,
            changes_before: 0,
            texts_before: 0,
            patience: PATIENCE,
        })
    }

    /// Plays one step; a spoilt one is sabotaged first.
    pub async fn perform(&mut self, step: &Step, spoilt: bool) -> Seen {
        self.changes_before = self
            .org()
            .org()
            .changes()
            .last()
            .map_or(0, |change| change.seq);
        self.texts_before = self.org().texts().len();
        if spoilt {
            self.patience = PATIENCE_SPOILT;
            self.spoil(step.play).await?;
        }
        match step.play {
            Play::FirstSync => self.first_sync().await,
            Play::SecondSync => self.second_sync().await,
            Play::EditInSalesforce => self.edit_in_salesforce().await,
            Play::EditInTieline => self.edit_in_tieline().await,
            Play::BothSides => self.both_sides().await,
            Play::TwoRecords => self.two_records(),
            Play::Delete => self.delete().await,
            Play::TextOut => self.text_out().await,
            Play::Reply => self.reply().await,
            Play::Stop => self.stop().await,
            Play::Task => self.task().await,
            Play::OrgAway => self.org_away().await,
        }
    }

    async fn first_sync(&mut self) -> Seen {
        let began = Instant::now();
        let run = self.sync().await?;
        let took = began.elapsed();
        let org = self.org();
        let (contacts, leads) = (count(org, "Contact")?, count(org, "Lead")?);
        let created = |object: &str| {
            let rows = run["by_object"].as_array().cloned().unwrap_or_default();
            rows.iter()
                .find(|row| row["object"] == object)
                .map_or(0, |row| {
                    ["created", "updated", "unchanged"]
                        .iter()
                        .filter_map(|word| row["to_hub"][word].as_i64())
                        .sum()
                })
        };
        ensure(created("Contact") == contacts, || {
            format!("{} of {contacts} contacts came in", created("Contact"))
        })?;
        ensure(created("Lead") == leads, || {
            format!("{} of {leads} leads came in", created("Lead"))
        })?;
        ensure(self.our_changes().is_empty(), || {
            "the first sync wrote to the org".to_owned()
        })?;
        let (calls, minimum) = (&run["api_calls"], &run["api_calls_minimum"]);
        let near = calls
            .as_i64()
            .zip(minimum.as_i64())
            .is_some_and(|(calls, minimum)| calls <= minimum + 3);
        ensure(near, || {
            format!("{calls} API calls where {minimum} are needed")
        })?;
        Ok(format!(
            "{contacts} contacts, {leads} leads in {:.1} s, {calls} API calls (minimum {minimum})",
            took.as_secs_f64()
        ))
    }

    async fn second_sync(&mut self) -> Seen {
        let run = self.sync().await?;
        let counts = &run["counts"];
        let written = |way: &str| {
            ["created", "updated", "deleted", "failed"]
                .iter()
                .filter_map(|w| counts[way][w].as_i64())
                .sum::<i64>()
        };
        ensure(written("to_hub") == 0, || {
            format!("it wrote {} contacts", written("to_hub"))
        })?;
        ensure(self.our_changes().is_empty(), || {
            "it wrote to the org".to_owned()
        })?;
        Ok(format!("nothing to do, {} API calls", run["api_calls"]))
    }

    async fn edit_in_salesforce(&mut self) -> Seen {
        edit(
            self.org(),
            "Contact",
            &self.eleanor,
            json!({"Title": "Chair of trustees"}),
        )?;
        self.sync().await?;
        let contact = self.contact("Eleanor Whitcombe").await?;
        let title = &contact["fields"]["title"];
        ensure(*title == "Chair of trustees", || {
            format!("Tieline shows the title {title}")
        })?;
        ensure(self.our_changes().is_empty(), || {
            "the change was echoed back".to_owned()
        })?;
        Ok("the new title is in Tieline, and nothing was echoed".to_owned())
    }

    async fn edit_in_tieline(&mut self) -> Seen {
        let contact = self.contact("Eleanor Whitcombe").await?;
        let change = json!({"version": contact["version"], "fields": {"department": "Estates", "email": "Eleanor@Whitcombe.EXAMPLE"}});
        let path = format!("/contacts/{}", text(&contact["id"]));
        self.api.send(Method::PATCH, &path, change).await?;
        self.until("the edit in the org", |cast| {
            let row = cast.record("Contact", &cast.eleanor)?;
            Ok(row["Department"] == "Estates" && row["Email"] == "eleanor@whitcombe.example")
        })
        .await?;
        self.quiet().await?;
        let ours = self.our_changes();
        ensure(ours.len() == 1, || {
            format!("the org saw {} writes instead of one", ours.len())
        })?;
        Ok("the org has it, in one write marked client=tieline".to_owned())
    }

    async fn both_sides(&mut self) -> Seen {
        self.quiet().await?;
        let contact = self.contact("Eleanor Whitcombe").await?;
        edit(
            self.org(),
            "Contact",
            &self.eleanor,
            json!({"Title": "Protector"}),
        )?;
        let change = json!({"version": contact["version"], "fields": {"title": "Settlor"}});
        self.api
            .send(
                Method::PATCH,
                &format!("/contacts/{}", text(&contact["id"])),
                change,
            )
            .await?;
        self.sync().await?;
        self.quiet().await?;
        let shown = self.contact("Eleanor Whitcombe").await?;
        let kept = self.record("Contact", &self.eleanor)?;
        ensure(kept["Title"] == "Protector", || {
            format!("the org has the title {}", kept["Title"])
        })?;
        ensure(shown["fields"]["title"] == "Protector", || {
            format!("Tieline shows {}", shown["fields"]["title"])
        })?;
        Ok("Salesforce wins, as its policy says, on both sides".to_owned())
    }

    fn two_records(&mut self) -> Seen {
        let lead = self.record("Lead", &self.eleanor_lead)?;
        ensure(lead["Title"] == "Trustee, as a lead", || {
            format!("the lead's title became {}", lead["Title"])
        })?;
        let contact = self.record("Contact", &self.eleanor)?;
        ensure(contact["Title"] == "Protector", || {
            format!("the contact's title became {}", contact["Title"])
        })?;
        let touched = self
            .all_our_changes()
            .into_iter()
            .any(|change| change.id == self.eleanor_lead);
        ensure(!touched, || "Tieline wrote to the lead".to_owned())?;
        Ok("one person, two records, each with its own title".to_owned())
    }

    async fn delete(&mut self) -> Seen {
        edit_delete(self.org(), "Contact", &self.leaver)?;
        self.sync().await?;
        let found = self.api.get("/contacts?q=Graham+Leaver").await?;
        ensure(found["total"] == 0, || {
            "the contact is still shown".to_owned()
        })?;
        Ok("deleted in the org, hidden in Tieline".to_owned())
    }

    async fn text_out(&mut self) -> Seen {
        let contact = self.contact("Eleanor Whitcombe").await?;
        let conversation = self
            .api
            .send(
                Method::POST,
                "/conversations",
                json!({"contact_id": contact["id"]}),
            )
            .await?;
        let path = format!("/conversations/{}/messages", text(&conversation["id"]));
        let words = "Hello Eleanor, your forms are ready.";
        self.api
            .send(Method::POST, &path, json!({"text": words}))
            .await?;
        self.until("the text at the carrier", |cast| {
            let texts = cast.new_texts();
            Ok(texts
                .iter()
                .any(|text| text.to == ELEANOR && text.body == words && text.status == "delivered"))
        })
        .await?;
        let delivered = Instant::now();
        while delivered.elapsed() < self.patience {
            let shown = self.api.get(&path).await?;
            if shown["items"]
                .as_array()
                .is_some_and(|rows| rows.iter().any(|row| row["state"] == "delivered"))
            {
                ensure(self.new_texts().len() == 1, || {
                    "the carrier got it more than once".to_owned()
                })?;
                return Ok("one text at the carrier, and its receipt is shown".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("Tieline never showed the receipt".into())
    }

    async fn reply(&mut self) -> Seen {
        let mut live = self.api.live().await?;
        let words = "Thank you, I will fetch them on Thursday.";
        // The stream says hello once it follows.
        let _hello = live.chunk().await?;
        self.org().text_from_phone(ELEANOR, OUR_NUMBER, words);
        let sent = Instant::now();
        let mut seen = String::new();
        while sent.elapsed() < LIVE_WITHIN {
            match tokio::time::timeout(LIVE_WITHIN, live.chunk()).await {
                Ok(Ok(Some(chunk))) => seen.push_str(&String::from_utf8_lossy(&chunk)),
                _ => break,
            }
            if seen.contains(words) {
                return Ok(format!("live after {} ms", sent.elapsed().as_millis()));
            }
        }
        Err("the answer was not on the live stream within a second".into())
    }

    async fn stop(&mut self) -> Seen {
        self.org().text_from_phone(HOUSEHOLD, OUR_NUMBER, "STOP");
        self.until("the one confirmation", |cast| {
            let confirmations = cast
                .new_texts()
                .iter()
                .filter(|text| text.to == HOUSEHOLD)
                .count();
            Ok(confirmations == 1)
        })
        .await?;
        for name in ["Anna Harlow", "Ben Harlow"] {
            let contact = self.contact(name).await?;
            let conversation = self
                .api
                .send(
                    Method::POST,
                    "/conversations",
                    json!({"contact_id": contact["id"]}),
                )
                .await?;
            let path = format!("/conversations/{}/messages", text(&conversation["id"]));
            let sent = self
                .api
                .send(Method::POST, &path, json!({"text": "Are you there?"}))
                .await;
            ensure(sent.is_err(), || format!("a text to {name} was accepted"))?;
        }
        let to_them = self
            .new_texts()
            .iter()
            .filter(|text| text.to == HOUSEHOLD)
            .count();
        ensure(to_them == 1, || {
            format!("{to_them} texts went to the number")
        })?;
        Ok("one confirmation, and both who share the number are left in peace".to_owned())
    }

    async fn task(&mut self) -> Seen {
        self.until("the Task in the org", |cast| {
            let Ok(id) = cast.find_task() else {
                return Ok(false);
            };
            let task = cast.record("Task", &id)?;
            let told = text(&task["Description"]);
            Ok(told.contains("your forms are ready") && told.contains("on Thursday"))
        })
        .await?;
        Ok("the Task on Eleanor's record holds both texts".to_owned())
    }

    /// Runs a sync to its end, after one that may be going on.
    async fn sync(&mut self) -> Result<Value, Error> {
        self.quiet().await?;
        let began = Instant::now();
        let run = loop {
            match self.api.send(Method::POST, "/sync/runs", json!({})).await {
                Ok(run) => break run,
                Err(error) if began.elapsed() > self.patience => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let path = format!("/sync/runs/{}", text(&run["id"]));
        while began.elapsed() < self.patience * 4 {
            let run = self.api.get(&path).await?;
            match run["state"].as_str() {
                Some("done") => return Ok(run),
                Some("failed" | "cancelled") => return Err(text(&run["error"]["text"]).into()),
                _ => tokio::time::sleep(Duration::from_millis(30)).await,
            }
        }
        Err("the sync did not end".into())
    }

    /// Waits until no run is going on and nothing waits to go out.
    async fn quiet(&self) -> Result<(), Error> {
        let began = Instant::now();
        while began.elapsed() < self.patience {
            let status = self.api.get("/sync").await?;
            if status["state"] != "running" && status["state"] != "behind" {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the sync did not come to rest".into())
    }

    pub(super) async fn until(
        &self,
        what: &str,
        seen: impl Fn(&Cast<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let began = Instant::now();
        while began.elapsed() < self.patience {
            if seen(self)? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Err(format!("waited in vain for {what}").into())
    }

    pub(super) async fn contact(&self, name: &str) -> Result<Value, Error> {
        let found = self
            .api
            .get(&format!("/contacts?q={}", name.replace(' ', "+")))
            .await?;
        let id = text(&found["items"][0]["id"]);
        ensure(!id.is_empty(), || format!("Tieline has no contact {name}"))?;
        self.api.get(&format!("/contacts/{id}")).await
    }

    pub(super) fn record(&self, object: &str, id: &str) -> Result<Value, Error> {
        self.org()
            .org()
            .get(&call(self.org()), object, id, None)
            .map_err(|error| error.message.into())
    }

    pub(super) fn find_task(&self) -> Result<String, Error> {
        let soql = format!(
            "SELECT Id FROM Task WHERE WhoId = '{}' AND Subject LIKE 'Text messages%'",
            self.eleanor
        );
        let call = call(self.org());
        let answer = self
            .org()
            .org()
            .query(&call, &soql, false)
            .map_err(|error| error.message)?;
        let rows = self.org().org().rows(&call, &answer, 0..2);
        ensure(rows.len() == 1, || {
            format!("{} Tasks instead of one", rows.len())
        })?;
        Ok(text(&rows[0]["Id"]))
    }

    fn our_changes(&self) -> Vec<RecordedChange> {
        let all = self.org().org().changes_after(self.changes_before);
        all.into_iter()
            .filter(|change| change.client.as_deref() == Some("tieline") && change.object != "Task")
            .collect()
    }

    fn all_our_changes(&self) -> Vec<RecordedChange> {
        self.org()
            .org()
            .changes()
            .into_iter()
            .filter(|change| change.client.as_deref() == Some("tieline"))
            .collect()
    }

    pub(super) fn new_texts(&self) -> Vec<CarrierText> {
        let outbound = |text: &CarrierText| text.direction == "outbound-api";
        self.org()
            .texts()
            .into_iter()
            .skip(self.texts_before)
            .filter(outbound)
            .collect()
    }

    pub(super) fn org(&self) -> &'a Simulator {
        &self.demo.running.simulator
    }
}
