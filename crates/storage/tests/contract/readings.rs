//! Numbers read anew: by another country their points follow, opt-outs follow the person, and nothing
//! that staff look at is changed under them.

use super::harness::{Fixture, on_both, on_postgres};
use std::collections::BTreeSet;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::catalogue::{Catalogue, FieldChange};
use tieline_domain::channel::Channel;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::contact::Fields;
use tieline_domain::id::{ContactId, PointId};
use tieline_storage::consent::{self, Entry};
use tieline_storage::contact::{self, Contact, ContactQuery};
use tieline_storage::{Store, contact_field, setting};

/// A mobile number in Spain and in France, and in Britain none.
const TEXT: &str = "612 345 678";
const SPANISH: &str = "+34612345678";
const FRENCH: &str = "+33612345678";

async fn live_in(store: &Store, country: &str) -> Catalogue {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    setting::set(&mut tx, setting::DEFAULT_COUNTRY, &country)
        .await
        .unwrap();
    let catalogue = contact_field::load(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    catalogue
}

/// Reads all anew; how many contacts that took.
async fn read_anew(store: &Store, catalogue: &Catalogue) -> usize {
    let mut done = 0;
    loop {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let page = contact::read_anew(&mut tx, catalogue, 2).await.unwrap();
        tx.commit().await.unwrap();
        if page.is_empty() {
            return done;
        }
        done += page.len();
    }
}

async fn person(store: &Store, pairs: &[(&str, &str)]) -> ContactId {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let catalogue = contact_field::load(&mut tx).await.unwrap();
    let fields: Fields = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let new = contact::new(&catalogue, tx.new_id(), fields, tx.now());
    save(&mut tx, &new, &catalogue).await;
    tx.commit().await.unwrap();
    new.id
}

async fn save(tx: &mut tieline_storage::Tx, contact: &Contact, catalogue: &Catalogue) {
    contact::save_many(tx, std::slice::from_ref(contact), catalogue)
        .await
        .unwrap();
}

/// Somebody changes a contact.
async fn edit(store: &Store, id: ContactId, change: impl Fn(&mut Contact)) {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let catalogue = contact_field::load(&mut tx).await.unwrap();
    let mut contact = contact::get(&mut tx, &Scope::system(), id).await.unwrap();
    change(&mut contact);
    save(&mut tx, &contact, &catalogue).await;
    tx.commit().await.unwrap();
}

/// The addresses of a contact, and whether they are opted out.
async fn points(store: &Store, id: ContactId) -> Vec<(String, bool)> {
    let mut reader = store.reader().await.unwrap();
    let scope = Scope::system();
    let points = contact::list_points(&mut reader, &scope, &[id]).await;
    let points = points.unwrap().remove(&id).unwrap_or_default();
    let ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
    let said = consent::load(&mut reader, &ids).await.unwrap();
    let out = |id: &PointId| {
        said.get(id)
            .is_some_and(|it| it.state == ConsentState::OptedOut)
    };
    let points = points.into_iter();
    points
        .map(|point| (point.address, out(&point.id)))
        .collect()
}

async fn say(store: &Store, address: &str, opted_in: bool) {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let address = address.to_owned();
    let points = contact::ensure_points(&mut tx, Channel::Sms, std::slice::from_ref(&address));
    let point_id = points.await.unwrap()[&address];
    let entry = Entry {
        point_id,
        state: match opted_in {
            true => ConsentState::OptedIn,
            false => ConsentState::OptedOut,
        },
        source: ConsentSource::Keyword,
        message_id: None,
    };
    consent::add(&mut tx, entry).await.unwrap();
    tx.commit().await.unwrap();
}

fn one(address: &str, out: bool) -> Vec<(String, bool)> {
    vec![(address.to_owned(), out)]
}

#[tokio::test]
async fn a_field_that_moves_takes_the_numbers_of_all_contacts_with_it() {
    on_both(|at| async move {
        let catalogue = live_in(&at.store, "GB").await;
        let fields = [("phone", "020 7946 0721"), ("mobile_phone", "07700 900722")];
        let id = person(&at.store, &fields).await;
        let numbers = [one("+442079460721", false), one("+447700900722", false)].concat();
        for (first, numbers) in [
            ("phone", numbers.clone()),
            ("mobile_phone", numbers.into_iter().rev().collect()),
        ] {
            let change = FieldChange {
                position: Some(1),
                ..FieldChange::default()
            };
            let field = catalogue.field(first).unwrap().id;
            let moved = catalogue.changed(field, change, true).unwrap().unwrap();
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            contact_field::save(&mut tx, &moved).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(points(&at.store, id).await, numbers, "{first} comes first");
        }
    })
    .await;
}

#[tokio::test]
async fn another_country_reads_all_anew_in_pages_and_changes_no_version() {
    on_both(|at| async move {
        let spain = live_in(&at.store, "ES").await;
        let mut ids = Vec::new();
        for n in 0..5 {
            let text = format!("612 345 60{n}");
            let pairs = [("last_name", "Pérez"), ("mobile_phone", text.as_str())];
            ids.push(person(&at.store, &pairs).await);
        }
        assert_eq!(read_anew(&at.store, &spain).await, 0, "nothing changed");
        let france = live_in(&at.store, "FR").await;
        let mut reader = at.store.reader().await.unwrap();
        let left = contact::count_to_read_anew(&mut reader, &Scope::system(), &france).await;
        assert_eq!(left.unwrap(), 5);
        drop(reader);
        assert_eq!(read_anew(&at.store, &france).await, 5);
        for (n, id) in ids.iter().enumerate() {
            let address = format!("+3361234560{n}");
            assert_eq!(points(&at.store, *id).await, one(&address, false));
            let mut reader = at.store.reader().await.unwrap();
            let contact = contact::get(&mut reader, &Scope::system(), *id).await;
            assert_eq!(contact.unwrap().version, 1);
            let query = ContactQuery {
                words: address,
                limit: 9,
                ..ContactQuery::default()
            };
            let found = contact::list(&mut reader, &Scope::system(), &query).await;
            assert_eq!(found.unwrap().len(), 1, "it is found by its new number");
            let any = contact::any_to_read_anew(&mut reader, &france).await;
            assert!(!any.unwrap());
        }
    })
    .await;
}

#[tokio::test]
async fn who_opted_out_stays_out_by_whichever_number_the_same_text_gives() {
    on_both(|at| async move {
        let store = &at.store;
        live_in(store, "ES").await;
        // The same number is in two fields, once with its country.
        let pairs = [
            ("last_name", "Pérez"),
            ("mobile_phone", "+34 612 345 678"),
            ("phone", TEXT),
        ];
        let twice = person(store, &pairs).await;
        let pairs = [("last_name", "Gómez"), ("mobile_phone", TEXT)];
        let alone = person(store, &pairs).await;
        let other = [("last_name", "Ruiz"), ("mobile_phone", "612 345 999")];
        let other = person(store, &other).await;
        say(store, SPANISH, false).await;
        say(store, FRENCH, true).await;
        assert_eq!(points(store, twice).await, one(SPANISH, true));

        let france = live_in(store, "FR").await;
        read_anew(store, &france).await;
        let both = [one(SPANISH, true), one(FRENCH, true)].concat();
        assert_eq!(points(store, twice).await, both);
        assert_eq!(points(store, alone).await, one(FRENCH, true));
        let theirs = one("+33612345999", false);
        assert_eq!(points(store, other).await, theirs, "they said nothing");
        // Who comes back by the new number is back, whatever is read again.
        say(store, FRENCH, true).await;
        edit(store, alone, |_| {}).await;
        assert_eq!(points(store, alone).await, one(FRENCH, false));
    })
    .await;
}

#[tokio::test]
async fn what_a_number_said_since_stands_when_the_text_is_read_as_it_again() {
    on_both(|at| async move {
        let store = &at.store;
        live_in(store, "ES").await;
        let who = person(store, &[("last_name", "Pérez"), ("mobile_phone", TEXT)]).await;
        say(store, SPANISH, false).await;
        for country in ["FR", "ES"] {
            at.clock.advance(1_000);
            read_anew(store, &live_in(store, country).await).await;
        }
        at.clock.advance(1_000);
        say(store, SPANISH, true).await;
        for (country, expected) in [("FR", one(FRENCH, true)), ("ES", one(SPANISH, false))] {
            at.clock.advance(1_000);
            read_anew(store, &live_in(store, country).await).await;
            assert_eq!(points(store, who).await, expected, "{country}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_opt_out_waits_while_the_text_gives_no_number_or_the_contact_is_deleted() {
    on_both(|at| async move {
        let store = &at.store;
        live_in(store, "ES").await;
        let pairs = [("last_name", "Pérez"), ("mobile_phone", TEXT)];
        let unread = person(store, &pairs).await;
        let pairs = [("last_name", "Gómez"), ("mobile_phone", TEXT)];
        let deleted = person(store, &pairs).await;
        let pairs = [("last_name", "Ruiz"), ("mobile_phone", TEXT)];
        let changed = person(store, &pairs).await;
        let britain = live_in(store, "GB").await;
        read_anew(store, &britain).await;
        assert_eq!(points(store, unread).await, []);
        let query = ContactQuery {
            unreadable: true,
            limit: 9,
            ..ContactQuery::default()
        };
        let mut reader = store.reader().await.unwrap();
        let listed = contact::list(&mut reader, &Scope::system(), &query).await;
        let count = contact::count(&mut reader, &Scope::system(), &query).await;
        drop(reader);
        let names: Vec<String> = listed.unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["Gómez", "Pérez", "Ruiz"]);
        assert_eq!(count.unwrap(), 3);
        say(store, SPANISH, false).await;
        let now = store.now();
        edit(store, deleted, |it| it.deleted_at = Some(now)).await;
        edit(store, changed, |it| {
            it.fields
                .insert("mobile_phone".to_owned(), "612345678 new".to_owned());
        })
        .await;

        let france = live_in(store, "FR").await;
        read_anew(store, &france).await;
        assert_eq!(points(store, unread).await, one(FRENCH, true));
        assert_eq!(points(store, deleted).await, []);
        edit(store, deleted, |it| it.deleted_at = None).await;
        assert_eq!(points(store, deleted).await, one(FRENCH, true));
    })
    .await;
}

#[tokio::test]
async fn the_country_of_a_contact_goes_first_and_an_opt_out_follows_its_change() {
    on_both(|at| async move {
        let store = &at.store;
        live_in(store, "GB").await;
        let pairs = [
            ("last_name", "Pérez"),
            ("mobile_phone", TEXT),
            ("country", "España"),
        ];
        let id = person(store, &pairs).await;
        say(store, SPANISH, false).await;
        assert_eq!(points(store, id).await, one(SPANISH, true));
        edit(store, id, |it| {
            it.fields.insert("country".to_owned(), "France".to_owned());
        })
        .await;
        assert_eq!(points(store, id).await, one(FRENCH, true));
        // Another text is another number: it may be somebody else's.
        edit(store, id, |it| {
            it.fields
                .insert("mobile_phone".to_owned(), "612 345 679".to_owned());
        })
        .await;
        assert_eq!(points(store, id).await, one("+33612345679", false));
    })
    .await;
}

#[tokio::test]
async fn a_contact_in_somebodys_hand_is_left_for_the_next_page() {
    on_postgres(|at: Fixture| async move {
        live_in(&at.store, "ES").await;
        let mut ids = BTreeSet::new();
        for name in ["Pérez", "Gómez"] {
            let pairs = [("last_name", name), ("mobile_phone", TEXT)];
            ids.insert(person(&at.store, &pairs).await);
        }
        let france = live_in(&at.store, "FR").await;
        let held = *ids.first().unwrap();
        let mut hand = at.store.begin(&Actor::system()).await.unwrap();
        let contact = contact::get(&mut hand, &Scope::system(), held)
            .await
            .unwrap();
        let spain = Catalogue::first("ES");
        save(&mut hand, &contact, &spain).await;
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let page = contact::read_anew(&mut tx, &france, 9).await.unwrap();
        tx.commit().await.unwrap();
        ids.remove(&held);
        assert_eq!(page.into_iter().collect::<BTreeSet<_>>(), ids);
        hand.commit().await.unwrap();
        assert_eq!(read_anew(&at.store, &france).await, 1);
        assert_eq!(points(&at.store, held).await, one(FRENCH, false));
    })
    .await;
}

#[tokio::test]
async fn whoever_was_read_by_another_rule_is_counted_whichever_comes_first_and_nobody_else() {
    on_both(|at| async move {
        let catalogues = ["AT", "GB", "US"].map(Catalogue::first);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        for (n, own) in catalogues.iter().enumerate() {
            let fields = Fields::from_iter([("last_name".to_owned(), "Pérez".to_owned())]);
            let new = contact::new(own, tx.new_id(), fields, tx.now());
            save(&mut tx, &new, own).await;
            for (m, asked) in catalogues.iter().enumerate() {
                let others = (n + 1 - usize::from(m <= n)) as i64;
                let count = contact::count_to_read_anew(&mut tx, &Scope::system(), asked).await;
                assert_eq!(count.unwrap(), others, "{n}, {m}");
                let any = contact::any_to_read_anew(&mut tx, asked).await.unwrap();
                assert_eq!(any, others > 0, "{n}, {m}");
            }
        }
        for left in [2, 1, 0] {
            let any = contact::any_to_read_anew(&mut tx, &catalogues[1]).await;
            assert_eq!(any.unwrap(), left > 0);
            let page = contact::read_anew(&mut tx, &catalogues[1], 1).await;
            assert_eq!(page.unwrap().len(), left.min(1));
        }
    })
    .await;
}
