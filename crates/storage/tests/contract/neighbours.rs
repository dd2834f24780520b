//! What is done to one user, key, inbox, request, org or run leaves those beside it as they are.

use super::harness::{Fixture, on_both};
use super::people::{inbox, mapped, org, talk, theirs, user, writing};
use tieline_domain::access::{Giver, Principal, Reach, Right, Rights, Role, StaffMember};
use tieline_domain::id::{ApiKeyId, InboxId, StaffId};
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::link::IntentState;
use tieline_domain::sync::mapping::{Deletes, MappingDirection, Policy};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_storage::api_key::{self, ApiKey};
use tieline_storage::connection::{self, Connection};
use tieline_storage::create_intent::{self, CreateIntent};
use tieline_storage::idempotency::{ANSWERED_MS, Kept, Known, Request, give_back, settle, take};
use tieline_storage::session::{self, Session};
use tieline_storage::staff::{self, Staff};
use tieline_storage::sync_run::{self, Checkpoint, SyncRun};
use tieline_storage::{Tx, conversation, inbox as inboxes, mapping, way_in};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_user_who_is_changed_is_the_only_one() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let mut tx = writing(&at).await;
        let was = staff::by_id(&mut tx, bob).await.unwrap();
        assert!(staff::hold(&mut tx, &was).await.unwrap());
        let changed = Staff {
            role: Role::SystemAdministrator,
            name: "Annabel".to_owned(),
            active: false,
            ..staff::by_id(&mut tx, ann).await.unwrap()
        };
        staff::update(&mut tx, &changed).await.unwrap();
        staff::set_password(&mut tx, ann, "a hash").await.unwrap();
        let changed = Staff {
            password_hash: Some("a hash".to_owned()),
            ..changed
        };
        assert_eq!(staff::by_id(&mut tx, ann).await.unwrap(), changed);
        assert!(!staff::hold(&mut tx, &changed).await.unwrap(), "they left");
        assert_eq!(staff::by_id(&mut tx, bob).await.unwrap(), was);
        assert!(staff::hold(&mut tx, &was).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_link_is_its_holders_alone_and_nothing_without_them() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let until = at.store.now() + HOUR_MS;
        let mut tx = writing(&at).await;
        for (who, token) in [(ann, b"anns"), (bob, b"bobs")] {
            session::add_link(&mut tx, token, who, until).await.unwrap();
        }
        session::end_links(&mut tx, bob).await.unwrap();
        assert_eq!(session::sweep(&mut tx).await.unwrap(), 0);
        for (token, holder) in [(b"bobs", None), (b"anns", Some(ann))] {
            let used = session::use_link(&mut tx, token).await.unwrap();
            assert_eq!(used, holder);
        }
        session::add_link(&mut tx, b"last", bob, until)
            .await
            .unwrap();
        let gone = Staff {
            active: false,
            ..staff::by_id(&mut tx, bob).await.unwrap()
        };
        staff::update(&mut tx, &gone).await.unwrap();
        let used = session::use_link(&mut tx, b"last").await.unwrap();
        assert_eq!(used, None, "that Ann still works here is no matter");
    })
    .await;
}

#[tokio::test]
async fn who_gave_a_way_in_is_kept_with_it_and_with_no_others() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let until = at.store.now() + HOUR_MS;
        let staff_of = |id| StaffMember {
            id,
            role: Role::UserAdministrator,
            reviewer: false,
            inboxes: Vec::new(),
        };
        let giver = Giver::of(&Principal::Staff(staff_of(bob)));
        let mut tx = writing(&at).await;
        let mut sessions = Vec::new();
        for (who, token) in [(ann, b"anns"), (bob, b"bobs")] {
            session::add_link(&mut tx, token, who, until).await.unwrap();
            staff::set_password(&mut tx, who, "a hash").await.unwrap();
            sessions.push(open(&mut tx, who, token, [HOUR_MS, HOUR_MS]).await.id);
        }
        way_in::link_given_by(&mut tx, ann, giver.as_ref())
            .await
            .unwrap();
        way_in::password_given_by(&mut tx, ann, giver.as_ref())
            .await
            .unwrap();
        way_in::session_given_by(&mut tx, sessions[0], giver.as_ref())
            .await
            .unwrap();
        for (who, token, giver) in [(ann, b"anns", &giver), (bob, b"bobs", &None)] {
            let found = way_in::giver_of_link(&mut tx, who).await.unwrap();
            assert_eq!(found, *giver);
            let found = way_in::giver_of_token(&mut tx, token).await.unwrap();
            assert_eq!(found, *giver);
            let found = way_in::giver_of_password(&mut tx, who).await.unwrap();
            assert_eq!(found, *giver);
        }
        let holders = way_in::holders(&mut tx).await.unwrap();
        assert_eq!(holders, [(ann, giver.clone().unwrap())]);
        let of_sessions = way_in::givers_of_sessions(&mut tx, ann).await.unwrap();
        assert_eq!(of_sessions, [(sessions[0], giver.clone())]);
        assert_eq!(way_in::givers_of_sessions(&mut tx, bob).await.unwrap(), []);
        way_in::session_given_by(&mut tx, sessions[0], None)
            .await
            .unwrap();
        assert_eq!(way_in::givers_of_sessions(&mut tx, ann).await.unwrap(), []);
        staff::set_password(&mut tx, ann, "her own").await.unwrap();
        assert_eq!(way_in::giver_of_password(&mut tx, ann).await.unwrap(), None);
        way_in::password_given_by(&mut tx, ann, giver.as_ref())
            .await
            .unwrap();
        staff::end_password(&mut tx, ann).await.unwrap();
        assert_eq!(way_in::giver_of_password(&mut tx, ann).await.unwrap(), None);
        for (who, has_one) in [(ann, false), (bob, true)] {
            let hash = staff::lock(&mut tx, who).await.unwrap().password_hash;
            assert_eq!(hash.is_some(), has_one);
        }
    })
    .await;
}

async fn open(tx: &mut Tx, who: StaffId, token: &[u8], [expires, ends]: [i64; 2]) -> Session {
    let now = tx.now();
    let session = Session {
        id: tx.new_id(),
        staff_id: who,
        created_at: now,
        last_seen_at: now,
        expires_at: now + expires,
        ends_at: now + ends,
        address: None,
        agent: None,
    };
    session::create(tx, &session, token).await.unwrap();
    session
}

#[tokio::test]
async fn a_session_is_over_by_either_moment_and_the_living_are_told_by_their_last_use() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let mut tx = writing(&at).await;
        let mut hers = Vec::new();
        for (token, over) in [
            (&b"expires"[..], [HOUR_MS, 9 * HOUR_MS]),
            (&b"ends"[..], [9 * HOUR_MS, 2 * HOUR_MS]),
            (&b"lives"[..], [9 * HOUR_MS, 9 * HOUR_MS]),
        ] {
            at.clock.advance(10);
            hers.push(open(&mut tx, ann, token, over).await);
        }
        open(&mut tx, bob, b"his", [9 * HOUR_MS, 9 * HOUR_MS]).await;
        at.clock.advance(10);
        let later = hers[1].expires_at + 10;
        session::extend(&mut tx, hers[1].id, later).await.unwrap();
        (hers[1].expires_at, hers[1].last_seen_at) = (later, at.store.now());
        let of_ann = async |tx: &mut Tx| session::of_staff(tx, ann, at.store.now()).await.unwrap();
        let latest_first = [&hers[1], &hers[2], &hers[0]].map(Clone::clone);
        assert_eq!(of_ann(&mut tx).await, latest_first);
        for (over, token) in [(&hers[0], &b"expires"[..]), (&hers[1], &b"ends"[..])] {
            let moment = over.expires_at.min(over.ends_at);
            at.clock.advance(moment.since(at.store.now()));
            let found = session::by_token(&mut tx, token, moment).await.unwrap();
            assert_eq!(found, None);
            assert!(!of_ann(&mut tx).await.contains(over));
            assert_eq!(session::sweep(&mut tx).await.unwrap(), 1);
        }
        let (found, who) = session::by_token(&mut tx, b"lives", at.store.now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found, who.id), (hers[2].clone(), ann));
    })
    .await;
}

fn key(at: &Fixture, name: &str, inboxes: &[InboxId]) -> ApiKey {
    ApiKey {
        id: at.store.new_id::<ApiKeyId>(),
        name: name.to_owned(),
        rights: Rights::of(&[Right::ReadConversations]),
        inboxes: Reach::only(inboxes.iter().copied()),
        created_by: None,
        created_by_key: None,
        created_at: at.store.now(),
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
    }
}

#[tokio::test]
async fn a_key_reaches_its_own_inboxes_and_is_used_and_revoked_alone() {
    on_both(|at| async move {
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let first = key(&at, "first", &[care]);
        at.clock.advance(10);
        let second = key(&at, "second", &[care, sales]);
        let mut tx = writing(&at).await;
        api_key::create(&mut tx, &first, b"one").await.unwrap();
        api_key::create(&mut tx, &second, b"two").await.unwrap();
        let found = api_key::by_token(&mut tx, b"one").await.unwrap();
        assert_eq!(found.as_ref(), Some(&first));
        let all = api_key::all(&mut tx).await.unwrap();
        assert_eq!(all, [second.clone(), first.clone()], "the newest first");
        api_key::touch(&mut tx, first.id).await.unwrap();
        api_key::revoke(&mut tx, first.id).await.unwrap();
        let found = api_key::by_token(&mut tx, b"two").await.unwrap();
        assert_eq!(found, Some(second));
    })
    .await;
}

#[tokio::test]
async fn who_leaves_an_inbox_stays_in_others_and_others_stay_in_it() {
    on_both(|at| async move {
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let mut tx = writing(&at).await;
        // Backwards, so that they are told in an order of their own.
        for (inbox, who) in [(sales, bob), (sales, ann), (care, bob), (care, ann)] {
            inboxes::add_member(&mut tx, inbox, who).await.unwrap();
        }
        assert!(inboxes::remove_member(&mut tx, care, ann).await.unwrap());
        let of = async |tx: &mut Tx, inbox| inboxes::members(tx, inbox).await.unwrap();
        assert_eq!(of(&mut tx, care).await, [bob]);
        assert_eq!(of(&mut tx, sales).await, [ann, bob]);
        let theirs = async |tx: &mut Tx, who| inboxes::of_member(tx, who).await.unwrap();
        assert_eq!(theirs(&mut tx, ann).await, [sales]);
        assert_eq!(theirs(&mut tx, bob).await, [care, sales]);
    })
    .await;
}

#[tokio::test]
async fn who_becomes_a_member_of_one_inbox_has_read_nothing_of_another() {
    on_both(|at| async move {
        let ann = user(&at, "ann").await;
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let said = [theirs("Hello")];
        let (here, _) = talk(&at, care, "+447700900101", &said).await;
        let (there, _) = talk(&at, sales, "+447700900101", &said).await;
        let mut tx = writing(&at).await;
        // Who was a member before comes back as everybody comes.
        for _ in 0..2 {
            inboxes::add_member(&mut tx, care, ann).await.unwrap();
            inboxes::remove_member(&mut tx, care, ann).await.unwrap();
        }
        let member = StaffMember {
            id: ann,
            role: Role::Staff,
            reviewer: false,
            inboxes: vec![care, sales],
        };
        let scope = Principal::Staff(member).scope();
        for (id, unread) in [(here.id, 0), (there.id, 1)] {
            let listed = conversation::get(&mut tx, &scope, id).await.unwrap();
            assert_eq!(listed.unread, unread);
        }
    })
    .await;
}

fn request(principal: &str, key: &str) -> Request {
    Request {
        principal: principal.to_owned(),
        staff: None,
        key: key.to_owned(),
        hash: b"one".to_vec(),
    }
}

#[tokio::test]
async fn a_request_is_settled_and_given_back_for_one_key_of_one_principal() {
    on_both(|at| async move {
        let ours = request("ann", "k");
        let others = [request("ann", "l"), request("bob", "k")];
        let mut tx = writing(&at).await;
        for it in [&ours, &others[0], &others[1]] {
            assert_eq!(take(&mut tx, it).await.unwrap(), Known::New);
        }
        let answer = Kept {
            status: 201,
            body: "ours".to_owned(),
        };
        settle(&mut tx, &ours, Some(&answer)).await.unwrap();
        for it in &others {
            assert_eq!(take(&mut tx, it).await.unwrap(), Known::InFlight);
        }
        let other = Kept {
            status: 202,
            body: "another's".to_owned(),
        };
        settle(&mut tx, &others[1], Some(&other)).await.unwrap();
        let known = take(&mut tx, &ours).await.unwrap();
        assert_eq!(known, Known::Answered(answer));
        // Given back: this one alone may come anew.
        let third = request("ann", "m");
        let same_key = request("bob", "m");
        assert_eq!(take(&mut tx, &third).await.unwrap(), Known::New);
        assert_eq!(take(&mut tx, &same_key).await.unwrap(), Known::New);
        give_back(&mut tx, &third).await.unwrap();
        for it in [&others[0], &same_key] {
            assert_eq!(take(&mut tx, it).await.unwrap(), Known::InFlight);
        }
        assert_eq!(take(&mut tx, &third).await.unwrap(), Known::New);
        // What its process left behind is taken over for one key, not for those beside it.
        at.clock.advance(ANSWERED_MS + 1);
        assert_eq!(take(&mut tx, &third).await.unwrap(), Known::New);
        assert_eq!(take(&mut tx, &third).await.unwrap(), Known::InFlight);
        for it in [&others[0], &same_key] {
            assert_eq!(take(&mut tx, it).await.unwrap(), Known::New);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_set_of_one_object_of_one_org_is_set_of_no_other() {
    on_both(|at| async move {
        let (one, two) = (org(&at, "One").await, org(&at, "Two").await);
        let contacts = mapped(&at, &one, "Contact").await;
        let leads = mapped(&at, &one, "Lead").await;
        let others = mapped(&at, &two, "Contact").await;
        let field = contacts.fields[0].field.clone();
        let mut tx = writing(&at).await;
        mapping::update(&mut tx, contacts.id, Some(false), Some(Deletes::Ignore))
            .await
            .unwrap();
        let (policy, flow) = (Some(Policy::Newest), Some(MappingDirection::ToHub));
        mapping::update_field(&mut tx, contacts.id, &field, policy, flow)
            .await
            .unwrap();
        let until = at.store.now() + 5;
        mapping::set_read_until(&mut tx, contacts.id, until)
            .await
            .unwrap();
        mapping::touch(&mut tx, contacts.id).await.unwrap();
        mapping::set_org_records(&mut tx, contacts.id, 7)
            .await
            .unwrap();
        connection::add_usage(&mut tx, one.id, &[("sync", 3)], Some((50, 100)))
            .await
            .unwrap();
        let of_one = mapping::all(&mut tx, one.id).await.unwrap();
        assert_eq!(of_one.len(), 2);
        assert!(of_one.contains(&leads));
        let changed = of_one.iter().find(|it| it.id == contacts.id).unwrap();
        assert_eq!(changed.fields[1..], contacts.fields[1..]);
        assert_eq!(mapping::all(&mut tx, two.id).await.unwrap(), [others]);
        assert_eq!(connection::by_id(&mut tx, two.id).await.unwrap(), two);
        let now = at.store.now();
        let by_hour = connection::usage_by_hour(&mut tx, two.id, now).await;
        assert_eq!(by_hour.unwrap(), []);
        let usage = connection::usage(&mut tx, two.id, now).await;
        assert_eq!(usage.unwrap(), []);
    })
    .await;
}

fn run(at: &Fixture, of: &Connection) -> SyncRun {
    SyncRun {
        id: at.store.new_id(),
        connection_id: of.id,
        trigger: RunTrigger::Schedule,
        staff_id: None,
        state: RunState::Running,
        phase: "Starting".to_owned(),
        checkpoint: Checkpoint::default(),
        counts: RunCounts::default(),
        progress_done: 0,
        progress_total: None,
        api_calls: 0,
        api_calls_minimum: 0,
        error: None,
        started_at: at.store.now(),
        finished_at: None,
    }
}

#[tokio::test]
async fn two_orgs_have_runs_and_intents_of_their_own() {
    on_both(|at| async move {
        let (one, two) = (org(&at, "One").await, org(&at, "Two").await);
        let [mut ours, theirs] = [run(&at, &one), run(&at, &two)];
        let intent = |object: &str| CreateIntent {
            id: at.store.new_id(),
            connection_id: one.id,
            object: object.to_owned(),
            contact_id: None,
            body: Default::default(),
            state: IntentState::Open,
            begun_at: at.store.now(),
            not_before: at.store.now(),
        };
        let mut intents = ["Contact", "Contact", "Lead"].map(intent);
        let mut tx = writing(&at).await;
        create_intent::create_many(&mut tx, &intents).await.unwrap();
        create_intent::mark_ambiguous(&mut tx, intents[1].id)
            .await
            .unwrap();
        intents[1].state = IntentState::Ambiguous;
        for of in [&ours, &theirs] {
            sync_run::create(&mut tx, of).await.unwrap();
        }
        assert!(sync_run::cancel(&mut tx, ours.id).await.unwrap());
        assert_eq!(sync_run::by_id(&mut tx, theirs.id).await.unwrap(), theirs);
        ours.state = RunState::Done;
        ours.phase = "Done".to_owned();
        ours.counts.add("Contact", Default::default());
        ours.finished_at = Some(at.store.now() + 3);
        sync_run::save(&mut tx, &ours).await.unwrap();
        assert_eq!(sync_run::by_id(&mut tx, ours.id).await.unwrap(), ours);
        assert_eq!(sync_run::by_id(&mut tx, theirs.id).await.unwrap(), theirs);
        let open = sync_run::open_run(&mut tx, two.id).await.unwrap();
        assert_eq!(open.as_ref(), Some(&theirs));
        let history = sync_run::history(&mut tx, two.id, None, 9).await;
        assert_eq!(history.unwrap(), [theirs]);
        assert_eq!(sync_run::last_done(&mut tx, two.id).await.unwrap(), None);
        let done = sync_run::last_done(&mut tx, one.id).await.unwrap();
        assert_eq!(done, ours.finished_at);
        let of_two = create_intent::open(&mut tx, two.id, "Contact").await;
        assert_eq!(of_two.unwrap(), []);
        let of_one = create_intent::open(&mut tx, one.id, "Contact").await;
        assert_eq!(of_one.unwrap(), intents[..2]);
    })
    .await;
}
