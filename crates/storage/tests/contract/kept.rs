//! What is written over reads back as it was given, in full, and for one row alone.

use super::carriers::{add_account, add_sender};
use super::harness::on_both;
use super::people::{contact, inbox, linked, org, ours, point, talk, theirs, user, writing};
use tieline_domain::access::{Actor, Failures, Scope};
use tieline_domain::catalogue::{Catalogue, FieldChange, FieldKind, FieldSection, NewField};
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::conversation::{ReadMark, Tie};
use tieline_domain::delivery::State;
use tieline_domain::id::{CarrierAccountId, Id as _};
use tieline_domain::sync::link::LinkState;
use tieline_storage::carrier_account::CarrierAccount;
use tieline_storage::connection::{self, Connection};
use tieline_storage::consent::{self, Consent, Entry};
use tieline_storage::contact::{Contact, ContactQuery};
use tieline_storage::idempotency::{ANSWERED_MS, Known, Request, during, give_back, take};
use tieline_storage::link::{self, Link};
use tieline_storage::{
    StorageError, Tx, attempt, carrier_account, contact as contacts, contact_field, conversation,
    event, merge, message, read_mark, setting, sign_in_failure,
};

async fn found(tx: &mut Tx, query: ContactQuery) -> Vec<Contact> {
    let query = ContactQuery { limit: 9, ..query };
    let found = contacts::list(tx, &Scope::system(), &query).await.unwrap();
    let count = contacts::count(tx, &Scope::system(), &query).await;
    assert_eq!(count.unwrap(), found.len() as i64);
    found
}

fn words(words: &str) -> ContactQuery {
    ContactQuery {
        words: words.to_owned(),
        ..ContactQuery::default()
    }
}

#[tokio::test]
async fn a_contact_who_is_called_otherwise_is_told_sorted_and_found_by_that() {
    on_both(|at| async move {
        let british = Catalogue::first("GB");
        let bob = contact(&at, "Bob", "").await;
        let mut row = contact(&at, "Ann", "+447700900101").await;
        at.clock.advance(10);
        for (field, value) in [("last_name", "Zoe"), ("mobile_phone", "ask Bob")] {
            row.fields.insert(field.to_owned(), value.to_owned());
            row.field_times.insert(field.to_owned(), 7);
        }
        row.version = 1;
        let mut tx = writing(&at).await;
        contacts::save_many(&mut tx, std::slice::from_ref(&row), &british)
            .await
            .unwrap();
        let wanted = Contact {
            name: british.display_name(&row.fields),
            sort_name: british.sort_name(&row.fields),
            updated_at: tx.now(),
            version: 2,
            ..row.clone()
        };
        assert_eq!(wanted.name, "Zoe");
        let read = contacts::get(&mut tx, &Scope::system(), row.id).await;
        assert_eq!(read.unwrap(), wanted);
        let all = found(&mut tx, words("")).await;
        let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["Bob", "Zoe"]);
        assert_eq!(all[0].updated_at, bob.updated_at);
        assert_eq!(
            found(&mut tx, words("zoe")).await,
            std::slice::from_ref(&wanted)
        );
        assert_eq!(found(&mut tx, words("ann")).await, []);
        let unreadable = ContactQuery {
            unreadable: true,
            ..ContactQuery::default()
        };
        assert_eq!(found(&mut tx, unreadable).await, [wanted]);
    })
    .await;
}

#[tokio::test]
async fn digits_are_found_in_one_piece_or_each_as_typed_and_never_of_the_deleted() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        for (n, name) in ["A 120345", "B 345 and 120", "C 120", "D 120345"]
            .into_iter()
            .enumerate()
        {
            let number = format!("+44770090018{n}");
            let mut row = contact(&at, name, "").await;
            let (mut talk, _) = talk(&at, desk, &number, &[theirs(name)]).await;
            talk.open = n < 3;
            let mut tx = writing(&at).await;
            row.version = 1;
            row.deleted_at = (n == 3).then(|| tx.now());
            contacts::save_many(&mut tx, &[row], &Catalogue::first("GB"))
                .await
                .unwrap();
            conversation::save_many(&mut tx, &[talk]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = writing(&at).await;
        for (typed, wanted) in [("120345", &["A"][..]), ("120 345", &["A", "B"])] {
            let all = found(&mut tx, words(typed)).await;
            let all: Vec<_> = all.iter().map(|it| &it.name[..1]).collect();
            assert_eq!(all, wanted, "{typed}");
            let query = conversation::ConversationQuery {
                words: typed.to_owned(),
                limit: 9,
                ..Default::default()
            };
            let all = conversation::list(&mut tx, &Scope::system(), &query).await;
            let all: Vec<_> = all.unwrap().iter().map(|it| it.conversation.id).collect();
            let count = conversation::count(&mut tx, &Scope::system(), &query).await;
            assert_eq!(count.unwrap(), wanted.len() as i64, "{typed}");
            let hits = message::list_hits(&mut tx, &Scope::system(), typed, &all).await;
            let mut hits: Vec<_> = hits
                .unwrap()
                .into_iter()
                .map(|it| it.message.text)
                .collect();
            hits.sort();
            let hits: Vec<_> = hits.iter().map(|it| &it[..1]).collect();
            assert_eq!(hits, wanted, "{typed}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_what_fits_in_a_conversation_the_message_with_most_of_the_words_is_shown() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let said = [
            "blue 120 345",
            "blue",
            "red 120345 blue",
            "red",
            "345 apart",
        ]
        .map(theirs);
        let (row, said) = talk(&at, desk, "+447700900101", &said).await;
        let mut tx = writing(&at).await;
        for (typed, seq) in [
            ("blue", 3),
            ("120 345", 3),
            ("blue 120 345", 3),
            ("red", 4),
            ("red blue", 3),
            ("345", 5),
            ("345 120", 3),
        ] {
            let hits = message::list_hits(&mut tx, &Scope::system(), typed, &[row.id]).await;
            let hits: Vec<_> = hits.unwrap().into_iter().map(|it| it.message).collect();
            assert_eq!(hits, said[seq - 1..seq], "{typed}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_conversation_remembers_its_number_and_whoever_saw_it_before_is_too_late() {
    on_both(|at| async move {
        let (care, sales) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let (mut row, said) = talk(&at, care, "+447700900101", &[ours("Hi")]).await;
        let (other, _) = talk(&at, sales, "+447700900101", &[ours("Hi")]).await;
        let mut tx = writing(&at).await;
        let account = add_account(&mut tx, "AC1").await;
        let sender = add_sender(&mut tx, &account, Some(care), "+447700900010").await;
        row.sender_id = Some(sender.id);
        row.open = false;
        conversation::save_many(&mut tx, std::slice::from_ref(&row))
            .await
            .unwrap();
        row.version += 1;
        let both = [row.id, other.id];
        let kept = conversation::load_by_ids(&mut tx, &both).await.unwrap();
        assert_eq!(kept[&row.id], row);
        let mut sent = said[0].clone();
        (sent.state, sent.sender_id) = (State::Sent, Some(sender.id));
        message::save_state(&mut tx, &sent, State::Queued)
            .await
            .unwrap();
        let kept = message::load_by_ids(&mut tx, &[sent.id]).await.unwrap();
        assert_eq!(kept[&sent.id], sent);
        let late = conversation::save_many(&mut tx, std::slice::from_ref(&row)).await;
        assert!(matches!(late, Err(StorageError::Conflict(_))));
        let kept = conversation::load_by_ids(&mut tx, &both).await.unwrap();
        assert_eq!(kept[&other.id], other);
    })
    .await;
}

async fn accounts(tx: &mut Tx) -> Vec<CarrierAccount> {
    carrier_account::all(tx).await.unwrap()
}

#[tokio::test]
async fn an_account_or_org_with_the_secret_of_another_is_changed_alone() {
    on_both(|at| async move {
        let orgs = [org(&at, "One").await, org(&at, "Two").await];
        let mut tx = writing(&at).await;
        let first = add_account(&mut tx, "AC1").await;
        at.clock.advance(10);
        let later = CarrierAccount {
            id: CarrierAccountId::from_uuid(1),
            account: "AC2".to_owned(),
            ..first.clone()
        };
        carrier_account::create(&mut tx, &later).await.unwrap();
        assert_eq!(accounts(&mut tx).await, [first.clone(), later.clone()]);
        carrier_account::reseal(&mut tx, &first, b"anew")
            .await
            .unwrap();
        let first = CarrierAccount {
            secret: b"anew".to_vec(),
            ..first
        };
        assert_eq!(accounts(&mut tx).await, [first.clone(), later.clone()]);
        let moved = CarrierAccount {
            account: "AC3".to_owned(),
            url: "https://elsewhere.example".to_owned(),
            secret: b"other".to_vec(),
            ..later
        };
        carrier_account::save(&mut tx, &moved).await.unwrap();
        assert_eq!(accounts(&mut tx).await, [first, moved]);
        let now = Connection {
            secrets: vec![9],
            ..orgs[0].clone()
        };
        connection::reseal(&mut tx, &orgs[0], &now).await.unwrap();
        for wanted in [&now, &orgs[1]] {
            let kept = connection::by_id(&mut tx, wanted.id).await.unwrap();
            assert_eq!(kept.secrets, wanted.secrets);
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_word_of_a_number_says_how_it_was_said_and_a_key_when_it_failed_last() {
    on_both(|at| async move {
        let point_id = point(&at, "+447700900101").await;
        let mut tx = writing(&at).await;
        for (state, source) in [
            (ConsentState::OptedOut, ConsentSource::Keyword),
            (ConsentState::OptedOut, ConsentSource::Carrier),
            (ConsentState::OptedIn, ConsentSource::Keyword),
        ] {
            at.clock.advance(10);
            let entry = Entry {
                point_id,
                state,
                source,
                message_id: None,
            };
            consent::add(&mut tx, entry).await.unwrap();
            let at = tx.now();
            let kept = consent::load(&mut tx, &[point_id]).await.unwrap();
            assert_eq!(kept[&point_id], Consent { state, source, at });
        }
        let keys = [vec![1], vec![2]];
        for n in 1..3 {
            at.clock.advance(10);
            let failures = Failures {
                count: n,
                last_at: at.store.now(),
            };
            sign_in_failure::lock(&mut tx, &keys).await.unwrap();
            sign_in_failure::set(&mut tx, &keys[0], failures)
                .await
                .unwrap();
            let kept = sign_in_failure::lock(&mut tx, &keys).await.unwrap();
            assert_eq!((&kept[&keys[0]], kept[&keys[1]].count), (&failures, 0));
        }
    })
    .await;
}

#[tokio::test]
async fn only_a_primary_record_that_is_there_waits_and_what_waits_is_sent_if_it_has_no_conflict() {
    on_both(|at| async move {
        let org = org(&at, "One").await;
        let mut links = Vec::new();
        for (n, (is_primary, state)) in [
            (true, LinkState::Active),
            (false, LinkState::Active),
            (true, LinkState::Gone),
            (true, LinkState::Conflict),
        ]
        .into_iter()
        .enumerate()
        {
            let who = contact(&at, "Ann", "").await;
            let link = linked(&at, &org, &who, &format!("003{n}")).await;
            links.push(Link {
                is_primary,
                state,
                modified_at: at.store.now() + 5,
                synced_at: at.store.now() + 6,
                ..link
            });
        }
        let mut tx = writing(&at).await;
        link::update_many(&mut tx, &links).await.unwrap();
        let people: Vec<_> = links.iter().map(|it| it.contact_id).collect();
        for link in &mut links {
            link.version += 1;
        }
        let waiting = link::mark_waiting(&mut tx, &people, None).await.unwrap();
        assert!(waiting.iter().eq([&org.id]));
        for n in [0, 3] {
            links[n].version += 1;
            links[n].waiting_to_org = true;
        }
        let kept = link::list_of_contacts(&mut tx, &Scope::system(), &people).await;
        let kept: Vec<Link> = kept.unwrap().into_values().flatten().collect();
        assert_eq!(kept, links);
        // One waited before it became what it is.
        for link in &mut links {
            link.waiting_to_org = true;
        }
        link::update_many(&mut tx, &links).await.unwrap();
        let sent = link::load_waiting(&mut tx, org.id, "Contact", None, 9).await;
        let sent: Vec<_> = sent.unwrap().iter().map(|it| it.id).collect();
        assert_eq!(sent, [links[0].id]);
    })
    .await;
}

#[tokio::test]
async fn a_field_that_nobody_used_may_become_another_and_reads_back_as_that() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        let catalogue = contact_field::load_to_change(&mut tx).await.unwrap();
        let new = NewField {
            name: "shoe_size".to_owned(),
            label: "Shoe size".to_owned(),
            kind: FieldKind::Text,
            max_length: Some(40),
            options: Vec::new(),
            position: Some(3),
            section: FieldSection::More,
            required: false,
            read_only: false,
        };
        let catalogue = catalogue.with(tx.new_id(), new).unwrap();
        contact_field::save(&mut tx, &catalogue).await.unwrap();
        let change = FieldChange {
            label: Some("Size".to_owned()),
            kind: Some(FieldKind::Choice),
            options: Some(vec!["44".to_owned(), "45".to_owned()]),
            position: Some(5),
            section: Some(FieldSection::Work),
            required: Some(true),
        };
        let id = catalogue.field("shoe_size").unwrap().id;
        let changed = catalogue.changed(id, change, false).unwrap().unwrap();
        contact_field::save(&mut tx, &changed).await.unwrap();
        assert_eq!(contact_field::load(&mut tx).await.unwrap(), changed);
    })
    .await;
}

#[tokio::test]
async fn what_one_request_commits_does_not_say_that_another_is_done() {
    on_both(|at| async move {
        let of = |principal: &str, key: &str| Request {
            principal: principal.to_owned(),
            staff: None,
            key: key.to_owned(),
            hash: b"one".to_vec(),
        };
        let all = [of("ann", "k"), of("ann", "l"), of("bob", "k")];
        let mut tx = writing(&at).await;
        for it in &all {
            assert_eq!(take(&mut tx, it).await.unwrap(), Known::New);
        }
        tx.commit().await.unwrap();
        during(all[0].clone(), async {
            let tx = at.store.begin(&Actor::system()).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
        at.clock.advance(ANSWERED_MS + 1);
        let mut tx = writing(&at).await;
        for (it, known) in all.iter().zip([Known::Done, Known::New, Known::New]) {
            assert_eq!(take(&mut tx, it).await.unwrap(), known, "{it:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn settings_are_kept_apart_and_a_trial_of_the_disk_leaves_them_alone() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for (key, value) in [
            ("a", "first"),
            (setting::DEFAULT_COUNTRY, "GB"),
            (setting::ORGANISATION_NAME, "Harrow & Vale"),
        ] {
            setting::set(&mut tx, key, &value).await.unwrap();
        }
        tx.commit().await.unwrap();
        at.store.try_writing().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let country = setting::default_country(&mut conn).await;
        assert_eq!(country.unwrap(), "GB");
        let name: Option<String> = setting::get(&mut conn, setting::ORGANISATION_NAME)
            .await
            .unwrap();
        assert_eq!(name.as_deref(), Some("Harrow & Vale"));
    })
    .await;
}

#[tokio::test]
async fn an_attempt_is_heard_of_by_the_name_that_it_has_and_by_no_other() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (_, said) = talk(&at, desk, "+447700900101", &[ours("One")]).await;
        let mut tx = writing(&at).await;
        let account = add_account(&mut tx, "AC1").await;
        let mut begun = attempt::begin(&mut tx, said[0].id, account.id)
            .await
            .unwrap();
        begun.hear("SM1", State::Sent);
        attempt::save(&mut tx, &begun, State::Sending)
            .await
            .unwrap();
        let mut other = begun.clone();
        other.hear("SM2", State::Delivered);
        let refused = attempt::save(&mut tx, &other, State::Sent).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))));
        begun.hear("SM1", State::Delivered);
        attempt::save(&mut tx, &begun, State::Sent).await.unwrap();
        let kept = attempt::load(&mut tx, &[said[0].id]).await.unwrap();
        assert_eq!(kept[&said[0].id], [begun]);
    })
    .await;
}

#[tokio::test]
async fn a_derived_tie_does_not_follow_a_merge_of_contacts() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let kept = contact(&at, "Ann", "").await.id;
        let other = contact(&at, "Anne", "").await.id;
        let (mut row, _) = talk(&at, desk, "+447700900101", &[theirs("Hello")]).await;
        (row.contact_id, row.tie) = (Some(other), Tie::Derived);
        let mut tx = writing(&at).await;
        conversation::save_many(&mut tx, std::slice::from_ref(&row))
            .await
            .unwrap();
        merge::contacts(&mut tx, kept, other).await.unwrap();
        let now = conversation::load_by_ids(&mut tx, &[row.id]).await.unwrap();
        assert_eq!(now[&row.id].contact_id, Some(other));
    })
    .await;
}

#[tokio::test]
async fn a_number_in_two_fields_that_gives_none_any_more_is_remembered_once() {
    on_both(|at| async move {
        let (spain, britain) = (Catalogue::first("ES"), Catalogue::first("GB"));
        let mut row = contact(&at, "Ann", "").await;
        for field in ["phone", "mobile_phone"] {
            let text = "612 345 678".to_owned();
            row.fields.insert(field.to_owned(), text);
        }
        let mut tx = writing(&at).await;
        for (catalogue, number) in [(&spain, Some("+34612345678")), (&britain, None)] {
            row.version += 1;
            contacts::save_many(&mut tx, std::slice::from_ref(&row), catalogue)
                .await
                .unwrap();
            let points = contacts::load_points(&mut tx, &[row.id]).await.unwrap();
            let points = points.get(&row.id).and_then(|it| it.first());
            assert_eq!(points.map(|it| it.address.as_str()), number);
        }
    })
    .await;
}

#[tokio::test]
async fn a_mark_moves_by_what_was_read_and_by_what_came_and_tells_of_each() {
    on_both(|at| async move {
        let ann = user(&at, "ann").await;
        let desk = inbox(&at, "Care").await.id;
        let (row, _) = talk(&at, desk, "+447700900101", &[theirs("a"), ours("b")]).await;
        let mut head = None;
        for (seq, received, moves) in [(1, 1, true), (2, 1, true), (2, 0, true), (2, 0, false)] {
            let mark = ReadMark { seq, received };
            let mut tx = writing(&at).await;
            read_mark::set(&mut tx, &row, ann, mark).await.unwrap();
            tx.commit().await.unwrap();
            let mut conn = at.store.reader().await.unwrap();
            let kept = read_mark::get(&mut conn, row.id, ann).await.unwrap();
            assert_eq!((kept.seq, kept.received), (seq, received));
            let told = event::head(&mut conn).await.unwrap();
            let was = head.replace(told);
            assert_eq!(was != Some(told), moves, "{seq}, {received}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_refused_after_it_did_something_is_answered_and_no_other_is() {
    on_both(|at| async move {
        let of = |principal: &str, key: &str| Request {
            principal: principal.to_owned(),
            staff: None,
            key: key.to_owned(),
            hash: b"one".to_vec(),
        };
        let all = [of("ann", "k"), of("ann", "l"), of("bob", "k")];
        for it in &all {
            let mut tx = writing(&at).await;
            assert_eq!(take(&mut tx, it).await.unwrap(), Known::New);
            tx.commit().await.unwrap();
            during(it.clone(), async {
                let tx = at.store.begin(&Actor::system()).await.unwrap();
                tx.commit().await.unwrap();
            })
            .await;
        }
        let mut tx = writing(&at).await;
        give_back(&mut tx, &all[0]).await.unwrap();
        for (it, known) in all
            .iter()
            .zip([Known::Done, Known::InFlight, Known::InFlight])
        {
            assert_eq!(take(&mut tx, it).await.unwrap(), known, "{it:?}");
        }
    })
    .await;
}
