//! Carrier accounts with their secrets and numbers, as webhooks are checked against them: read once and
//! kept for a while, so that a text costs no look-up of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tieline_channels::Carrier;
use tieline_domain::address;
use tieline_domain::id::{CarrierAccountId, InboxId, SenderId};
use tieline_messaging::{OpenSecret, carrier_of, is_sealed};
use tieline_storage::carrier_account::{self, CarrierAccount};
use tieline_storage::{Conn, Store, inbox};
use tokio::time::Instant;

/// What changed in the database is seen after this long; what does not fit is looked up once more as
/// it stands at that moment.
const KEPT: Duration = Duration::from_secs(10);

/// Whose webhook it is, by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Door {
    /// Of an account.
    Account(CarrierAccountId),
    /// Of an inbox, as webhooks were set up before accounts had a door of their own: any account that
    /// it has a number of.
    Inbox(InboxId),
}

/// An account that may sign at a door.
pub(crate) struct Account {
    pub id: CarrierAccountId,
    /// The carrier's name for it.
    pub name: String,
    /// None while it has no secret that opens.
    pub carrier: Option<Carrier>,
    /// Whether it has a secret that this node has no key to.
    pub is_sealed: bool,
    numbers: Vec<Number>,
    /// Whose way of writing numbers is assumed of a text for a number that nobody has.
    country: String,
}

/// One of the numbers of an account that an inbox has.
#[derive(Clone)]
pub(crate) struct Number {
    pub sender_id: SenderId,
    pub inbox_id: InboxId,
    /// Whose way of writing numbers is assumed.
    pub country: String,
    address: String,
}

impl Account {
    /// The number that a text was sent to, if an inbox has it.
    pub fn number(&self, to: &str) -> Option<&Number> {
        let same =
            |it: &&Number| it.address == to || it.address == address::of_sender(to, &it.country);
        self.numbers.iter().find(same)
    }

    /// An address as it is kept, for a text to a number that no inbox has.
    pub fn kept(&self, address: &str) -> String {
        address::of_sender(address, &self.country)
    }
}

/// The accounts of one door.
#[derive(Clone)]
pub(crate) struct Opened {
    pub accounts: Arc<[Account]>,
    read_at: Instant,
}

/// The doors that were asked for; as many as there are accounts and inboxes at most.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Mutex<HashMap<Door, Opened>>>);

impl Accounts {
    /// The accounts of a door as they stood a moment ago, if they were read then.
    pub(crate) fn known(&self, door: Door) -> Option<Opened> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = known.get(&door).cloned();
        opened.filter(|opened| opened.read_at.elapsed() < KEPT)
    }

    /// The accounts of a door as they stand now.
    pub(crate) async fn read(
        &self,
        store: &Store,
        open_secret: &OpenSecret,
        door: Door,
    ) -> tieline_storage::Result<Opened> {
        let mut reader = store.reader().await?;
        let rows = match door {
            Door::Account(id) => vec![carrier_account::by_id(&mut reader, id).await?],
            Door::Inbox(id) => {
                inbox::by_id(&mut reader, id).await?;
                carrier_account::of_inbox(&mut reader, id).await?
            }
        };
        let mut accounts = Vec::new();
        for row in rows {
            accounts.push(read_account(open_secret, &mut reader, row).await?);
        }
        let opened = Opened {
            accounts: accounts.into(),
            read_at: Instant::now(),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(door, opened.clone());
        Ok(opened)
    }
}

async fn read_account(
    open_secret: &OpenSecret,
    reader: &mut Conn,
    row: CarrierAccount,
) -> tieline_storage::Result<Account> {
    let inboxes = inbox::all(reader).await?;
    let senders = carrier_account::senders_of(reader, row.id).await?;
    let numbers = senders.into_iter().filter_map(|sender| {
        let inbox = inboxes.iter().find(|it| Some(it.id) == sender.inbox_id)?;
        Some(Number {
            sender_id: sender.id,
            inbox_id: inbox.id,
            country: inbox.country.clone(),
            address: sender.address,
        })
    });
    let numbers: Vec<Number> = numbers.collect();
    Ok(Account {
        id: row.id,
        carrier: carrier_of(&row, open_secret),
        is_sealed: is_sealed(&row, open_secret),
        country: numbers
            .first()
            .map(|it| it.country.clone())
            .unwrap_or_default(),
        numbers,
        name: row.account,
    })
}
