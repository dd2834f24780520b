//! Numbers are read anew when the rule of reading is another, or the organisation's country: page by
//! page, each page one transaction, so that the work goes on where it was left.

use crate::error::Result;
use crate::run::Sync;
use tieline_domain::access::Actor;
use tieline_domain::event::Event;
use tieline_domain::job::JobKind;
use tieline_storage::job::{self, ClaimedJob, NewJob};
use tieline_storage::{Tx, contact, contact_field, setting};

/// Contacts that are read anew at once.
const PAGE: i64 = 200;
/// Somebody who holds a contact has written it by then.
const HELD_MS: i64 = 1_000;

/// Sets the country in which numbers are read that do not say theirs, and asks for all to be read
/// anew, within one transaction.
pub async fn change_country(tx: &mut Tx, code: &str) -> tieline_storage::Result<()> {
    setting::set(tx, setting::DEFAULT_COUNTRY, &code).await?;
    ask(tx).await
}

async fn ask(tx: &mut Tx) -> tieline_storage::Result<()> {
    let new = NewJob {
        kind: JobKind::ContactsReadAnew,
        party: None,
        key: Some(JobKind::ContactsReadAnew.as_str().to_owned()),
        in_line: None,
        payload: (),
        run_at: tx.now(),
    };
    job::enqueue(tx, new).await
}

impl Sync {
    /// Asks for numbers to be read anew that an earlier build read by another rule, or a writer by a
    /// country that was replaced while it wrote.
    pub async fn look_for_old_readings(&self) -> Result<()> {
        let mut reader = self.store.reader().await?;
        let catalogue = contact_field::load(&mut reader).await?;
        let any = contact::any_to_read_anew(&mut reader, &catalogue).await?;
        drop(reader);
        if any {
            let mut tx = self.store.begin(&Actor::system()).await?;
            ask(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Handles [`JobKind::ContactsReadAnew`].
    pub async fn handle_read_anew(&self, claimed: &ClaimedJob) -> Result<()> {
        loop {
            let mut tx = self.store.begin(&Actor::system()).await?;
            if claimed.stop.is_asked() {
                job::leave(&mut tx, claimed).await?;
                return Ok(tx.commit().await?);
            }
            // As it stands now: the country may change once more meanwhile.
            let catalogue = contact_field::load(&mut tx).await?;
            let contact_ids = contact::read_anew(&mut tx, &catalogue, PAGE).await?;
            if !contact_ids.is_empty() {
                tx.emit(Event::Contacts { contact_ids });
                job::extend(&mut tx, claimed).await?;
                tx.commit().await?;
                continue;
            }
            if contact::any_to_read_anew(&mut tx, &catalogue).await? {
                let at = tx.now() + HELD_MS;
                job::wait(&mut tx, claimed, at, "contacts are being written").await?;
            } else {
                job::finish(&mut tx, claimed).await?;
            }
            return Ok(tx.commit().await?);
        }
    }
}
