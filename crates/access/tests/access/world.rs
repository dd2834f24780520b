//! A store of its own with a clock that a test moves, and people of each role.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;
use tieline_access::{Access, NewStaff, SignedIn, StaffChange, Visit};
use tieline_domain::access::{Actor, ApiKey, Caller, Principal, Reach, Right, Rights, Role};
use tieline_domain::channel::Channel;
use tieline_domain::id::{Id as _, Ids, InboxId, StaffId};
use tieline_domain::time::{Clock, Timestamp};
use tieline_storage::api_key;
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::staff::Staff;
use tieline_storage::{Store, StoreOptions};

pub const PASSWORD: &str = "correct horse battery";
pub const DAY_MS: i64 = 86_400_000;

#[derive(Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Default)]
struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn random(&self) -> u128 {
        self.0.fetch_add(1, Ordering::SeqCst).into()
    }
}

pub struct World {
    pub access: Access,
    pub store: Store,
    clock: Arc<SetClock>,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(AtomicI64::new(1_750_000_000_000)));
        let options = StoreOptions {
            url: format!("sqlite:{}", folder.path().join("tieline.db").display()),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
        };
        let store = Store::open(options).await.unwrap();
        World {
            access: Access::new(store.clone()),
            store,
            clock,
            _folder: folder,
        }
    }

    /// Two inboxes.
    pub async fn inboxes(&self) -> [InboxId; 2] {
        let ids = [1, 2].map(InboxId::from_uuid);
        let mut tx = self.store.begin(&Actor::system()).await.unwrap();
        for id in ids {
            let inbox = Inbox {
                id,
                channel: Channel::Sms,
                name: id.to_string(),
                country: "GB".to_owned(),
            };
            inbox::create(&mut tx, &inbox).await.unwrap();
        }
        tx.commit().await.unwrap();
        ids
    }

    /// A program whose key has the rights of staff and these, for one inbox.
    pub async fn key(&self, rights: &[Right], inbox: InboxId) -> Caller {
        let rights = Role::Staff.rights().with(Rights::of(rights));
        self.key_for(rights, Reach::only([inbox])).await
    }

    /// A program whose key has the rights of a role and these, for all inboxes.
    pub async fn key_of(&self, role: Role, rights: &[Right]) -> Caller {
        let rights = role.rights().with(Rights::of(rights));
        self.key_for(rights, Reach::All).await
    }

    async fn key_for(&self, rights: Rights, inboxes: Reach<InboxId>) -> Caller {
        let mut tx = self.store.begin(&Actor::system()).await.unwrap();
        let id = tx.new_id();
        let key = api_key::ApiKey {
            id,
            name: format!("{id}"),
            rights,
            inboxes,
            created_by: None,
            created_by_key: None,
            created_at: tx.now(),
            last_used_at: None,
            expires_at: None,
            revoked_at: None,
        };
        let secret = id.to_string();
        let added = api_key::create(&mut tx, &key, secret.as_bytes()).await;
        added.unwrap();
        tx.commit().await.unwrap();
        let principal = Principal::ApiKey(ApiKey {
            id,
            rights: key.rights,
            inboxes: key.inboxes,
            on_behalf_of: None,
        });
        Caller {
            principal,
            from: None,
        }
    }

    /// Lets time pass.
    pub fn wait(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// A user without a password.
    pub async fn hire(&self, name: &str, role: Role) -> Staff {
        let new = NewStaff {
            name: name.to_owned(),
            email: format!("{name}@example.com"),
            role,
        };
        let added = self.access.add_staff(&Caller::operator(), &new).await;
        added.unwrap()
    }

    /// A user who signs in by [`PASSWORD`].
    pub async fn with_password(&self, name: &str, role: Role) -> Staff {
        let user = self.hire(name, role).await;
        let operator = Caller::operator();
        let set = self.access.set_password(&operator, user.id, PASSWORD).await;
        set.unwrap();
        user
    }

    /// The token of a session of a user, opened by a link.
    pub async fn session(&self, user: StaffId) -> String {
        let link = self.link(user).await;
        let visit = Visit::default();
        self.access.use_link(&link, &visit).await.unwrap()
    }

    /// A link that signs a user in.
    pub async fn link(&self, user: StaffId) -> String {
        let operator = Caller::operator();
        let link = self.access.sign_in_link(&operator, user, DAY_MS).await;
        link.unwrap().token
    }

    /// Who holds a session's token, if it is good.
    pub async fn holder(&self, token: &str) -> Option<SignedIn> {
        self.access.principal(token, None).await.unwrap()
    }

    /// A user, signed in.
    pub async fn signed_in(&self, user: StaffId) -> SignedIn {
        let session = self.session(user).await;
        self.holder(&session).await.expect("a session was opened")
    }

    /// Deactivates a user, or takes them back.
    pub async fn set_active(&self, user: StaffId, active: bool) {
        let change = StaffChange {
            active: Some(active),
            ..StaffChange::default()
        };
        let operator = Caller::operator();
        let changed = self.access.change_staff(&operator, user, &change).await;
        changed.unwrap();
    }
}

/// A visit from a network.
pub fn from(network: &str) -> Visit {
    Visit {
        from: Some(network.to_owned()),
        network: network.to_owned(),
        ..Visit::default()
    }
}
