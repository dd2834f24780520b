//! Keys of programs.

use super::harness::on_both;
use tieline_domain::access::{Actor, Reach, Right, Rights};
use tieline_domain::event::Event;
use tieline_storage::api_key::{self, ApiKey};
use tieline_storage::{StorageError, event};

#[tokio::test]
async fn a_key_is_read_back_as_it_was_made_and_stays_in_sight_when_it_is_revoked() {
    on_both(|at| async move {
        let key = ApiKey {
            id: at.store.new_id(),
            name: "payroll".to_owned(),
            rights: Rights::of(&[Right::ReadContacts, Right::ManageStaff]),
            inboxes: Reach::only([]),
            created_by: None,
            created_by_key: None,
            created_at: at.store.now(),
            last_used_at: None,
            expires_at: Some(at.store.now() + 1_000),
            revoked_at: None,
        };
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        api_key::create(&mut tx, &key, b"secret").await.unwrap();
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let found = api_key::by_token(&mut conn, b"secret").await.unwrap();
        assert_eq!(found.as_ref(), Some(&key));
        assert_eq!(api_key::by_token(&mut conn, b"other").await.unwrap(), None);
        drop(conn);

        // Its name is taken while it lives, and free again afterwards.
        let second = ApiKey {
            id: at.store.new_id(),
            inboxes: Reach::All,
            ..key.clone()
        };
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let refused = api_key::create(&mut tx, &second, b"second").await;
        assert!(
            matches!(refused, Err(StorageError::Duplicate(_))),
            "{refused:?}"
        );
        drop(tx);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        api_key::touch(&mut tx, key.id).await.unwrap();
        assert!(api_key::lives(&mut tx, key.id).await.unwrap());
        api_key::revoke(&mut tx, key.id).await.unwrap();
        assert!(!api_key::lives(&mut tx, key.id).await.unwrap());
        let again = api_key::revoke(&mut tx, key.id).await;
        assert!(matches!(again, Err(StorageError::NotFound(_))), "{again:?}");
        api_key::create(&mut tx, &second, b"second").await.unwrap();
        tx.commit().await.unwrap();

        let mut conn = at.store.reader().await.unwrap();
        let all = api_key::all(&mut conn).await.unwrap();
        let revoked = all.iter().find(|it| it.id == key.id).unwrap();
        assert!(revoked.revoked_at.is_some() && revoked.last_used_at.is_some());
        assert!(all.contains(&second));
        let scope = tieline_domain::access::Scope::system();
        let news = event::list_after(&mut conn, &scope, 0, 10).await.unwrap();
        let told = news.unwrap().0.into_iter().map(|it| it.event);
        let ended = Event::KeyRevoked { api_key_id: key.id };
        assert_eq!(told.collect::<Vec<_>>(), [ended]);
    })
    .await;
}
