//! Who sees which record. An object is open to all who may use it unless the org's default says
//! otherwise; then owners, those it is shared with and those who see everything remain. While an
//! object is open, nothing is asked of any single record.

use super::id::RecordId;
use super::schema::ObjectDef;
use super::sharing_rules::{RecordAccess, Sharing};
use super::state::State;
use super::store::Slot;
use super::{ApiError, Org};

impl Org {
    /// Changes the org-wide default of an object.
    pub fn set_sharing(&self, object: &str, sharing: Sharing) -> Result<(), ApiError> {
        let object = self.known(object)?;
        self.lock().sharing.defaults.insert(object, sharing);
        Ok(())
    }

    /// Shares one record with one user; `RecordAccess::None` takes that back.
    pub fn share(&self, record: &RecordId, user: &RecordId, access: RecordAccess) {
        let mut state = self.lock();
        match access {
            RecordAccess::None => drop(state.sharing.shares.remove(&(*user, *record))),
            access => drop(state.sharing.shares.insert((*user, *record), access)),
        }
    }

    /// How far a user's access to a record goes.
    pub fn record_access(&self, user: &RecordId, record: &RecordId) -> RecordAccess {
        self.read().access_to(user, record)
    }
}

impl State {
    pub fn sharing_of(&self, object: usize) -> Sharing {
        let default = self.sharing.defaults.get(&object);
        default.copied().unwrap_or(Sharing::ReadWrite)
    }

    /// What sharing and the user's rights on the object allow together.
    pub fn access_to(&self, user: &RecordId, record: &RecordId) -> RecordAccess {
        let Some((object, slot)) = self.store.live(record) else {
            return RecordAccess::None;
        };
        let rights = self.view(user).object(object);
        let def = self.store.def(object);
        let most = match rights {
            r if !r.read => RecordAccess::None,
            r if !(r.edit && def.updateable) => RecordAccess::Read,
            r if !(r.delete && def.deletable) => RecordAccess::Edit,
            _ => RecordAccess::All,
        };
        most.min(self.shared(user, object, slot))
    }

    /// What sharing alone allows with a record.
    pub fn shared(&self, user: &RecordId, object: usize, slot: Slot) -> RecordAccess {
        let sharing = self.sharing_of(object);
        if sharing == Sharing::ReadWrite {
            return RecordAccess::All;
        }
        let view = self.view(user);
        let ground = match sharing {
            _ if view.modifies_all(object) => RecordAccess::All,
            Sharing::Private if view.sees_all(object) => RecordAccess::Read,
            Sharing::Read => RecordAccess::Read,
            Sharing::ControlledByParent => self.parent_access(user, object, slot),
            _ => RecordAccess::None,
        };
        if self.store.read_named(object, slot, "OwnerId").as_id() == Some(*user) {
            return RecordAccess::All;
        }
        let id = self.store.id_at(object, slot);
        let share = self.sharing.shares.get(&(*user, id)).copied();
        ground.max(share.unwrap_or(RecordAccess::None))
    }

    fn parent_access(&self, user: &RecordId, object: usize, slot: Slot) -> RecordAccess {
        let parent = parent_field(self.store.def(object));
        let parent = parent.and_then(|name| self.store.read_named(object, slot, name).as_id());
        match parent.and_then(|id| self.store.live(&id)) {
            Some((object, slot)) => self.shared(user, object, slot),
            None => RecordAccess::None,
        }
    }

    /// The records of an object that a user may see; `None` when nobody needs to ask.
    pub fn seen_only(&self, user: &RecordId, object: usize) -> Option<Vec<RecordId>> {
        let mut seen = match self.sharing_of(object) {
            Sharing::ReadWrite | Sharing::Read => return None,
            _ if self.view(user).sees_all(object) => return None,
            Sharing::Private => Vec::new(),
            Sharing::ControlledByParent => self.under_seen_parents(user, object)?,
        };
        seen.extend(self.holding(object, "OwnerId", user));
        let first = RecordId::new("000", *b"00", 0);
        let shares = self.sharing.shares.range((*user, first)..);
        let mine = shares.take_while(|((owner, _), _)| owner == user);
        let here = mine.filter(|((_, record), _)| {
            let found = self.store.locate(record);
            found.is_some_and(|(place, _)| place == object)
        });
        seen.extend(here.map(|((_, record), _)| *record));
        Some(seen)
    }

    fn under_seen_parents(&self, user: &RecordId, object: usize) -> Option<Vec<RecordId>> {
        let def = self.store.def(object);
        let Some(name) = parent_field(def) else {
            return Some(Vec::new());
        };
        let parent = def.field(name)?.single_target()?;
        let parents = self.seen_only(user, parent)?;
        let under = |parent: RecordId| self.holding(object, name, &parent);
        Some(parents.into_iter().flat_map(under).collect())
    }

    /// Records whose lookup names `id`, deleted ones too.
    fn holding(&self, object: usize, lookup: &str, id: &RecordId) -> Vec<RecordId> {
        let Some(field) = self.store.def(object).field_index(lookup) else {
            return Vec::new();
        };
        let slots = self.store.children_with_deleted(object, field, id);
        let ids = slots.into_iter().map(|slot| self.store.id_at(object, slot));
        ids.collect()
    }

    /// Whether a user may see this record.
    pub fn sees_record(&self, user: &RecordId, (object, slot): (usize, Slot)) -> bool {
        self.shared(user, object, slot) >= RecordAccess::Read
    }
}

/// The lookup that decides under "controlled by parent".
fn parent_field(def: &ObjectDef) -> Option<&'static str> {
    let lookups = ["AccountId", "CampaignId"];
    lookups.into_iter().find(|name| def.field(name).is_some())
}
