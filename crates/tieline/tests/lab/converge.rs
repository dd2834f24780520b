//! Random histories with faults. When the faults are over and things are quiet, hub and org agree
//! field by field, and every text is there exactly once on both sides.

use super::world::World;
use crate::desk;
use std::collections::{BTreeMap, BTreeSet};
use tieline::demo::OUR_NUMBER;
use tieline_domain::conversation::{Direction, Message};
use tieline_simulator::seeded::Seeded;
use tieline_simulator::{Fault, Mishap};
use tieline_storage::link::{self, LinkState};
use tieline_storage::mapping;
use tieline_storage::sync_run::{self, ChangeQuery, SyncRun};
use tieline_sync::create_contact;
use tieline_testkit::postgres::Database;

const PHONES: [&str; 3] = ["+441134960601", "+441134960602", "+441134960603"];
const SEEDS: u64 = 24;
const SEEDS_ON_POSTGRES: u64 = 6;
const STEPS: usize = 50;
/// Creates that were cut off are looked for during ten minutes, and the clock starts a run each quarter
/// of an hour.
const QUIET_MINUTES: usize = 40;

/// What happened by one seed.
pub struct History {
    /// Where.
    pub world: World,
    chance: Seeded,
    /// Everything that was said, each with words of its own.
    said_in: BTreeSet<String>,
    written: BTreeSet<String>,
    faults: Vec<usize>,
}

impl History {
    /// Plays `steps` steps in a new world.
    pub async fn play(world: World, steps: usize) -> History {
        let mut history = History {
            chance: Seeded::new(world.seed, "history"),
            world,
            said_in: BTreeSet::new(),
            written: BTreeSet::new(),
            faults: Vec::new(),
        };
        history.world.sync().await;
        for step in 0..steps {
            history.step(step).await;
            let ms = history.chance.below(3_000) as i64;
            history.world.wait(ms);
            history.world.pump().await;
        }
        history
    }

    async fn step(&mut self, step: usize) {
        match self.chance.below(10) {
            0 | 1 => self.edit_in_org(step),
            2 | 3 => self.edit_in_hub(step).await,
            4 => {
                let fields = [("LastName", format!("Org {step}"))];
                self.somebody_creates(&fields);
            }
            5 => {
                let fields = BTreeMap::from([("last_name".to_owned(), format!("Hub {step}"))]);
                create_contact(&self.world.hub.store, &fields)
                    .await
                    .unwrap();
            }
            6 => {
                let phone = PHONES[self.chance.below(3) as usize];
                let text = format!("In {step}");
                self.world
                    .simulator
                    .text_from_phone(phone, OUR_NUMBER, &text);
                self.said_in.insert(text);
            }
            7 => self.write(step).await,
            8 => self.plan_fault(),
            _ => {
                self.world.sync().await;
            }
        }
    }

    fn somebody_creates(&self, fields: &[(&str, String)]) {
        let body = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
            .collect();
        let org = self.world.simulator.org();
        org.create(&self.world.somebody(), "Contact", &body)
            .unwrap();
    }

    fn edit_in_org(&mut self, step: usize) {
        let org = self.world.simulator.org();
        let call = self.world.somebody();
        let soql = "SELECT Id FROM Contact ORDER BY Id";
        let answer = org.query(&call, soql, false).ok().unwrap();
        let rows = org.rows(&call, &answer, 0..answer.len());
        let id = rows[self.chance.below(rows.len() as u64) as usize]["Id"]
            .as_str()
            .unwrap()
            .to_owned();
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

    async fn edit_in_hub(&mut self, step: usize) {
        let contacts = desk::contacts(&self.world.hub.store, 1_000).await;
        let contact = &contacts[self.chance.below(contacts.len() as u64) as usize];
        let field = self.chance.pick(&["title", "department", "city"]);
        let value = format!("Hub {step}");
        desk::edit(&self.world.hub.store, contact, field, &value).await;
    }

    async fn write(&mut self, step: usize) {
        let phone = PHONES[self.chance.below(3) as usize];
        let text = format!("Out {step}");
        // A request that is repeated is one message.
        for _ in 0..2 {
            desk::text(&self.world.hub.store, phone, &text).await;
        }
        self.written.insert(text);
    }

    fn plan_fault(&mut self) {
        let mishap = match self.chance.below(6) {
            0 => Mishap::Html { status: 503 },
            1 => Mishap::SessionOver,
            2 | 3 => Mishap::CutAfterCommit,
            4 => Mishap::LockedRow { position: 0 },
            _ => Mishap::Error {
                status: 403,
                code: "REQUEST_LIMIT_EXCEEDED".to_owned(),
                message: "planned".to_owned(),
            },
        };
        let path = self.chance.pick(&[
            "/composite/sobjects",
            "/query",
            "/Messages.json",
            "/sobjects",
        ]);
        let fault = Fault {
            method: String::new(),
            path: path.to_owned(),
            skip: self.chance.below(2) as u32,
            times: 1,
            percent: 0,
            mishap,
        };
        self.faults.push(self.world.simulator.plan(fault));
    }

    /// Ends the faults and lets time pass, nothing else. Gives the last run.
    async fn settle(&self) -> SyncRun {
        self.world.simulator.clear_faults();
        for _ in 0..QUIET_MINUTES {
            self.world.wait(60_000);
            self.world.pump().await;
        }
        let mut reader = self.world.hub.store.reader().await.unwrap();
        let runs = sync_run::history(&mut reader, self.world.connection, None, 1).await;
        let run = runs.unwrap().remove(0);
        assert_eq!(run.state, "done", "{:?}", run.error);
        run
    }

    fn fired(&self) -> u32 {
        self.faults
            .iter()
            .map(|fault| self.world.simulator.fired(*fault))
            .sum()
    }
}

/// Records whose change the org refused in this run: an edit of a converted Lead, for one.
async fn refused(world: &World, run: &SyncRun) -> BTreeSet<String> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let query = ChangeQuery {
        state: Some("failed".to_owned()),
        limit: 1_000,
        ..ChangeQuery::default()
    };
    let failed = sync_run::changes(&mut reader, run.id, &query)
        .await
        .unwrap();
    let records = failed.into_iter().filter_map(|change| change.record_id);
    records.collect()
}

/// Hub and org hold the same people, with the same values; a change that the org refused waits.
async fn agree(world: &World, last: &SyncRun, seed: u64) {
    let refused = refused(world, last).await;
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let mappings = mapping::all(&mut reader, world.connection).await.unwrap();
    let ids: Vec<_> = contacts.iter().map(|contact| contact.id).collect();
    let links = link::of_contacts(&mut reader, &ids).await.unwrap();
    drop(reader);
    let org = world.simulator.org();
    let call = world.somebody();
    let mut linked = BTreeSet::new();
    for contact in &contacts {
        let link = links[&contact.id]
            .iter()
            .find(|link| link.is_primary)
            .unwrap_or_else(|| panic!("seed {seed}: {} has no record", contact.name));
        assert_eq!(
            link.state,
            LinkState::Active,
            "seed {seed}: {}",
            contact.name
        );
        linked.extend(links[&contact.id].iter().map(|link| link.record_id.clone()));
        assert_eq!(
            link.waiting_to_org,
            refused.contains(&link.record_id),
            "seed {seed}: {} waits for the org if refused",
            contact.name
        );
        if link.waiting_to_org {
            continue;
        }
        let mapping = mappings
            .iter()
            .find(|mapping| mapping.object == link.object)
            .unwrap();
        let fields: Vec<&str> = mapping
            .fields
            .iter()
            .map(|pair| pair.field.as_str())
            .collect();
        let soql = format!(
            "SELECT {} FROM {} WHERE Id = '{}'",
            fields.join(", "),
            link.object,
            link.record_id
        );
        let answer = org.query(&call, &soql, false).ok().unwrap();
        let record = org
            .rows(&call, &answer, 0..answer.len())
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("seed {seed}: {} is gone from the org", contact.name));
        for pair in &mapping.fields {
            let theirs = pair
                .field
                .split('.')
                .fold(&record, |value, step| &value[step])
                .as_str()
                .map(str::to_owned);
            let ours = contact.fields.get(&pair.attribute).cloned();
            assert_eq!(
                ours, theirs,
                "seed {seed}: {} of {}",
                pair.field, contact.name
            );
        }
    }
    for object in ["Contact", "Lead"] {
        let soql = format!("SELECT Id FROM {object}");
        let answer = org.query(&call, &soql, false).ok().unwrap();
        for row in org.rows(&call, &answer, 0..answer.len()) {
            let id = row["Id"].as_str().unwrap();
            assert!(
                linked.contains(id),
                "seed {seed}: {object} {id} has no link"
            );
        }
    }
}

/// Every text is there once, here and there.
async fn nothing_lost_or_doubled(history: &History, seed: u64) {
    let messages = desk::messages(&history.world.hub.store).await;
    let of = |direction: Direction| -> Vec<String> {
        let of_it = messages
            .iter()
            .filter(|message| message.direction() == Some(direction));
        of_it.map(|message| message.text.clone()).collect()
    };
    let came: Vec<String> = of(Direction::In);
    assert_eq!(
        came.len(),
        history.said_in.len(),
        "seed {seed}: each text came in once"
    );
    assert_eq!(came.into_iter().collect::<BTreeSet<_>>(), history.said_in);
    for text in &history.written {
        let kept: Vec<&Message> = messages.iter().filter(|it| it.text == *text).collect();
        assert_eq!(kept.len(), 1, "seed {seed}: {text:?} was written once");
        let sent = history
            .world
            .simulator
            .texts()
            .into_iter()
            .filter(|it| it.body == *text)
            .count();
        let wanted = usize::from(kept[0].provider_id.is_some());
        assert_eq!(
            sent, wanted,
            "seed {seed}: {text:?} is {:?} here",
            kept[0].state
        );
    }
}

/// Plays a history, lets it settle, and judges it; how many faults fired.
async fn judge(world: World) -> u32 {
    let seed = world.seed;
    let history = History::play(world, STEPS).await;
    let last = history.settle().await;
    agree(&history.world, &last, seed).await;
    nothing_lost_or_doubled(&history, seed).await;
    history.fired()
}

#[tokio::test]
async fn after_any_history_hub_and_org_agree_and_no_text_is_lost_or_doubled() {
    let mut fired = 0;
    for seed in 100..100 + SEEDS {
        fired += judge(World::new(seed).await).await;
    }
    assert!(fired > SEEDS as u32, "faults fired: {fired}");
}

#[tokio::test]
async fn the_same_holds_on_postgresql() {
    let mut fired = 0;
    for seed in 100..100 + SEEDS_ON_POSTGRES {
        let database = Database::create().await;
        fired += judge(World::on_postgres(seed, &database).await).await;
        database.remove().await;
    }
    assert!(fired > 0);
}
