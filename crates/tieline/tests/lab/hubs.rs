//! Several hubs on one PostgreSQL: who comes second changes nothing.

use super::desk;
use super::lease::held_back;
use super::side_by_side::Working;
use super::world::World;
use std::sync::Arc;
use std::time::Duration;
use tieline::demo::OUR_NUMBER;
use tieline::transport::{Transport, in_process};
use tieline_access::{NewStaff, StaffChange, Visit};
use tieline_domain::access::{Actor, Caller, Role, Scope};
use tieline_domain::channel::Channel;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::Conversation;
use tieline_domain::delivery::State;
use tieline_domain::failure::FailureCode;
use tieline_domain::sync::run::RunState;
use tieline_messaging::converse::{self, Act, With};
use tieline_messaging::send::{Written, write};
use tieline_storage::consent::{self, Entry};
use tieline_storage::{contact, conversation, inbox, staff, sync_run};
use tieline_sync::StartedBy;
use tieline_testkit::postgres::Database;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

/// Hands each request to both at once, and answers as the first does.
fn doubled(first: Transport, second: Transport) -> Transport {
    BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
        let (first, second) = (first.clone(), second.clone());
        async move {
            let again = request.clone();
            let (answer, other) = tokio::join!(first.oneshot(request), second.oneshot(again));
            assert!(
                other?.status().is_success(),
                "the second is no error either"
            );
            answer
        }
    }))
}

#[tokio::test]
async fn a_webhook_that_reaches_two_hubs_is_one_text() {
    let database = Database::create().await;
    let world = World::on_postgres(21, &database).await;
    let second = world.second_hub(in_process(world.simulator.router())).await;
    let both = doubled(in_process(world.hub.router()), in_process(second.router()));
    world.simulator.set_outgoing(both);
    for number in 0..20 {
        let phone = format!("+4411349606{:02}", number % 3);
        let words = format!("In {number}");
        world.simulator.text_from_phone(&phone, OUR_NUMBER, &words);
    }
    // Its receipts reach both as well.
    desk::text(&world.hub.store, "+441134960601", "Out").await;
    world.live(5).await;
    let messages = desk::messages(&world.hub.store).await;
    assert_eq!(messages.len(), 21);
    let sent = world
        .simulator
        .texts()
        .into_iter()
        .filter(|it| it.body == "Out");
    assert_eq!(sent.map(|it| it.status).collect::<Vec<_>>(), ["delivered"]);
    second.store.close().await;
    database.remove().await;
}

/// Waits for what happens on other tasks, and not for ever.
async fn until(holds: impl Fn() -> bool) {
    let watched = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let within = tokio::time::timeout(Duration::from_secs(60), watched);
    within.await.expect("it happens within a minute");
}

#[tokio::test]
async fn a_hub_that_starts_beside_another_takes_nothing_out_of_its_hands() {
    let database = Database::create().await;
    let world = World::on_postgres(24, &database).await;
    let text = desk::text(&world.hub.store, "+441134960650", "In hand").await;
    let gate = Arc::new(Semaphore::new(0));
    let transport = held_back(in_process(world.simulator.router()), gate.clone());
    let busy = world.second_hub(transport).await;
    let worker = busy.worker();
    let sending = tokio::spawn(async move { worker.work_off().await });
    until(|| !world.simulator.texts().is_empty()).await;
    let starting = Working::of(&world.hub);
    // It looks at least twice.
    tokio::time::sleep(Duration::from_secs(1)).await;
    starting.end().await;
    let state = async || {
        let all = desk::messages(&world.hub.store).await;
        all.iter().find(|it| it.id == text.id).unwrap().state
    };
    assert_eq!(state().await, State::Sending, "its answer is awaited");
    gate.add_permits(10);
    sending.await.unwrap();
    assert_eq!(state().await, State::Sent);
    busy.store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_stop_that_is_being_taken_in_is_heard_before_a_text_leaves() {
    let database = Database::create().await;
    let world = World::on_postgres(26, &database).await;
    let store = &world.hub.store;
    let text = desk::text(store, "+441134960651", "Too late").await;
    let mut stop = store.begin(&Actor::system()).await.unwrap();
    let talk = conversation::get(&mut stop, &Scope::system(), text.conversation_id).await;
    let entry = Entry {
        point_id: talk.unwrap().conversation.point_id,
        state: ConsentState::OptedOut,
        source: ConsentSource::Keyword,
        message_id: None,
    };
    consent::add(&mut stop, entry).await.unwrap();
    let worker = world.hub.worker();
    let sending = tokio::spawn(async move { worker.work_off().await });
    // It has the text in hand, and waits for what is said meanwhile.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!sending.is_finished());
    stop.commit().await.unwrap();
    sending.await.unwrap();
    let all = desk::messages(store).await;
    let after = all.iter().find(|it| it.id == text.id).unwrap();
    let code = after.failure.as_ref().map(|it| it.code);
    let refused = (State::Refused, Some(FailureCode::OptedOut));
    assert_eq!((after.state, code), refused);
    assert!(world.simulator.texts().is_empty());
    database.remove().await;
}

#[tokio::test]
async fn a_run_whose_hub_falls_silent_is_ended_by_another_hub() {
    let database = Database::create().await;
    let world = World::on_postgres(22, &database).await;
    // It hears one answer, and no more.
    let gate = Arc::new(Semaphore::new(1));
    let transport = held_back(in_process(world.simulator.router()), gate.clone());
    let silent = world.second_hub(transport).await;
    let run = world
        .hub
        .sync
        .start(world.connection, StartedBy::Schedule)
        .await
        .unwrap();
    let worker = silent.worker();
    // Its process stands still: not even its heartbeat goes on.
    let mut stalling = Box::pin(worker.work_off());
    let before = world.simulator.calls().len();
    let asked = until(|| world.simulator.calls().len() >= before + 2);
    tokio::select! {
        _ = &mut stalling => panic!("the answer is held back"),
        () = asked => {}
    }
    world.live(120).await;
    let row = async || {
        let mut reader = world.hub.store.reader().await.unwrap();
        sync_run::by_id(&mut reader, run.id).await.unwrap()
    };
    assert_eq!(row().await.finished_at, None, "its lease still holds");
    world.live(60).await;
    let ended = row().await;
    assert_eq!(ended.state, RunState::Done, "{:?}", ended.error);
    let contacts = desk::contacts(&world.hub.store, 1_000).await;

    gate.add_permits(1_000);
    stalling.await;
    assert_eq!(row().await, ended, "the one who came back changed nothing");
    assert_eq!(desk::contacts(&world.hub.store, 1_000).await, contacts);
    silent.store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_link_that_is_being_used_as_its_user_leaves_opens_nothing_once_they_are_back() {
    let database = Database::create().await;
    let world = World::on_postgres(25, &database).await;
    let (access, operator) = (&world.hub.access, Caller::operator());
    let new = NewStaff {
        name: "Ann".to_owned(),
        email: "ann@example.com".to_owned(),
        role: Role::Staff,
    };
    let ann = access.add_staff(&operator, &new).await.unwrap().id;
    let link = access.sign_in_link(&operator, ann, 60_000).await.unwrap();
    // Who signs in is held up before it is committed.
    let mut held = world.hub.store.begin(&Actor::system()).await.unwrap();
    let sql = "lock table audit in share mode";
    held.run(sql, Vec::new()).await.unwrap();
    let [gone, back] = [false, true].map(|active| StaffChange {
        active: Some(active),
        ..StaffChange::default()
    });
    let visit = Visit::default();
    let leaves = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        access.change_staff(&operator, ann, &gone).await
    };
    let goes_on = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        held.commit().await.unwrap();
    };
    let signs_in = access.use_link(&link.token, &visit);
    let (session, left, ()) = tokio::join!(signs_in, leaves, goes_on);
    left.unwrap();
    access.change_staff(&operator, ann, &back).await.unwrap();
    let opened = access.principal(&session.unwrap(), None).await.unwrap();
    assert!(opened.is_none(), "it ended as they left");
}

#[tokio::test]
async fn two_who_change_users_at_once_lose_neither_change_and_leave_an_administrator() {
    let database = Database::create().await;
    let world = World::on_postgres(24, &database).await;
    let (access, operator) = (&world.hub.access, Caller::operator());
    let demoted = StaffChange {
        role: Some(Role::Staff),
        ..StaffChange::default()
    };
    let renamed = |name: String| StaffChange {
        name: Some(name),
        ..StaffChange::default()
    };
    let deactivated = StaffChange {
        active: Some(false),
        ..StaffChange::default()
    };
    let mut reader = world.hub.store.reader().await.unwrap();
    let ours = staff::all(&mut reader).await.unwrap();
    drop(reader);
    for round in 0..20 {
        let mut both = Vec::new();
        for of in ["a", "b"] {
            let new = NewStaff {
                name: format!("{of}{round}"),
                email: format!("{of}{round}@example.com"),
                role: Role::SystemAdministrator,
            };
            both.push(access.add_staff(&operator, &new).await.unwrap().id);
        }
        for before in ours
            .iter()
            .filter(|it| it.role == Role::SystemAdministrator)
        {
            let _ = access.change_staff(&operator, before.id, &demoted).await;
        }
        let (first, second) = tokio::join!(
            access.change_staff(&operator, both[0], &demoted),
            access.change_staff(&operator, both[1], &demoted)
        );
        assert_ne!(first.is_ok(), second.is_ok(), "one of them is the last");
        let left = both[usize::from(first.is_ok())];
        let gone = both[usize::from(second.is_ok())];
        let name = renamed(format!("Renamed {round}"));
        let (one, other) = tokio::join!(
            access.change_staff(&operator, gone, &name),
            access.change_staff(&operator, gone, &deactivated)
        );
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        let mut reader = world.hub.store.reader().await.unwrap();
        let it = staff::by_id(&mut reader, gone).await.unwrap();
        assert_eq!((it.name, it.active), (format!("Renamed {round}"), false));
        drop(reader);
        // Somebody else administrates the next round.
        let again = StaffChange {
            role: Some(Role::SystemAdministrator),
            ..StaffChange::default()
        };
        let first = ours[0].id;
        access.change_staff(&operator, first, &again).await.unwrap();
        access
            .change_staff(&operator, left, &demoted)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_staff_do_as_a_conversation_changes_under_them_is_done_on_what_stands_then() {
    let database = Database::create().await;
    let world = World::on_postgres(27, &database).await;
    let text = desk::text(&world.hub.store, "+441134960652", "Before").await;
    let id = text.conversation_id;
    for writes in [true, false] {
        let mut other = world.hub.store.begin(&Actor::system()).await.unwrap();
        let talk = conversation::get(&mut other, &Scope::system(), id).await;
        let mut talk = talk.unwrap().conversation;
        talk.our_turn = !talk.our_turn;
        conversation::save_many(&mut other, &[talk]).await.unwrap();
        let store = world.hub.store.clone();
        let written = Written {
            conversation_id: id,
            author: text.author,
            text: "Meanwhile".to_owned(),
            client_key: "meanwhile".to_owned(),
            note: true,
        };
        let doing = tokio::spawn(async move {
            let (actor, scope) = (Actor::system(), Scope::system());
            if writes {
                return write(&store, &actor, &scope, &written).await.map(drop);
            }
            let acts = [Act::SetOpen(false)];
            let changed = converse::change(&store, &actor, &scope, id, &acts).await;
            changed.map(drop)
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!doing.is_finished(), "it waits for the other");
        other.commit().await.unwrap();
        doing.await.unwrap().unwrap();
    }
    let mut reader = world.hub.store.reader().await.unwrap();
    let now = conversation::get(&mut reader, &Scope::system(), id).await;
    let now = now.unwrap().conversation;
    assert_eq!((now.open, now.last_seq), (false, 2));
    drop(reader);
    database.remove().await;
}

#[tokio::test]
async fn two_who_open_a_conversation_with_one_number_at_once_open_the_same() {
    const THEIRS: &str = "+441134960653";
    let database = Database::create().await;
    let world = World::on_postgres(28, &database).await;
    let store = world.hub.store.clone();
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let points = contact::ensure_points(&mut tx, Channel::Sms, &[THEIRS.to_owned()]).await;
    let point = points.unwrap()[THEIRS];
    let inbox = inbox::all(&mut tx).await.unwrap().remove(0).id;
    tx.commit().await.unwrap();
    let mut other = store.begin(&Actor::system()).await.unwrap();
    let first = Conversation::begin(other.new_id(), inbox, point, other.now());
    let id = first.id;
    conversation::save_many(&mut other, &[first]).await.unwrap();
    let opening = tokio::spawn(async move {
        let (actor, scope) = (Actor::system(), Scope::system());
        let with = With {
            address: Some(THEIRS),
            ..With::default()
        };
        converse::begin(&store, &actor, &scope, inbox, with).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!opening.is_finished(), "it waits for the other");
    other.commit().await.unwrap();
    let (listed, is_new) = opening.await.unwrap().unwrap();
    assert_eq!((listed.conversation.id, is_new), (id, false));
    database.remove().await;
}
