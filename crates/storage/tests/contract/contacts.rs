//! Contacts: saved in sets, found by words, read in pages, never overwritten unseen.

use super::harness::{Fixture, on_both, on_postgres};
use super::people;
use std::time::Duration;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::channel::Channel;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::contact::Fields;
use tieline_domain::id::ContactId;
use tieline_domain::sync::link::LinkState;
use tieline_storage::consent::{self, Entry};
use tieline_storage::contact::{self, Contact, ContactPlace, ContactQuery, ContactSort};
use tieline_storage::link::{self, Link};
use tieline_storage::{Result, StorageError};

fn british() -> Catalogue {
    Catalogue::first("GB")
}

fn person(at: &Fixture, pairs: &[(&str, &str)]) -> Contact {
    let fields: Fields = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    contact::new(&british(), at.store.new_id(), fields, at.store.now())
}

async fn save(at: &Fixture, contacts: &[Contact]) -> Result<()> {
    let mut tx = at.store.begin(&Actor::system()).await?;
    contact::save_many(&mut tx, contacts, &british()).await?;
    tx.commit().await
}

async fn get(at: &Fixture, id: ContactId) -> Contact {
    let mut conn = at.store.reader().await.unwrap();
    contact::get(&mut conn, &Scope::system(), id).await.unwrap()
}

async fn addresses(at: &Fixture, id: ContactId) -> Vec<(String, String)> {
    let mut conn = at.store.reader().await.unwrap();
    let mut points = contact::load_points(&mut conn, &[id]).await.unwrap();
    let points = points.remove(&id).unwrap_or_default();
    points.into_iter().map(|p| (p.field, p.address)).collect()
}

async fn found(at: &Fixture, words: &str) -> Vec<String> {
    let query = ContactQuery {
        words: words.to_owned(),
        limit: 50,
        ..ContactQuery::default()
    };
    let mut conn = at.store.reader().await.unwrap();
    let scope = Scope::system();
    let page = contact::list(&mut conn, &scope, &query).await.unwrap();
    let count = contact::count(&mut conn, &scope, &query).await.unwrap();
    assert_eq!(count, page.len() as i64, "for {words:?}");
    page.into_iter().map(|contact| contact.name).collect()
}

#[tokio::test]
async fn a_contact_answers_to_its_numbers_and_an_edit_moves_them() {
    on_both(|at| async move {
        let ann = person(
            &at,
            &[
                ("last_name", "Ann"),
                ("phone", "020 7946 0123"),
                ("mobile_phone", "07700 900317"),
            ],
        );
        save(&at, std::slice::from_ref(&ann)).await.unwrap();
        let mobile = ("mobile_phone".to_owned(), "+447700900317".to_owned());
        let phone = ("phone".to_owned(), "+442079460123".to_owned());
        assert_eq!(addresses(&at, ann.id).await, [mobile, phone.clone()]);
        let mut edited = get(&at, ann.id).await;
        assert_eq!((edited.version, &edited.fields), (1, &ann.fields));
        edited.fields.remove("mobile_phone");
        save(&at, &[edited]).await.unwrap();
        assert_eq!(addresses(&at, ann.id).await, [phone]);
        assert_eq!(get(&at, ann.id).await.version, 2);
    })
    .await;
}

#[tokio::test]
async fn a_contact_changed_meanwhile_is_not_overwritten_nor_are_others_of_the_set() {
    on_both(|at| async move {
        let (ann, bob) = (
            person(&at, &[("last_name", "Ann")]),
            person(&at, &[("last_name", "Bob")]),
        );
        save(&at, &[ann.clone(), bob.clone()]).await.unwrap();
        let (mut stale, mut fresh) = (get(&at, ann.id).await, get(&at, bob.id).await);
        save(&at, &[get(&at, ann.id).await]).await.unwrap();
        stale.fields.insert("title".to_owned(), "Stale".to_owned());
        fresh.fields.insert("title".to_owned(), "Fresh".to_owned());
        let refused = save(&at, &[fresh, stale]).await;
        assert!(
            matches!(refused, Err(StorageError::Conflict("contact"))),
            "{refused:?}"
        );
        assert!(!refused.unwrap_err().is_permanent());
        for id in [ann.id, bob.id] {
            assert_eq!(get(&at, id).await.fields.get("title"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn a_shared_number_is_one_point_and_a_deleted_holder_lets_it_go() {
    on_both(|at| async move {
        let number = ("mobile_phone", "07700 900317");
        let ann = person(&at, &[("last_name", "Ann"), number]);
        let bob = person(&at, &[("last_name", "Bob"), number]);
        save(&at, &[ann.clone(), bob.clone()]).await.unwrap();
        let holders = async |at: &Fixture| {
            let mut conn = at.store.reader().await.unwrap();
            let address = "+447700900317".to_owned();
            let found =
                contact::load_holders(&mut conn, Channel::Sms, std::slice::from_ref(&address));
            let holders = found.await.unwrap().remove(&address).unwrap_or_default();
            holders.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(holders(&at).await, [ann.id, bob.id]);
        let mut gone = get(&at, ann.id).await;
        gone.deleted_at = Some(at.store.now());
        save(&at, &[gone]).await.unwrap();
        assert_eq!(holders(&at).await, [bob.id]);
        assert_eq!(found(&at, "").await, ["Bob"]);
        let mut back = get(&at, ann.id).await;
        assert_eq!(back.deleted_at.take(), Some(at.store.now()));
        save(&at, &[back]).await.unwrap();
        assert_eq!(holders(&at).await, [ann.id, bob.id]);
    })
    .await;
}

#[tokio::test]
async fn words_find_accents_case_digits_and_their_own_signs() {
    on_both(|at| async move {
        let people = [
            person(
                &at,
                &[
                    ("first_name", "Łucja"),
                    ("last_name", "Böhm"),
                    ("company", "50%_Off!"),
                ],
            ),
            person(
                &at,
                &[
                    ("last_name", "Zoe"),
                    ("phone", "(020) 7946-0123"),
                    ("home_phone", "+44 7700 905600 (O’Bannon)"),
                    ("company", "500 Off"),
                ],
            ),
        ];
        save(&at, &people).await.unwrap();
        for (words, names) in [
            ("LUCJA", &["Łucja Böhm"][..]),
            ("bohm luc", &["Łucja Böhm"]),
            ("7946-0123", &["Zoe"]),
            ("50%", &["Łucja Böhm"]),
            ("_off!", &["Łucja Böhm"]),
            ("_off", &["Łucja Böhm"]),
            ("off", &["Łucja Böhm", "Zoe"]),
            ("07700905600", &["Zoe"]),
            ("07700 905600", &["Zoe"]),
            ("+44 7700 905600", &["Zoe"]),
            ("0044 7700 905600", &["Zoe"]),
            ("zoe 07700 9056", &["Zoe"]),
            ("o'bannon", &["Zoe"]),
            ("OBANNON", &["Zoe"]),
            ("07700 905601", &[]),
            ("nobody", &[]),
        ] {
            assert_eq!(found(&at, words).await, names, "{words:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_show_each_contact_once_even_where_names_tie() {
    on_both(|at| async move {
        // More than fits one statement, so that the set is cut and joined.
        let people: Vec<Contact> = (0..700)
            .map(|n| person(&at, &[("last_name", ["Ash", "Birch", "Cedar"][n % 3])]))
            .collect();
        save(&at, &people).await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = ContactQuery {
                after,
                limit: 90,
                ..ContactQuery::default()
            };
            let page = contact::list(&mut conn, &Scope::system(), &query)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(ContactPlace::Name(last.name.to_lowercase(), last.id));
            seen.extend(
                page.iter()
                    .map(|contact| (contact.name.clone(), contact.id)),
            );
        }
        let mut expected: Vec<_> = people.iter().map(|c| (c.name.clone(), c.id)).collect();
        expected.sort();
        assert_eq!(seen, expected);
        let ids: Vec<ContactId> = people.iter().map(|contact| contact.id).collect();
        assert_eq!(
            contact::load_by_ids(&mut conn, &ids).await.unwrap().len(),
            700
        );
    })
    .await;
}

#[tokio::test]
async fn a_list_holds_whom_it_is_asked_for_by_number_record_and_opt_out_in_either_order() {
    on_both(|at| async move {
        let org = people::org(&at, "org").await;
        let mut all = Vec::new();
        for (name, number) in [
            ("Ash", "07700 900101"),
            ("Birch", "ask Bob"),
            ("Cedar", ""),
            ("Dill", "07700 900102"),
        ] {
            at.clock.advance(10);
            all.push(people::contact(&at, name, number).await);
        }
        people::linked(&at, &org, &all[0], "003A").await;
        let gone = people::linked(&at, &org, &all[2], "003C").await;
        let mut tx = people::writing(&at).await;
        let gone = Link {
            state: LinkState::Gone,
            ..gone
        };
        link::update_many(&mut tx, &[gone]).await.unwrap();
        // Who opted in again is out no more.
        for (who, state) in [
            (all[3].id, ConsentState::OptedOut),
            (all[0].id, ConsentState::OptedOut),
            (all[0].id, ConsentState::OptedIn),
        ] {
            let points = contact::load_points(&mut tx, &[who]).await.unwrap();
            let entry = Entry {
                point_id: points[&who][0].id,
                state,
                source: ConsentSource::Keyword,
                message_id: None,
            };
            consent::add(&mut tx, entry).await.unwrap();
        }
        tx.commit().await.unwrap();
        let named = |n: usize| all[n].id;
        let everybody = ContactQuery::default;
        let object = |it: &str| Some(it.to_owned());
        let changed = ContactSort::Changed;
        let mut conn = at.store.reader().await.unwrap();
        let unlinked = contact::count_unlinked(&mut conn, &Scope::system(), org.id).await;
        assert_eq!(
            unlinked.unwrap(),
            2,
            "a record that is gone is not made again"
        );
        let ash = contact::list_holders(&mut conn, &Scope::system(), "+447700900101").await;
        let ash: Vec<_> = ash.unwrap().iter().map(|it| it.id).collect();
        assert_eq!(ash, [named(0)]);
        let nobody = contact::list_holders(&mut conn, &Scope::system(), "+447700900199").await;
        assert!(nobody.unwrap().is_empty());
        for (query, wanted, number) in [
            (everybody(), &[0, 1, 2, 3][..], 4),
            (
                ContactQuery {
                    sort: changed,
                    ..everybody()
                },
                &[3, 2, 1, 0],
                4,
            ),
            (
                ContactQuery {
                    unreadable: true,
                    ..everybody()
                },
                &[1],
                1,
            ),
            (
                ContactQuery {
                    without_number: true,
                    ..everybody()
                },
                &[1, 2],
                2,
            ),
            (
                ContactQuery {
                    opted_out: true,
                    ..everybody()
                },
                &[3],
                1,
            ),
            (
                ContactQuery {
                    object: object("Contact"),
                    ..everybody()
                },
                &[0],
                1,
            ),
            (
                ContactQuery {
                    object: object("Lead"),
                    ..everybody()
                },
                &[],
                0,
            ),
            (
                ContactQuery {
                    linked: Some(true),
                    ..everybody()
                },
                &[0],
                1,
            ),
            (
                ContactQuery {
                    linked: Some(false),
                    ..everybody()
                },
                &[1, 2, 3],
                3,
            ),
            (
                ContactQuery {
                    among: Some(vec![named(3), named(0)]),
                    ..everybody()
                },
                &[0, 3],
                4,
            ),
            (
                ContactQuery {
                    among: Some(Vec::new()),
                    ..everybody()
                },
                &[],
                4,
            ),
            (
                ContactQuery {
                    sort: changed,
                    after: Some(ContactPlace::Changed(all[2].updated_at, named(2))),
                    ..everybody()
                },
                &[1, 0],
                4,
            ),
        ] {
            let query = ContactQuery { limit: 9, ..query };
            let page = contact::list(&mut conn, &Scope::system(), &query)
                .await
                .unwrap();
            let found: Vec<_> = page.iter().map(|it| it.id).collect();
            let wanted: Vec<_> = wanted.iter().map(|n| named(*n)).collect();
            assert_eq!(found, wanted, "{query:?}");
            let count = contact::count(&mut conn, &Scope::system(), &query).await;
            assert_eq!(count.unwrap(), number, "{query:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn contacts_of_one_name_that_changed_at_one_moment_are_each_on_one_page() {
    on_both(|at| async move {
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(people::contact(&at, "Oak", "").await.id);
        }
        for sort in [ContactSort::Name, ContactSort::Changed] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let query = ContactQuery {
                    sort,
                    after,
                    limit: 2,
                    ..ContactQuery::default()
                };
                let mut conn = at.store.reader().await.unwrap();
                let page = contact::list(&mut conn, &Scope::system(), &query).await;
                let page = page.unwrap();
                found.extend(page.iter().map(|it| it.id));
                let Some(last) = page.last() else { break };
                after = Some(match sort {
                    ContactSort::Name => ContactPlace::Name(last.sort_name.clone(), last.id),
                    ContactSort::Changed => ContactPlace::Changed(last.updated_at, last.id),
                });
            }
            found.sort_unstable();
            assert_eq!(found, all, "{sort:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn two_hubs_that_meet_one_new_number_share_one_point() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        let number = "+447700900317".to_owned();
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let mine = contact::ensure_points(&mut first, Channel::Sms, std::slice::from_ref(&number));
        let mine = mine.await.unwrap();
        let wanted = number.clone();
        let late = tokio::spawn(async move {
            let mut second = other.store.begin(&Actor::system()).await.unwrap();
            let theirs = contact::ensure_points(&mut second, Channel::Sms, &[wanted]).await;
            second.commit().await.unwrap();
            theirs.unwrap()
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(
            !late.is_finished(),
            "the second hub met the first one's row"
        );
        first.commit().await.unwrap();
        assert_eq!(late.await.unwrap()[&number], mine[&number]);
    })
    .await;
}
