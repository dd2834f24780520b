//! A history that a seed decides: people edit and text on both sides while everything goes wrong that
//! can, and at last nothing but time passes.

use super::mishaps;
use super::world::World;
use crate::desk;
use std::collections::{BTreeMap, BTreeSet};
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::sync::run::RunState;
use tieline_messaging::MessagingError;
use tieline_simulator::org::{LeadConvert, MergeRequest};
use tieline_simulator::seeded::Seeded;
use tieline_storage::StorageError;
use tieline_storage::sync_run::{self, SyncRun};
use tieline_sync::{ContactEdit, SyncError, create_contact, edit_contact};

/// Phones of nobody in the org.
const PHONES: [&str; 3] = ["+441134960601", "+441134960602", "+441134960603"];
/// Phones of people who stay in the org.
pub const KEEPERS: [&str; 2] = ["+447700900701", "+447700900702"];
const KEEPER: &str = "Keeper";
/// What a clock may be wrong by when it is set.
const WRONG_MS: [i64; 3] = [-3_600_000, 0, 3_600_000];
/// Creates that were cut off are looked for during ten minutes, and the clock starts a run each quarter
/// of an hour.
const QUIET_MINUTES: usize = 40;

/// What happened by one seed.
pub struct History {
    pub world: World,
    /// What people said and wrote.
    pub play: Play,
}

/// What people do.
pub struct Play {
    chance: Seeded,
    /// Everything that was said by a phone, each with words of its own.
    pub said_in: BTreeSet<String>,
    /// What was said by those who stay in the org.
    pub said_by_keepers: BTreeSet<String>,
    /// Everything that staff wrote to a phone.
    pub written: BTreeSet<String>,
    /// Mishaps so far.
    mishaps: u64,
    clocks_are_wrong: bool,
}

impl History {
    /// Plays `steps` steps in a new world.
    pub async fn play(world: World, steps: usize) -> History {
        Box::pin(History::of(world, steps, false)).await
    }

    /// The same while the hubs' clocks are set wrong again and again.
    pub async fn play_with_wrong_clocks(world: World, steps: usize) -> History {
        Box::pin(History::of(world, steps, true)).await
    }

    async fn of(world: World, steps: usize, clocks_are_wrong: bool) -> History {
        let mut play = Play {
            chance: Seeded::new(world.seed, "history"),
            said_in: BTreeSet::new(),
            said_by_keepers: BTreeSet::new(),
            written: BTreeSet::new(),
            mishaps: world.seed * 5,
            clocks_are_wrong,
        };
        for (number, phone) in KEEPERS.iter().enumerate() {
            let name = format!("{KEEPER} {number}");
            let fields = [("LastName", name), ("MobilePhone", (*phone).to_owned())];
            somebody_creates(&world, &fields);
        }
        world.sync().await;
        for step in 0..steps {
            if world.at_once() {
                tokio::join!(play.step(&world, step), world.pump());
            } else {
                play.step(&world, step).await;
            }
            world.wait(play.chance.below(3_000) as i64);
            world.pump().await;
            world.learn_time().await;
        }
        History { world, play }
    }

    /// Ends the mishaps and lets time pass, nothing else. Gives the last run.
    pub async fn settle(&self) -> SyncRun {
        self.world.simulator.clear_faults();
        self.world.simulator.clear_delivery_failures();
        for _ in 0..QUIET_MINUTES {
            self.world.wait(60_000);
            self.world.pump().await;
        }
        let mut reader = self.world.hub.store.reader().await.unwrap();
        let runs = sync_run::history(&mut reader, self.world.connection, None, 1).await;
        let run = runs.unwrap().remove(0);
        let seed = self.world.seed;
        assert_eq!(run.state, RunState::Done, "seed {seed}: {:?}", run.error);
        run
    }

    /// Kinds of mishaps that happened, and how often.
    pub fn fired(&self) -> BTreeMap<String, u32> {
        let mut fired = BTreeMap::new();
        for state in self.world.simulator.faults() {
            if state.fired > 0 {
                *fired.entry(mishaps::kind(&state.fault.mishap)).or_default() += state.fired;
            }
        }
        fired
    }
}

fn somebody_creates(world: &World, fields: &[(&str, String)]) {
    let body = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    let org = world.simulator.org();
    org.create(&world.somebody(), "Contact", &body).unwrap();
}

impl Play {
    async fn step(&mut self, world: &World, step: usize) {
        match self.chance.below(15) {
            0 | 1 => self.edit_in_org(world, step),
            2 | 3 => self.edit_in_hub(world, step).await,
            4 => somebody_creates(world, &[("LastName", format!("Org {step}"))]),
            5 => {
                let fields = BTreeMap::from([("last_name".to_owned(), format!("Hub {step}"))]);
                create_contact(&world.hub.store, &Actor::system(), &fields)
                    .await
                    .unwrap();
            }
            6 => {
                let text = format!("In {step}.");
                let phone = self.chance.pick(&PHONES);
                self.say(world, phone, text);
            }
            7 => {
                let text = format!("In {step} from a keeper.");
                self.said_by_keepers.insert(text.clone());
                self.say(world, KEEPERS[step % 2], text);
            }
            8 => self.write(world, step).await,
            9 => {
                let failure = mishaps::nth_delivery_failure(self.mishaps, PHONES[0]);
                world.simulator.plan_delivery_failure(failure);
                self.write(world, step).await;
            }
            10..=12 => self.plan_fault(world),
            13 => self.live_in_org(world, step),
            _ => {
                world.sync().await;
            }
        }
    }

    /// Contacts of the org that may go.
    fn others(world: &World) -> Vec<String> {
        let names = ids(world, "SELECT Id, LastName FROM Contact ORDER BY Id");
        let others = names
            .into_iter()
            .filter(|(_, name)| !name.starts_with(KEEPER));
        others.map(|(id, _)| id).collect()
    }

    fn one_of(&mut self, mut ids: Vec<String>) -> Option<String> {
        let at = self.chance.below(ids.len() as u64) as usize;
        (!ids.is_empty()).then(|| ids.swap_remove(at))
    }

    fn edit_in_org(&mut self, world: &World, step: usize) {
        let (org, call) = (world.simulator.org(), world.somebody());
        let Some(id) = self.one_of(Play::others(world)) else {
            return;
        };
        if self.chance.percent(15) {
            // The pretend carrier's people and accounts may hold it; then it stays.
            let _ = org.delete(&call, "Contact", &id);
            return;
        }
        let field = self.chance.pick(&["Title", "Department", "MailingCity"]);
        let body = [(field.to_owned(), format!("Org {step}").into())];
        org.update(&call, "Contact", &id, &body.into_iter().collect())
            .unwrap();
    }

    /// What happens to people in an org, beside edits.
    fn live_in_org(&mut self, world: &World, step: usize) {
        let (org, call) = (world.simulator.org(), world.somebody());
        let leads = "SELECT Id, LastName FROM Lead WHERE IsConverted = false ORDER BY Id";
        let leads = ids(world, leads).into_iter().map(|(id, _)| id).collect();
        match self.chance.below(4) {
            0 => {
                let gone = Play::gone(world);
                if let Some(id) = self.one_of(gone) {
                    org.undelete(&call, &[id]).unwrap();
                }
            }
            1 => {
                let (master, loser) = (Play::others(world), Play::others(world));
                let (master, loser) = (self.one_of(master), self.one_of(loser));
                let (Some(master), Some(loser)) = (master, loser) else {
                    return;
                };
                let request = MergeRequest {
                    object: "Contact".to_owned(),
                    master,
                    losers: vec![loser],
                    ..MergeRequest::default()
                };
                // Nobody is merged with themselves.
                let _ = org.merge(&call, &request);
            }
            2 => {
                let Some(lead_id) = self.one_of(leads) else {
                    return;
                };
                let conversion = LeadConvert {
                    lead_id,
                    converted_status: org.converted_status().unwrap(),
                    do_not_create_opportunity: true,
                    owner_id: Some(call.user.to_string()),
                    ..LeadConvert::default()
                };
                org.convert_lead(&call, &conversion).unwrap();
            }
            _ => {
                let Some(id) = self.one_of(leads) else {
                    return;
                };
                let body = [("Title".to_owned(), format!("Lead {step}").into())];
                org.update(&call, "Lead", &id, &body.into_iter().collect())
                    .unwrap();
            }
        }
    }

    /// Contacts in the recycle bin that nobody won over.
    fn gone(world: &World) -> Vec<String> {
        let (org, call) = (world.simulator.org(), world.somebody());
        let soql = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true ORDER BY Id";
        let answer = org.query(&call, soql, true).ok().unwrap();
        let rows = org.rows(&call, &answer, 0..answer.len());
        let alone = rows.iter().filter(|row| row["MasterRecordId"].is_null());
        let id = |row: &serde_json::Value| row["Id"].as_str().unwrap().to_owned();
        alone.map(id).collect()
    }

    async fn edit_in_hub(&mut self, world: &World, step: usize) {
        let store = &world.hub.store;
        let contacts = desk::contacts(store, 1_000).await;
        let mut contact = contacts[self.chance.below(contacts.len() as u64) as usize].clone();
        let field = self.chance.pick(&["title", "department", "city"]);
        loop {
            let edit = ContactEdit {
                id: contact.id,
                version: contact.version,
                fields: BTreeMap::from([(field.to_owned(), format!("Hub {step}"))]),
            };
            match edit_contact(store, &Actor::system(), &Scope::system(), edit).await {
                // Somebody else was quicker: the page is loaded again, if the person is still there.
                Err(SyncError::Storage(StorageError::Conflict(_))) => {
                    let now = desk::contacts(store, 1_000).await;
                    match now.into_iter().find(|it| it.id == contact.id) {
                        Some(fresh) => contact = fresh,
                        None => return,
                    }
                }
                other => return drop(other.unwrap()),
            }
        }
    }

    fn say(&mut self, world: &World, phone: &str, text: String) {
        world.simulator.text_from_phone(phone, OUR_NUMBER, &text);
        self.said_in.insert(text);
    }

    async fn write(&mut self, world: &World, step: usize) {
        let phone = self.chance.pick(&PHONES);
        let text = format!("Out {step}");
        // A request that is repeated is one message.
        for _ in 0..2 {
            match desk::try_text(&world.hub.store, phone, &text).await {
                Ok(_) => self.written.insert(text.clone()),
                // They block us, or a carrier said that no text reaches them.
                Err(MessagingError::Refused(_)) => return,
                Err(error) => panic!("{error:?}"),
            };
        }
    }

    fn plan_fault(&mut self, world: &World) {
        if self.clocks_are_wrong && self.chance.percent(30) {
            let wrong_by = |chance: &mut Seeded| WRONG_MS[chance.below(3) as usize];
            world.computer.set_wrong_by(wrong_by(&mut self.chance));
            if let Some(second) = &world.second {
                second.computer.set_wrong_by(wrong_by(&mut self.chance));
            }
            return;
        }
        world
            .simulator
            .plan(mishaps::nth(self.mishaps, self.chance.next_u64()));
        self.mishaps += 1;
    }
}

/// Ids with last names.
fn ids(world: &World, soql: &str) -> Vec<(String, String)> {
    let (org, call) = (world.simulator.org(), world.somebody());
    let answer = org.query(&call, soql, false).ok().unwrap();
    let rows = org.rows(&call, &answer, 0..answer.len());
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let row = |row| (text(row, "Id"), text(row, "LastName"));
    rows.iter().map(row).collect()
}
