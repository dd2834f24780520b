//! Staff, sessions, one-time links and settings.

use super::harness::{Fixture, on_both};
use tieline_domain::access::{Actor, Role};
use tieline_storage::staff::{self, Staff};
use tieline_storage::{StorageError, setting};

const HOUR_MS: i64 = 3_600_000;

async fn hire(at: &Fixture, email: &str) -> Result<Staff, StorageError> {
    let staff = Staff {
        id: at.store.new_id(),
        email: email.to_owned(),
        name: "Eleanor".to_owned(),
        role: Role::UserAdministrator,
        password_hash: None,
        active: true,
    };
    let mut tx = at.store.begin(&Actor::system()).await?;
    staff::create(&mut tx, &staff).await?;
    tx.commit().await?;
    Ok(staff)
}

#[tokio::test]
async fn an_e_mail_address_is_one_user_however_it_is_written() {
    on_both(|at| async move {
        let hired = hire(&at, "Ann@Example.com").await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let found = staff::by_email(&mut conn, " aNN@example.COM ")
            .await
            .unwrap();
        assert_eq!(found.unwrap().id, hired.id);
        drop(conn);
        let refused = hire(&at, "ANN@example.com").await;
        assert!(
            matches!(refused, Err(StorageError::Duplicate(_))),
            "{refused:?}"
        );
        assert!(refused.unwrap_err().is_permanent());
    })
    .await;
}

#[tokio::test]
async fn a_session_lives_until_it_is_over_or_ended_and_may_be_extended() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let until = at.store.now() + HOUR_MS;
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        for token in [b"one", b"two"] {
            staff::add_session(&mut tx, token, ann.id, until)
                .await
                .unwrap();
        }
        staff::extend_session(&mut tx, b"two", until + HOUR_MS)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let user = async |token: &[u8]| {
            let mut conn = at.store.reader().await.unwrap();
            let found = staff::by_session(&mut conn, token, at.store.now())
                .await
                .unwrap();
            found.map(|(staff, _)| staff)
        };
        assert_eq!(user(b"one").await, Some(ann.clone()));
        assert_eq!(user(b"three").await, None);
        at.clock.advance(HOUR_MS);
        assert_eq!(user(b"one").await, None);
        assert_eq!(user(b"two").await, Some(ann));
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        staff::end_session(&mut tx, b"two").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(user(b"two").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_link_works_once_and_only_in_time() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let until = at.store.now() + HOUR_MS;
        for token in [b"one", b"two"] {
            staff::add_sign_in_link(&mut tx, token, ann.id, until)
                .await
                .unwrap();
        }
        assert_eq!(
            staff::use_sign_in_link(&mut tx, b"one").await.unwrap(),
            Some(ann.id)
        );
        assert_eq!(
            staff::use_sign_in_link(&mut tx, b"one").await.unwrap(),
            None
        );
        at.clock.advance(HOUR_MS);
        assert_eq!(
            staff::use_sign_in_link(&mut tx, b"two").await.unwrap(),
            None
        );
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_setting_keeps_its_last_value() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        assert_eq!(setting::default_country(&mut tx).await.unwrap(), "US");
        for country in ["DE", "GB"] {
            setting::set(&mut tx, setting::DEFAULT_COUNTRY, &country)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        assert_eq!(setting::default_country(&mut conn).await.unwrap(), "GB");
    })
    .await;
}
