//! Lists are told whole by pages of any size, and who asks for some rows is told of those alone.

use super::carriers::{add_account, add_sender};
use super::harness::{Fixture, on_both};
use super::people::{
    contact, inbox, linked, mapped, org, ours, point, talk, theirs, user, writing,
};
use std::collections::BTreeMap;
use std::fmt::Debug;
use tieline_domain::access::{Principal, Role, Scope, StaffMember};
use tieline_domain::carrier::CarrierKind;
use tieline_domain::catalogue::Catalogue;
use tieline_domain::channel::Channel;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::{Conversation, ListPlace, Message, ReadMark};
use tieline_domain::id::{CarrierAccountId, ContactId, ConversationId, Id as _, SenderId};
use tieline_domain::receive::Unassigned;
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::mapping::{Deletes, MappingDirection};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_storage::carrier_account::{CarrierAccount, Sender};
use tieline_storage::consent::{self, Entry};
use tieline_storage::contact::{ContactPlace, ContactQuery, ContactSort};
use tieline_storage::conversation::{self, ConversationQuery};
use tieline_storage::link::Link;
use tieline_storage::mapping::ObjectMapping;
use tieline_storage::sync_run::{self, Checkpoint, SyncRun};
use tieline_storage::unassigned_text::{self, UnassignedText};
use tieline_storage::{
    attempt, carrier_account, contact as contacts, link, mapping, message, read_mark,
    sign_in_failure, staff,
};

/// That pages of one, two and three rows tell the whole list in its order, each row once.
async fn check<T: Clone + PartialEq + Debug>(
    whole: &[T],
    mut page: impl AsyncFnMut(Option<&T>, i64) -> Vec<T>,
) {
    for size in 1..4 {
        let mut told: Vec<T> = Vec::new();
        while told.len() <= whole.len() {
            let next = page(told.last(), size).await;
            if next.is_empty() {
                break;
            }
            assert!(next.len() <= size as usize);
            told.extend(next);
        }
        assert_eq!(told, whole, "pages of {size}");
    }
}

#[tokio::test]
async fn pages_of_any_size_tell_all_contacts_by_name_and_by_change() {
    on_both(|at| async move {
        let mut all = Vec::new();
        for name in ["Oak", "Elm", "Oak", "Ash", "Elm", "Oak", "Yew"] {
            let mut row = contact(&at, name, "").await;
            row.version = 1;
            all.push(row);
        }
        // The last to change are not the last that came; whom somebody deleted is in no list.
        for changed in [&[4, 1][..], &[0], &[2, 6]] {
            at.clock.advance(10);
            let mut tx = writing(&at).await;
            for n in changed {
                all[*n].deleted_at = (*n == 6).then(|| tx.now());
                contacts::save_many(&mut tx, &all[*n..=*n], &Catalogue::first("GB"))
                    .await
                    .unwrap();
                (all[*n].version, all[*n].updated_at) = (2, tx.now());
            }
            tx.commit().await.unwrap();
        }
        let mut tx = writing(&at).await;
        for (sort, order) in [
            (ContactSort::Name, [3, 1, 4, 0, 2, 5]),
            (ContactSort::Changed, [2, 0, 4, 1, 5, 3]),
        ] {
            let whole = order.map(|n: usize| all[n].clone());
            check(&whole, async |last, limit| {
                let after = last.map(|it| match sort {
                    ContactSort::Name => ContactPlace::Name(it.sort_name.clone(), it.id),
                    ContactSort::Changed => ContactPlace::Changed(it.updated_at, it.id),
                });
                let query = ContactQuery {
                    sort,
                    after,
                    limit,
                    ..ContactQuery::default()
                };
                let count = contacts::count(&mut tx, &Scope::system(), &query).await;
                assert_eq!(count.unwrap(), 6);
                contacts::list(&mut tx, &Scope::system(), &query)
                    .await
                    .unwrap()
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn pages_of_any_size_tell_all_conversations() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let mut all: Vec<Conversation> = Vec::new();
        for number in 0..8 {
            let (row, _) = talk(&at, desk, &format!("+44770090010{number}"), &[]).await;
            all.push(row);
        }
        let now = at.store.now();
        for (row, (ours, last)) in all.iter_mut().zip([
            (true, 1),
            (false, 9),
            (true, 5),
            (true, 5),
            (false, 1),
            (true, 9),
            (false, 1),
            (true, 1),
        ]) {
            (row.our_turn, row.last_at) = (ours, now + last);
        }
        let mut tx = writing(&at).await;
        conversation::save_many(&mut tx, &all).await.unwrap();
        for row in &mut all {
            row.version += 1;
        }
        let whole = [5, 3, 2, 7, 0, 1, 6, 4].map(|n: usize| all[n].clone());
        check(&whole, async |last, limit| {
            let query = ConversationQuery {
                after: last.map(ListPlace::of),
                limit,
                ..ConversationQuery::default()
            };
            let page = conversation::list(&mut tx, &Scope::system(), &query).await;
            let page = page.unwrap().into_iter();
            page.map(|it| it.conversation).collect()
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn pages_of_any_size_tell_all_runs_and_all_texts_that_no_inbox_has() {
    on_both(|at| async move {
        let org = org(&at, "One").await;
        let mut tx = writing(&at).await;
        let mut runs = Vec::new();
        for started in [5, 9, 9, 1, 5, 1] {
            let run = SyncRun {
                id: at.store.new_id(),
                connection_id: org.id,
                trigger: RunTrigger::Schedule,
                staff_id: None,
                state: RunState::Done,
                phase: "Done".to_owned(),
                checkpoint: Checkpoint::default(),
                counts: RunCounts::default(),
                progress_done: 0,
                progress_total: None,
                api_calls: 0,
                api_calls_minimum: 0,
                error: None,
                started_at: at.store.now() + started,
                finished_at: Some(at.store.now() + started),
            };
            sync_run::create(&mut tx, &run).await.unwrap();
            runs.push(run);
        }
        let whole = [2, 1, 4, 0, 5, 3].map(|n: usize| runs[n].clone());
        check(&whole, async |last, limit| {
            let before = last.map(|it| (it.started_at, it.id));
            let page = sync_run::history(&mut tx, org.id, before, limit).await;
            page.unwrap()
        })
        .await;
        // Two came at each moment.
        for (names, later) in [(["SM0", "SM1"], 0), (["SM2", "SM3"], 10)] {
            at.clock.advance(later);
            for name in names {
                unassigned_text::keep(&mut tx, &[&stray(name)])
                    .await
                    .unwrap();
            }
        }
        let whole: Vec<UnassignedText> = unassigned_text::all(&mut tx, None, 9).await.unwrap();
        let names: Vec<_> = whole
            .iter()
            .map(|it| it.said.provider_id.as_str())
            .collect();
        assert_eq!(names, ["SM3", "SM2", "SM1", "SM0"]);
        check(&whole, async |last, limit| {
            let before = last.map(|it| (it.received_at, it.id));
            let page = unassigned_text::all(&mut tx, before, limit).await;
            page.unwrap()
        })
        .await;
    })
    .await;
}

fn stray(name: &str) -> Unassigned {
    Unassigned {
        account: "AC9".to_owned(),
        provider_id: name.to_owned(),
        sender: "+447700900101".to_owned(),
        addressee: "+447700900099".to_owned(),
        text: "Hello".to_owned(),
    }
}

/// Two people with a number each, who wrote and were answered.
struct Two {
    people: [ContactId; 2],
    talks: [ConversationId; 2],
    rows: [Conversation; 2],
    /// A text of theirs and one of ours.
    said: [Vec<Message>; 2],
}

const NUMBERS: [&str; 2] = ["+447700900101", "+447700900102"];

async fn two(at: &Fixture) -> Two {
    let desk = inbox(at, "Care").await.id;
    let ann = contact(at, "Ann", NUMBERS[0]).await.id;
    let bob = contact(at, "Bob", NUMBERS[1]).await.id;
    let (one, first) = talk(at, desk, NUMBERS[0], &[theirs("Hi"), ours("Ho")]).await;
    let (two, second) = talk(at, desk, NUMBERS[1], &[theirs("Hi"), ours("Ho")]).await;
    Two {
        people: [ann, bob],
        talks: [one.id, two.id],
        rows: [one, two],
        said: [first, second],
    }
}

fn only<K: Ord + Clone + Debug, V>(
    found: BTreeMap<K, V>,
    wanted: impl IntoIterator<Item = K>,
) -> Vec<V> {
    let (keys, values): (Vec<K>, Vec<V>) = found.into_iter().unzip();
    assert!(keys.iter().cloned().eq(wanted), "{keys:?}");
    values
}

#[tokio::test]
async fn who_asks_for_some_people_is_told_of_nobody_else() {
    on_both(|at| async move {
        let Two { people, .. } = two(&at).await;
        let org = org(&at, "One").await;
        let mut tx = writing(&at).await;
        let rows = contacts::load_by_ids(&mut tx, &people).await.unwrap();
        tx.commit().await.unwrap();
        for (id, record) in people.iter().zip(["003A", "003B"]) {
            linked(&at, &org, &rows[id], record).await;
        }
        let everything = Scope::system();
        let mut tx = writing(&at).await;
        let numbers = NUMBERS.map(str::to_owned);
        for n in 0..2 {
            let (id, some, number) = (people[n], &people[n..=n], &numbers[n..=n]);
            let names = contacts::list_names(&mut tx, &everything, some).await;
            only(names.unwrap(), [id]);
            only(contacts::load_by_ids(&mut tx, some).await.unwrap(), [id]);
            let points = contacts::list_points(&mut tx, &everything, some).await;
            assert_eq!(only(points.unwrap(), [id])[0][0].address, NUMBERS[n]);
            let held = contacts::load_holders(&mut tx, Channel::Sms, number).await;
            let held = only(held.unwrap(), number.to_vec());
            assert!(held[0].iter().eq([&id]));
            let free = contacts::load_unlinked_holders(&mut tx, number, org.id, "Lead").await;
            assert!(only(free.unwrap(), number.to_vec())[0].iter().eq([&id]));
            let points = contacts::ensure_points(&mut tx, Channel::Sms, number).await;
            only(points.unwrap(), number.to_vec());
            let links = link::list_of_contacts(&mut tx, &everything, some).await;
            let links = only(links.unwrap(), [id]);
            assert_eq!(links[0].len(), 1);
            let record = vec![links[0][0].record_id.clone()];
            let found = link::load_by_records(&mut tx, org.id, "Contact", &record).await;
            only(found.unwrap(), record);
        }
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_some_conversations_is_told_of_no_other() {
    on_both(|at| async move {
        let Two {
            talks, rows, said, ..
        } = two(&at).await;
        let readers = [user(&at, "ann").await, user(&at, "bob").await];
        let mut tx = writing(&at).await;
        let account = add_account(&mut tx, "AC1").await;
        for n in 0..2 {
            attempt::begin(&mut tx, said[n][1].id, account.id)
                .await
                .unwrap();
            for (reader, seq) in readers.iter().zip([1, 2]) {
                let (seq, received) = (seq + n as i64, seq);
                let mark = ReadMark { seq, received };
                read_mark::set(&mut tx, &rows[n], *reader, mark)
                    .await
                    .unwrap();
            }
        }
        let everything = Scope::system();
        for n in 0..2 {
            let (id, some) = (talks[n], &talks[n..=n]);
            let ids = [said[n][1].id];
            only(message::load_by_ids(&mut tx, &ids).await.unwrap(), ids);
            let listed = message::list_by_ids(&mut tx, &everything, &ids).await;
            only(listed.unwrap(), ids);
            only(attempt::load(&mut tx, &ids).await.unwrap(), ids);
            let from = at.store.now();
            let span = message::load_span(&mut tx, some, from, from + 1).await;
            assert_eq!(only(span.unwrap(), [id])[0], said[n]);
            let hits = message::list_hits(&mut tx, &everything, "h", some).await;
            let hits: Vec<_> = hits.unwrap().iter().map(|it| it.message.id).collect();
            assert_eq!(hits, ids, "one each, the newest of those that fit alike");
            only(
                conversation::load_by_ids(&mut tx, some).await.unwrap(),
                [id],
            );
            let place = rows[n].place();
            let found = conversation::load_by_points(&mut tx, &[place.1]).await;
            only(found.unwrap(), [place]);
            let marks = read_mark::load(&mut tx, some).await.unwrap();
            let wanted: Vec<_> = readers.iter().map(|reader| (id, *reader)).collect();
            assert!(marks.keys().eq(&wanted));
            for (reader, seq) in readers.iter().zip([1, 2]) {
                let mark = read_mark::get(&mut tx, id, *reader).await.unwrap();
                assert_eq!((mark.seq, mark.received), (seq + n as i64, seq));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_one_account_user_or_key_is_told_of_that_one() {
    on_both(|at| async move {
        let points = [point(&at, NUMBERS[0]).await, point(&at, NUMBERS[1]).await];
        let people = [user(&at, "ann").await, user(&at, "bob").await];
        let orgs = [org(&at, "One").await, org(&at, "Two").await];
        let mapped = [
            mapped(&at, &orgs[0], "Contact").await,
            mapped(&at, &orgs[1], "Contact").await,
        ];
        let mut tx = writing(&at).await;
        let accounts = [
            add_account(&mut tx, "AC1").await,
            add_account(&mut tx, "AC2").await,
        ];
        add_sender(&mut tx, &accounts[1], None, "+447700900010").await;
        for point_id in points {
            let entry = Entry {
                point_id,
                state: ConsentState::OptedOut,
                source: ConsentSource::Keyword,
                message_id: None,
            };
            consent::add(&mut tx, entry).await.unwrap();
        }
        sign_in_failure::lock(&mut tx, &[vec![1], vec![2]])
            .await
            .unwrap();
        for n in 0..2 {
            let said = consent::load(&mut tx, &points[n..=n]).await.unwrap();
            only(said, [points[n]]);
            let account = carrier_account::by_id(&mut tx, accounts[n].id).await;
            assert_eq!(account.unwrap(), accounts[n]);
            let email = ["ann@example.com", "bob@example.com"][n];
            let found = staff::by_email(&mut tx, email).await.unwrap();
            assert_eq!(found.unwrap().id, people[n]);
            let key = vec![n as u8 + 1];
            let stands = sign_in_failure::lock(&mut tx, std::slice::from_ref(&key)).await;
            only(stands.unwrap(), [key]);
            let found = mapping::all(&mut tx, orgs[n].id).await.unwrap();
            assert_eq!(found, mapped[n..=n]);
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_accounts_records_and_objects_are_told_in_an_order_that_their_ids_do_not_make() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let org = org(&at, "One").await;
        let ann = contact(&at, "Ann", "").await;
        let first = linked(&at, &org, &ann, "003Z").await;
        let mut objects = [mapping_at(&at, "Contact", 1), mapping_at(&at, "Lead", 0)];
        let mut tx = writing(&at).await;
        for it in &objects {
            mapping::create(&mut tx, org.id, it).await.unwrap();
        }
        objects.reverse();
        assert_eq!(mapping::all(&mut tx, org.id).await.unwrap(), objects);
        // A younger row has the smaller id.
        let mut accounts = Vec::new();
        let mut senders = Vec::new();
        for n in (1..4).rev() {
            at.clock.advance(10);
            let account = CarrierAccount {
                id: CarrierAccountId::from_uuid(n),
                account: format!("AC{n}"),
                ..account_like(&at)
            };
            carrier_account::create(&mut tx, &account).await.unwrap();
            accounts.push(account);
        }
        for n in (1..4).rev() {
            at.clock.advance(10);
            let sender = Sender {
                id: SenderId::from_uuid(n),
                account_id: accounts[n as usize - 1].id,
                inbox_id: Some(desk),
                address: format!("+44770090001{n}"),
            };
            carrier_account::add_sender(&mut tx, &sender).await.unwrap();
            senders.push(sender);
        }
        let told = carrier_account::of_inbox(&mut tx, desk).await;
        assert_eq!(told.unwrap(), accounts);
        assert_eq!(carrier_account::all(&mut tx).await.unwrap(), accounts);
        assert_eq!(carrier_account::senders(&mut tx).await.unwrap(), senders);
        let oldest = carrier_account::sender_for(&mut tx, desk, None).await;
        assert_eq!(oldest.unwrap().as_ref(), Some(&senders[0]));
        let wanted = carrier_account::sender_for(&mut tx, desk, Some(senders[2].id)).await;
        assert_eq!(wanted.unwrap().as_ref(), Some(&senders[2]));
        let more = [("Lead", "00QA"), ("Contact", "003B"), ("Contact", "003A")];
        let more = more.map(|(object, record)| Link {
            id: at.store.new_id(),
            object: object.to_owned(),
            record_id: record.to_owned(),
            is_primary: false,
            ..first.clone()
        });
        link::create_many(&mut tx, &more).await.unwrap();
        let told = link::list_of_contacts(&mut tx, &Scope::system(), &[ann.id]).await;
        let told = only(told.unwrap(), [ann.id]).remove(0);
        let told: Vec<_> = told.iter().map(|it| it.record_id.as_str()).collect();
        assert_eq!(told, ["003Z", "003A", "003B", "00QA"]);
    })
    .await;
}

fn mapping_at(at: &Fixture, object: &str, position: i64) -> ObjectMapping {
    ObjectMapping {
        id: at.store.new_id(),
        object: object.to_owned(),
        position,
        enabled: true,
        direction: MappingDirection::Both,
        deletes: Deletes::Honour,
        auto_create: true,
        read_until: None,
        last_changed_at: None,
        org_records: None,
        org_counted_at: None,
        fields: Vec::new(),
    }
}

fn account_like(at: &Fixture) -> CarrierAccount {
    CarrierAccount {
        id: at.store.new_id(),
        carrier: CarrierKind::Twilio,
        account: String::new(),
        url: "https://carrier.example".to_owned(),
        secret: b"sealed".to_vec(),
        held_until: None,
    }
}

#[tokio::test]
async fn what_is_open_and_unread_is_counted_by_inbox_and_reader() {
    on_both(|at| async move {
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let (ann, bob) = (user(&at, "ann").await, user(&at, "bob").await);
        let cleo = user(&at, "cleo").await;
        let mut rows = Vec::new();
        for (n, (desk, said)) in [
            (care, &[theirs("a"), theirs("b")][..]),
            (care, &[theirs("a")]),
            (care, &[ours("a")]),
            (sales, &[theirs("a")]),
            (sales, &[ours("a")]),
        ]
        .into_iter()
        .enumerate()
        {
            let number = format!("+44770090010{n}");
            rows.push(talk(&at, desk, &number, said).await.0);
        }
        let mut tx = writing(&at).await;
        for (reader, n, received) in [
            (ann, 0, 1),
            (ann, 1, 1),
            (ann, 2, 0),
            (bob, 0, 2),
            (bob, 3, 1),
            (cleo, 0, 2),
            (cleo, 3, 1),
        ] {
            let seq = received;
            let mark = ReadMark { seq, received };
            read_mark::set(&mut tx, &rows[n], reader, mark)
                .await
                .unwrap();
        }
        let both = [ann, bob];
        let everything = Scope::system();
        let counted = conversation::count_unread(&mut tx, &everything, &both).await;
        let wanted = BTreeMap::from([
            ((care, ann), 1),
            ((care, bob), 1),
            ((sales, ann), 1),
            ((sales, bob), 0),
        ]);
        assert_eq!(counted.unwrap(), wanted);
        let member = StaffMember {
            id: ann,
            role: Role::Staff,
            reviewer: false,
            inboxes: vec![care],
        };
        let scope = Principal::Staff(member).scope();
        let counted = conversation::count_unread(&mut tx, &scope, &both).await;
        let wanted = BTreeMap::from([((care, ann), 1), ((care, bob), 1)]);
        assert_eq!(counted.unwrap(), wanted);
        let groups = conversation::count_groups(&mut tx, &everything).await;
        let mut groups: Vec<_> = groups
            .unwrap()
            .into_iter()
            .map(|it| (it.inbox_id, it.our_turn, it.number))
            .collect();
        groups.sort();
        let mut wanted = [
            (care, true, 2),
            (care, false, 1),
            (sales, true, 1),
            (sales, false, 1),
        ];
        wanted.sort();
        assert_eq!(groups, wanted);
    })
    .await;
}
