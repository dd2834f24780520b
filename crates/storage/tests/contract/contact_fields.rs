//! The catalogue of contact fields: begun once, changed by one at a time, the same on every node.

use super::harness::on_both;
use super::people::org;
use tieline_domain::access::Actor;
use tieline_domain::catalogue::{Catalogue, FieldChange, FieldKind, FieldSection, NewField};
use tieline_domain::sync::mapping::{FieldMapping, MappingDirection, Policy};
use tieline_storage::{Store, contact, contact_field, mapping};

fn shoe_size(name: &str) -> NewField {
    NewField {
        name: name.to_owned(),
        label: "Shoe size".to_owned(),
        kind: FieldKind::Choice,
        max_length: None,
        options: vec!["44".to_owned(), "45 \"wide\"".to_owned()],
        position: Some(3),
        section: FieldSection::More,
        required: false,
        read_only: true,
    }
}

async fn load(store: &Store) -> Catalogue {
    let mut reader = store.reader().await.unwrap();
    contact_field::load(&mut reader).await.unwrap()
}

async fn add(store: &Store, name: &str) {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let catalogue = contact_field::load_to_change(&mut tx).await.unwrap();
    let catalogue = catalogue.with(tx.new_id(), shoe_size(name)).unwrap();
    contact_field::save(&mut tx, &catalogue).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_new_database_has_the_fields_that_come_with_tieline_and_keeps_what_is_added() {
    on_both(|at| async move {
        assert_eq!(load(&at.store).await, Catalogue::first("US"));
        add(&at.store, "shoe_size").await;
        let catalogue = load(&at.store).await;
        let added = catalogue.field("shoe_size").unwrap();
        assert_eq!(added.options, ["44", "45 \"wide\""]);
        assert_eq!((added.position, added.read_only), (3, true));
        let change = FieldChange {
            label: Some("Size of shoe".to_owned()),
            required: Some(false),
            ..FieldChange::default()
        };
        let changed = catalogue.changed(added.id, change, true).unwrap().unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        contact_field::save(&mut tx, &changed).await.unwrap();
        tx.commit().await.unwrap();
        let again = match at.store.has_one_hub() {
            true => at.store.clone(),
            false => at.second_hub_ahead(0).await,
        };
        assert_eq!(load(&again).await, changed, "another node sees it");
        assert_eq!(load(&again).await.fields().len(), 20);
    })
    .await;
}

#[tokio::test]
async fn two_who_add_a_field_at_once_both_have_it() {
    on_both(|at| async move {
        let both = ["shoe_size", "hat_size"].map(|name| {
            let store = at.store.clone();
            tokio::spawn(async move { add(&store, name).await })
        });
        for added in both {
            added.await.unwrap();
        }
        let catalogue = load(&at.store).await;
        let positions: Vec<i64> = catalogue.fields().iter().map(|it| it.position).collect();
        assert_eq!(positions, (1..=21).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_field_is_used_by_a_value_or_a_mapping_and_by_nothing_that_looks_like_it() {
    on_both(|at| async move {
        let catalogue = load(&at.store).await;
        let used = async |name: &str| {
            let mut reader = at.store.reader().await.unwrap();
            contact_field::is_used(&mut reader, name).await.unwrap()
        };
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let values = [
            ("last_name", "\"shoe_size\": 44"),
            ("hat_size", "7"),
            ("shoeXsize", "44"),
        ];
        let values = values.into_iter();
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let somebody = contact::new(&catalogue, tx.new_id(), values.collect(), tx.now());
        contact::save_many(&mut tx, &[somebody], &catalogue)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(used("hat_size").await);
        assert!(!used("shoe_size").await);
        let pair = FieldMapping {
            field: "Shoe_Size__c".to_owned(),
            attribute: "shoe_size".to_owned(),
            direction: MappingDirection::ToHub,
            policy: Policy::Salesforce,
        };
        let org = org(&at, "Harrow").await;
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let object = mapping::ObjectMapping {
            id: tx.new_id(),
            object: "Contact".to_owned(),
            position: 0,
            enabled: true,
            direction: MappingDirection::Both,
            deletes: tieline_domain::sync::mapping::Deletes::Honour,
            auto_create: false,
            read_until: None,
            last_changed_at: None,
            org_records: None,
            org_counted_at: None,
            fields: Vec::new(),
        };
        mapping::create(&mut tx, org.id, &object).await.unwrap();
        mapping::add_field(&mut tx, object.id, &pair, 0)
            .await
            .unwrap();
        assert_eq!(
            mapping::all(&mut tx, org.id).await.unwrap()[0].fields,
            [pair]
        );
        tx.commit().await.unwrap();
        assert!(used("shoe_size").await);
    })
    .await;
}
