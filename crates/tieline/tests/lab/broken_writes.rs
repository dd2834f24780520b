//! Every write fails once, at each of its statements in turn: nothing of it is kept, whoever asked is told,
//! and the next attempt succeeds. What takes several transactions comes to its end all the same, once.

use super::waits::count;
use super::world::World;
use crate::desk;
use axum::body::Body;
use http::{Request, StatusCode};
use std::collections::BTreeMap;
use tieline::demo::OUR_NUMBER;
use tieline_access::{NewStaff, StaffChange, Visit};
use tieline_domain::access::{Actor, Caller, Role, Scope};
use tieline_domain::conversation::{Author, Direction, Message};
use tieline_domain::delivery::State;
use tieline_domain::id::{JobId, StaffId};
use tieline_domain::job::{InHand, JobKind};
use tieline_messaging::converse::{self, Act};
use tieline_messaging::send::{Written, write};
use tieline_storage::job::{self, NewJob};
use tieline_storage::{Conn, Store, Value, inbox, link, staff};
use tieline_sync::{ContactEdit, StartedBy, create_contact, delete_contact, edit_contact};
use tieline_testkit::postgres::Database;
use tower::ServiceExt as _;

/// No act here takes so many statements.
const STATEMENTS_MAX: u64 = 400;

/// All rows of all tables, in words.
async fn contents(store: &Store) -> BTreeMap<String, Vec<String>> {
    let mut reader = store.reader().await.unwrap();
    let tables = match store.has_one_hub() {
        true => "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
        false => {
            "select cast(table_name as text) as name from information_schema.tables \
             where table_schema = current_schema()"
        }
    };
    let mut all = BTreeMap::new();
    for table in texts(&mut reader, tables).await {
        let sql = match store.has_one_hub() {
            true => {
                let columns = format!(
                    "select 'quote(' || name || ')' as name from pragma_table_info('{table}')"
                );
                let columns = texts(&mut reader, &columns).await;
                format!(
                    "select {} as name from {table} order by 1",
                    columns.join(" || ',' || ")
                )
            }
            false => format!("select cast(to_jsonb(t) as text) as name from {table} t order by 1"),
        };
        all.insert(table, texts(&mut reader, &sql).await);
    }
    all
}

async fn texts(conn: &mut Conn, sql: &str) -> Vec<String> {
    let rows = conn.all(sql, Vec::new()).await.unwrap();
    rows.iter().map(|row| row.text("name").unwrap()).collect()
}

/// The tables that differ.
async fn changed(store: &Store, before: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let now = contents(store).await;
    let differs = |(table, rows): (String, Vec<String>)| (before[&table] != rows).then_some(table);
    now.into_iter().filter_map(differs).collect()
}

/// Plays an act of one transaction again and again, each time with its next statement failing. `prepare` makes
/// what the act needs, `attempt` tells whether it succeeded.
async fn each_statement_fails_once<P>(
    world: &World,
    act: &str,
    prepare: impl AsyncFn(u64) -> P,
    attempt: impl AsyncFn(&P) -> bool,
) {
    let store = &world.hub.store;
    for number in 1..STATEMENTS_MAX {
        let prepared = prepare(number).await;
        let before = contents(store).await;
        store.faults().fail_at(number);
        let succeeded = attempt(&prepared).await;
        if !store.faults().take_back() {
            assert!(succeeded, "{act}: it fails without a fault");
            assert!(number > 2, "{act}: a write has a statement and a commit");
            return;
        }
        let kept = changed(store, &before).await;
        assert!(
            kept.is_empty(),
            "{act}: statement {number} failed, and {kept:?} changed"
        );
        assert!(
            !succeeded,
            "{act}: statement {number} failed, and nobody was told"
        );
        assert!(
            attempt(&prepared).await,
            "{act}: after statement {number} failed once"
        );
    }
    panic!("{act}: it has no end");
}

async fn stored(store: &Store, words: &str) -> Vec<Message> {
    let all = desk::messages(store).await;
    all.into_iter().filter(|it| it.text == words).collect()
}

fn phone(number: u64) -> String {
    format!("+44113496{number:04}")
}

fn attribute(name: &str, value: String) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value)])
}

async fn text_acts(world: &World) {
    let store = &world.hub.store;
    let simulator = &world.simulator;
    each_statement_fails_once(
        world,
        "a text comes in",
        async |number| {
            let words = format!("In {number}");
            simulator.text_from_phone(&phone(number), OUR_NUMBER, &words);
            words
        },
        async |words| {
            world.wait(5_000);
            simulator.step().await;
            stored(store, words).await.len() == 1
        },
    )
    .await;
    each_statement_fails_once(
        world,
        "STOP comes in",
        async |number| simulator.text_from_phone(&phone(number), OUR_NUMBER, "STOP"),
        async |_| {
            let count = |it: Vec<Message>| {
                it.iter()
                    .filter(|it| it.direction() == Some(Direction::In))
                    .count()
            };
            let before = count(stored(store, "STOP").await);
            world.wait(5_000);
            simulator.step().await;
            count(stored(store, "STOP").await) == before + 1
        },
    )
    .await;
    // What the hub says to those who wrote STOP has come to its end.
    world.live(10).await;
    each_statement_fails_once(
        world,
        "a report comes in",
        async |number| {
            let message = desk::text(store, &phone(500 + number), &format!("Out {number}")).await;
            world.hub.worker().work_off().await;
            // "sent" has come by then, "delivered" has not.
            world.wait(130);
            simulator.step().await;
            message.text
        },
        async |words| {
            world.wait(5_000);
            simulator.step().await;
            stored(store, words).await[0].state == State::Delivered
        },
    )
    .await;
}

async fn desk_acts(world: &World) {
    let store = &world.hub.store;
    let scope = Scope::system();
    let author = staff::all(&mut store.reader().await.unwrap())
        .await
        .unwrap()[0]
        .id;
    let conversation = async |number: u64| {
        let message = desk::text(store, &phone(700 + number), &format!("Hello {number}")).await;
        message.conversation_id
    };
    each_statement_fails_once(world, "a text is written", conversation, async |id| {
        let written = Written {
            conversation_id: *id,
            author: Author::Staff(author),
            text: "Written".to_owned(),
            client_key: "written".to_owned(),
            note: false,
        };
        write(store, &Actor::system(), &scope, &written)
            .await
            .is_ok()
    })
    .await;
    each_statement_fails_once(
        world,
        "a conversation is assigned and closed",
        conversation,
        async |id| {
            let acts = [Act::AssignTo(Some(author)), Act::SetOpen(false)];
            converse::change(store, &Actor::system(), &scope, *id, &acts)
                .await
                .is_ok()
        },
    )
    .await;
    let contact = async |number: u64| {
        let fields = attribute("last_name", format!("Person {number}"));
        create_contact(store, &Actor::system(), &fields)
            .await
            .unwrap()
    };
    each_statement_fails_once(
        world,
        "a contact is added",
        async |number| attribute("last_name", format!("Added {number}")),
        async |fields| {
            create_contact(store, &Actor::system(), fields)
                .await
                .is_ok()
        },
    )
    .await;
    each_statement_fails_once(world, "a contact is edited", contact, async |contact| {
        let edit = ContactEdit {
            id: contact.id,
            version: contact.version,
            fields: attribute("mobile_phone", "07700 900900".to_owned()),
        };
        edit_contact(store, &Actor::system(), &scope, edit)
            .await
            .is_ok()
    })
    .await;
    each_statement_fails_once(world, "a contact is deleted", contact, async |contact| {
        delete_contact(store, &Actor::system(), &scope, contact.id)
            .await
            .is_ok()
    })
    .await;
}

async fn job_acts(world: &World) {
    let store = &world.hub.store;
    let new = || NewJob {
        kind: JobKind::ActivityLog,
        party: None,
        key: Some(store.new_id::<JobId>().to_string()),
        in_line: None,
        payload: "nothing",
        run_at: store.now(),
    };
    each_statement_fails_once(
        world,
        "work is asked for",
        async |_| (),
        async |()| {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            let asked = job::enqueue(&mut tx, new()).await;
            asked.is_ok() && tx.commit().await.is_ok()
        },
    )
    .await;
    world.pump().await;
    let ready = async |_: u64| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        job::enqueue(&mut tx, new()).await.unwrap();
        tx.commit().await.unwrap();
    };
    let claim = async |_: &()| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let mut hand = InHand::of(JobKind::ActivityLog.lane());
        let claimed = job::claim(&mut tx, &mut hand).await.ok()?;
        tx.commit().await.ok()?;
        claimed.into_iter().next()
    };
    each_statement_fails_once(world, "work is claimed", ready, async |nothing| {
        claim(nothing).await.is_some()
    })
    .await;
    let claimed = async |number: u64| {
        ready(number).await;
        claim(&()).await.unwrap()
    };
    each_statement_fails_once(world, "work is finished", claimed, async |claimed| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        job::finish(&mut tx, claimed).await.is_ok() && tx.commit().await.is_ok()
    })
    .await;
    each_statement_fails_once(world, "work is put back", claimed, async |claimed| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let at = tx.now() + 3_600_000;
        job::retry(&mut tx, claimed, at, "later").await.is_ok() && tx.commit().await.is_ok()
    })
    .await;
}

async fn staff_acts(world: &World) {
    let store = &world.hub.store;
    let access = &world.hub.access;
    let operator = Caller::operator();
    let visit = Visit::default();
    let hire = |number: u64, kind: &str| NewStaff {
        name: format!("{kind} {number}"),
        email: format!("{kind}.{number}@example.com"),
        role: Role::Staff,
    };
    each_statement_fails_once(
        world,
        "a user is added",
        async |number| hire(number, "added"),
        async |new| access.add_staff(&operator, new).await.is_ok(),
    )
    .await;
    let colleague = async |number: u64, kind: &str| -> StaffId {
        access
            .add_staff(&operator, &hire(number, kind))
            .await
            .unwrap()
            .id
    };
    each_statement_fails_once(
        world,
        "a user who is signed in is deactivated",
        async |number| {
            let id = colleague(number, "leaver").await;
            let link = access.sign_in_link(&operator, id, 60_000).await.unwrap();
            access.use_link(&link.token, &visit).await.unwrap();
            id
        },
        async |id| {
            let change = StaffChange {
                active: Some(false),
                ..StaffChange::default()
            };
            access.change_staff(&operator, *id, &change).await.is_ok()
        },
    )
    .await;
    let inbox = inbox::all(&mut store.reader().await.unwrap())
        .await
        .unwrap()
        .remove(0)
        .id;
    each_statement_fails_once(
        world,
        "a user becomes a member",
        async |number| colleague(number, "member").await,
        async |id| access.add_member(&operator, inbox, *id).await.is_ok(),
    )
    .await;
    each_statement_fails_once(
        world,
        "a link is made",
        async |number| colleague(number, "linked").await,
        async |id| access.sign_in_link(&operator, *id, 60_000).await.is_ok(),
    )
    .await;
    each_statement_fails_once(
        world,
        "a link is used",
        async |number| {
            let id = colleague(number, "user").await;
            access
                .sign_in_link(&operator, id, 60_000)
                .await
                .unwrap()
                .token
        },
        async |link| access.use_link(link, &visit).await.is_ok(),
    )
    .await;
    each_statement_fails_once(
        world,
        "somebody signs out",
        async |number| {
            let id = colleague(number, "guest").await;
            let link = access.sign_in_link(&operator, id, 60_000).await.unwrap();
            access.use_link(&link.token, &visit).await.unwrap()
        },
        async |session| access.sign_out(session, None).await.is_ok(),
    )
    .await;
}

async fn sync_acts(world: &World) {
    let store = &world.hub.store;
    let sync = &world.hub.sync;
    // None is going on: the one that was ends first.
    let at_rest = async |_: u64| {
        for run in super::waits::runs(world).await {
            if run.finished_at.is_none() {
                let mut tx = store.begin(&Actor::system()).await.unwrap();
                tx.run(
                    "update sync_run set state = 'done', finished_at = 1",
                    Vec::<Value>::new(),
                )
                .await
                .unwrap();
                tx.commit().await.unwrap();
            }
        }
    };
    each_statement_fails_once(world, "a run is started", at_rest, async |()| {
        sync.start(world.connection, StartedBy::Schedule)
            .await
            .is_ok()
    })
    .await;
    each_statement_fails_once(
        world,
        "a run is cancelled",
        async |number| {
            at_rest(number).await;
            sync.start(world.connection, StartedBy::Schedule)
                .await
                .unwrap()
                .id
        },
        async |id| sync.cancel(&Actor::system(), *id).await.is_ok(),
    )
    .await;
}

async fn all_acts_of_one_transaction(world: &World) {
    world.sync().await;
    text_acts(world).await;
    desk_acts(world).await;
    job_acts(world).await;
    staff_acts(world).await;
    sync_acts(world).await;
}

#[tokio::test]
async fn whichever_statement_fails_nothing_is_kept_and_the_next_attempt_succeeds() {
    all_acts_of_one_transaction(&World::new(91).await).await;
}

#[tokio::test]
async fn whichever_statement_fails_nothing_is_kept_and_the_next_attempt_succeeds_on_postgres() {
    let database = Database::create().await;
    let world = World::on_postgres(91, &database).await;
    all_acts_of_one_transaction(&world).await;
    world.hub.store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_text_leaves_once_whichever_write_of_its_sender_fails() {
    let world = World::new(92).await;
    let store = &world.hub.store;
    for number in 1..STATEMENTS_MAX {
        let words = format!("Only once {number}");
        desk::text(store, &phone(number), &words).await;
        store.faults().fail_at(number);
        world.hub.worker().work_off().await;
        let struck = store.faults().take_back();
        world.live(90).await;
        let message = stored(store, &words).await.remove(0);
        assert_eq!(message.state, State::Delivered, "write {number}");
        let texts = world.simulator.texts();
        let left = texts.iter().filter(|text| text.body == words).count();
        assert_eq!(left, 1, "write {number}");
        if !struck {
            assert!(number > 10, "it takes more than {number} statements");
            return;
        }
    }
    panic!("sending has no end");
}

#[tokio::test]
async fn a_run_comes_to_its_end_by_itself_whichever_of_its_writes_fails() {
    let world = World::new(93).await;
    world.sync().await;
    let store = &world.hub.store;
    for number in 1..STATEMENTS_MAX {
        let (theirs, ours) = (format!("Theirs {number}"), format!("Ours {number}"));
        let body = [("LastName".to_owned(), theirs.clone().into())];
        let org = world.simulator.org();
        org.create(&world.somebody(), "Contact", &body.into_iter().collect())
            .unwrap();
        create_contact(
            store,
            &Actor::system(),
            &attribute("last_name", ours.clone()),
        )
        .await
        .unwrap();
        world.wait(2_000);
        store.faults().fail_at(number);
        for _ in 0..3 {
            world.hub.worker().work_off().await;
            world.wait(1_000);
        }
        let struck = store.faults().take_back();
        world.live(30).await;
        for name in [&theirs, &ours] {
            let made = count(&world, &format!("LastName = '{name}'"));
            assert_eq!(made, 1, "{name}: records in the org");
            let contacts = desk::contacts(store, 1_000).await;
            let known: Vec<_> = contacts.iter().filter(|it| it.name == **name).collect();
            assert_eq!(known.len(), 1, "{name}: contacts");
            let mut reader = store.reader().await.unwrap();
            let links = link::load_by_contacts(&mut reader, &[known[0].id])
                .await
                .unwrap();
            assert_eq!(
                links.get(&known[0].id).map_or(0, Vec::len),
                1,
                "{name}: links"
            );
            let sql = "select record_id as name from sync_change where contact_id = $1 and act = 'create' and state = 'applied'";
            let rows = reader.all(sql, vec![known[0].id.into()]).await.unwrap();
            assert_eq!(rows.len(), 1, "{name}: rows of the journal");
        }
        let newest = super::waits::runs(&world).await.remove(0);
        assert!(
            newest.finished_at.is_some() && newest.error.is_none(),
            "{number}: {:?}",
            newest.error
        );
        if !struck {
            assert!(number > 30, "it takes more than {number} statements");
            return;
        }
    }
    panic!("a run has no end");
}

#[tokio::test]
async fn a_request_with_a_key_is_done_once_whichever_of_its_writes_fails() {
    let world = World::new(94).await;
    let store = &world.hub.store;
    let access = &world.hub.access;
    let author = staff::all(&mut store.reader().await.unwrap())
        .await
        .unwrap()[0]
        .id;
    let link = access
        .sign_in_link(&Caller::operator(), author, 60_000)
        .await
        .unwrap();
    let session = access
        .use_link(&link.token, &Visit::default())
        .await
        .unwrap();
    for number in 1..STATEMENTS_MAX {
        let name = format!("Keyed {number}");
        let post = async || {
            let request = Request::post("/api/v1/contacts")
                .header("content-type", "application/json")
                .header("cookie", format!("tieline={session}"))
                .header("idempotency-key", &name)
                .body(Body::from(format!(
                    r#"{{"fields": {{"last_name": "{name}"}}}}"#
                )));
            let router = world.hub.router();
            router.oneshot(request.unwrap()).await.unwrap().status()
        };
        store.faults().fail_at(number);
        let first = post().await;
        let struck = store.faults().take_back();
        let mut last = first;
        for _ in 0..3 {
            if last == StatusCode::CREATED {
                break;
            }
            // A key whose request was cut off is free again after a minute.
            world.wait(61_000);
            last = post().await;
        }
        // As if the answer had been lost: it comes again.
        world.wait(61_000);
        post().await;
        let contacts = desk::contacts(store, 1_000).await;
        let made = contacts.iter().filter(|it| it.name == name).count();
        assert_eq!(made, 1, "write {number}: {first}, then {last}");
        assert_eq!(last, StatusCode::CREATED, "write {number}: first {first}");
        if !struck {
            assert!(number > 5, "it takes more than {number} statements");
            return;
        }
    }
    panic!("a request has no end");
}

#[tokio::test]
async fn a_day_is_logged_once_whichever_write_of_its_log_fails() {
    let world = World::new(95).await;
    world.sync().await;
    let store = &world.hub.store;
    for number in 1..STATEMENTS_MAX {
        let mobile = phone(number);
        let mut fields = attribute("last_name", format!("Logged {number}"));
        fields.insert("mobile_phone".to_owned(), mobile.clone());
        create_contact(store, &Actor::system(), &fields)
            .await
            .unwrap();
        world.live(10).await;
        desk::text(store, &mobile, &format!("Hello {number}")).await;
        store.faults().fail_at(number);
        for _ in 0..4 {
            world.hub.worker().work_off().await;
            world.simulator.step().await;
            world.wait(1_000);
        }
        let struck = store.faults().take_back();
        world.live(90).await;
        let soql = format!("SELECT Id, Description FROM Task WHERE Subject LIKE '%{mobile}%'");
        let org = world.simulator.org();
        let answer = org.query(&world.somebody(), &soql, false).ok().unwrap();
        assert_eq!(answer.len(), 1, "write {number}");
        if !struck {
            assert!(number > 10, "it takes more than {number} statements");
            return;
        }
    }
    panic!("a log has no end");
}
