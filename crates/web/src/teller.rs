//! The teller: one task of a node reads what was committed, renders it once, and wakes the streams
//! that may see it.
//!
//! It works only while somebody listens. What it cannot read it reads again later; nothing is
//! skipped, since streams take events by their numbers.

mod desk;
mod presence;
mod render;
mod told;

use crate::api::conversations::ConversationCounts;
use crate::api::live::LiveEvent;
use bytes::Bytes;
use desk::{Desk, Place, Seat, Taken, reset};
use futures_util::Stream;
use render::render;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tieline_domain::access::{Rights, Scope};
use tieline_domain::event::Event;
use tieline_domain::id::{ApiKeyId, InboxId, SessionId, StaffId};
use tieline_domain::presence::Presence;
use tieline_domain::time::Timestamp;
use tieline_storage::conversation::{self, OpenGroup};
use tieline_storage::event::{self, StoredEvent};
use tieline_storage::{Result, Store};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Events read at once.
const BATCH: i64 = 200;
/// A line that says nothing goes out this often, so that proxies keep the connection and a
/// connection that died is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long the teller waits after a failure of the database.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Counts are told at most this often: many events that come together change them once.
const COUNTS_EVERY: Duration = Duration::from_millis(250);
/// Streams of one session or key; a browser shares one between its tabs.
const STREAMS_MAX: usize = 8;
/// How often a stream that comes back looks for its place while events go on.
const ATTEMPTS: usize = 3;

/// Tells what was committed; cheap to clone. Its tasks end when the last clone is dropped.
#[derive(Clone)]
pub struct Teller {
    inner: Arc<Inner>,
    _tasks: Arc<[AbortOnDrop; 2]>,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Inner {
    store: Store,
    desk: Mutex<Desk>,
    /// Locked before the desk.
    presence: Mutex<Presence>,
    somebody_came: Notify,
    /// Held by the one that reads events from before what is kept; all who wait want the same.
    reading_older: tokio::sync::Mutex<()>,
}

/// What a stream stands on, and ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    Session(SessionId),
    Key(ApiKeyId),
    /// The operator's own socket.
    Socket,
}

/// Who wants to listen.
pub(crate) struct Listener {
    pub scope: Scope,
    pub rights: Rights,
    pub staff: Option<StaffId>,
    /// What the stream stands on.
    pub ground: Ground,
    /// When that is over, unless it is used.
    pub until: Option<Timestamp>,
}

/// The session or key has as many streams as it may.
pub(crate) struct TooManyStreams;

impl Teller {
    /// Over this store.
    pub fn start(store: Store) -> Teller {
        let inner = Arc::new(Inner {
            store,
            desk: Mutex::new(Desk::new()),
            presence: Mutex::default(),
            somebody_came: Notify::new(),
            reading_older: tokio::sync::Mutex::new(()),
        });
        let whispers = inner.store.whispers();
        let tasks = [
            tokio::spawn(inner.clone().work()),
            tokio::spawn(inner.clone().hear(whispers)),
        ];
        Teller {
            inner,
            _tasks: Arc::new(tasks.map(|task| AbortOnDrop(task.abort_handle()))),
        }
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.inner.desk().seats().count()
    }

    /// Ends all streams, as when the hub stops; browsers come back to whoever serves then.
    pub fn end_all(&self) {
        self.inner.desk().end(|_| true);
    }

    /// A stream of what is committed after an event, or from now on. Whoever asks for it makes sure then
    /// that the listener is still let in: what changed before that ends it no more.
    pub(crate) async fn listen(
        &self,
        listener: Listener,
        after: Option<i64>,
    ) -> Result<std::result::Result<LiveStream, TooManyStreams>> {
        let inner = &self.inner;
        if inner.desk().on(listener.ground) >= STREAMS_MAX {
            return Ok(Err(TooManyStreams));
        }
        let known = inner.catch_up().await?;
        let place = match after {
            Some(after) => inner.find(after).await?,
            None => Place::Known,
        };
        let seat = Arc::new(Seat::new(listener, known));
        let (first, number) = {
            // What changes meanwhile is told after what holds.
            let presence = inner.presence();
            let seated = inner.desk().welcome(&seat, after, place);
            seat.show_all_present(&presence);
            seated
        };
        inner.somebody_came.notify_one();
        Ok(Ok(LiveStream {
            inner: inner.clone(),
            number,
            first: Some(first),
            next_look: Box::pin(sleep(inner.next_look(&seat))),
            seat,
        }))
    }
}

impl Desk {
    /// Seats a stream; what it is told first, and its number.
    fn welcome(&mut self, seat: &Arc<Seat>, after: Option<i64>, place: Place) -> (Bytes, u64) {
        // Events that were told since the place was looked for may have pushed it out.
        let known =
            after.filter(|after| place == Place::Known && self.place(*after) == Place::Known);
        let first = match (known, after) {
            (Some(after), _) => hello(after),
            (None, None) => hello(self.seq),
            (None, Some(_)) => reset(self.seq),
        };
        let number = self.join(seat.clone(), known.unwrap_or(self.seq));
        (Bytes::from(first), number)
    }
}

/// Whose streams end with some events: what they may see or do has changed.
#[derive(Default)]
struct Ended {
    /// With the number of the last such event.
    staff: BTreeMap<StaffId, i64>,
    keys: BTreeMap<ApiKeyId, i64>,
}

impl Ended {
    fn by(events: &[StoredEvent]) -> Ended {
        let mut ended = Ended::default();
        for stored in events {
            match stored.event {
                Event::Access { staff_id } => _ = ended.staff.insert(staff_id, stored.seq),
                Event::KeyRevoked { api_key_id } => {
                    ended.keys.insert(api_key_id, stored.seq);
                }
                _ => {}
            }
        }
        ended
    }

    fn holds(&self, seat: &Seat) -> bool {
        let of_key = match seat.ground {
            Ground::Key(key) => self.keys.get(&key),
            Ground::Session(_) | Ground::Socket => None,
        };
        let of_staff = seat.staff.and_then(|staff| self.staff.get(&staff));
        of_key.max(of_staff).is_some_and(|seq| *seq > seat.known)
    }
}

fn hello(seq: i64) -> String {
    LiveEvent::Hello {}.frame(Some(seq))
}

impl Inner {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a stream to which nothing happens may sleep.
    fn next_look(&self, seat: &Seat) -> Duration {
        let Some(until) = seat.until else {
            return KEEP_ALIVE;
        };
        let left_ms = u64::try_from(until.since(self.store.now())).unwrap_or(0);
        KEEP_ALIVE.min(Duration::from_millis(left_ms))
    }

    async fn work(self: Arc<Inner>) {
        let mut head = self.store.head();
        let mut counted_at: Option<Instant> = None;
        loop {
            if self.desk().is_empty() {
                self.somebody_came.notified().await;
            }
            match self.tell_news().await {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "events cannot be read; it is tried again");
                    sleep(AGAIN_AFTER).await;
                    continue;
                }
            }
            let again = counted_at.map(|at| at + COUNTS_EVERY);
            let mut owed = true;
            if again.is_none_or(|at| at <= Instant::now()) {
                counted_at = Some(Instant::now());
                owed = match self.tell_counts().await {
                    Ok(()) => false,
                    Err(error) => {
                        tracing::warn!(error = %error, "conversations cannot be counted; it is tried again");
                        true
                    }
                };
            }
            let again = counted_at.map_or_else(Instant::now, |at| at + COUNTS_EVERY);
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return },
                () = self.somebody_came.notified() => {}
                () = sleep_until(again), if owed => {}
            }
        }
    }

    /// Tells all that was committed since.
    async fn tell_news(&self) -> Result<()> {
        loop {
            let from = self.desk().seq;
            let mut reader = self.store.reader().await?;
            let news = event::list_after(&mut reader, &Scope::system(), from, BATCH).await?;
            let Some((events, until)) = news else {
                let head = event::head(&mut reader).await?;
                let mut desk = self.desk();
                // Whose rights changed meanwhile is not known either.
                desk.end(|_| true);
                desk.start_afresh(head);
                continue;
            };
            let told = render(&mut reader, &events).await?;
            drop(reader);
            let ended = Ended::by(&events);
            let mut desk = self.desk();
            desk.end(|seat| ended.holds(seat));
            desk.tell(told, until);
            drop(desk);
            if until == from {
                return Ok(());
            }
        }
    }

    /// Where nobody listened, nothing was told: begins where the database stands; where that is.
    async fn catch_up(&self) -> Result<i64> {
        let head = event::head(&mut *self.store.reader().await?).await?;
        let mut desk = self.desk();
        if desk.is_empty() && head > desk.seq {
            desk.start_afresh(head);
        }
        Ok(head)
    }

    /// Where a stream stands that saw everything up to an event; what it missed is fetched if need be.
    async fn find(&self, after: i64) -> Result<Place> {
        for _ in 0..ATTEMPTS {
            let place = self.desk().place(after);
            if place != Place::Older {
                return Ok(place);
            }
            let _one = self.reading_older.lock().await;
            let (place, until) = {
                let desk = self.desk();
                (desk.place(after), desk.kept_after())
            };
            if place != Place::Older {
                return Ok(place);
            }
            let mut reader = self.store.reader().await?;
            let news =
                event::list_after(&mut reader, &Scope::system(), after, until - after).await?;
            let Some((events, _)) = news else {
                return Ok(Place::Lost);
            };
            let older = render(&mut reader, &events).await?;
            self.desk().remember(after, until, older);
        }
        Ok(Place::Lost)
    }

    /// Tells each stream how many conversations the lists of its reader hold, where it was told otherwise.
    async fn tell_counts(&self) -> Result<()> {
        let mut reader = self.store.reader().await?;
        let readers: BTreeSet<StaffId> = self.desk().seats().filter_map(|it| it.staff).collect();
        let readers: Vec<StaffId> = readers.into_iter().collect();
        let scope = Scope::system();
        let groups = conversation::count_groups(&mut reader, &scope).await?;
        let unread = conversation::count_unread(&mut reader, &scope, &readers).await?;
        drop(reader);
        let desk = self.desk();
        let mut fresh: BTreeMap<_, ConversationCounts> = BTreeMap::new();
        for seat in desk.seats() {
            let counts = fresh.entry(seat.reader());
            seat.show_counts(counts.or_insert_with(|| counts_of(&groups, &unread, seat)));
        }
        Ok(())
    }
}

fn counts_of(
    groups: &[OpenGroup],
    unread: &BTreeMap<(InboxId, StaffId), i64>,
    seat: &Seat,
) -> ConversationCounts {
    let mut counts = ConversationCounts::default();
    let own = unread.iter().filter(|((inbox, reader), _)| {
        Some(*reader) == seat.staff && seat.scope.sees_inbox(*inbox)
    });
    counts.unread = own.map(|(_, number)| number).sum();
    for group in groups
        .iter()
        .filter(|it| seat.scope.sees_inbox(it.inbox_id))
    {
        counts.all += group.number;
        match group.our_turn {
            true => counts.ours += group.number,
            false => counts.theirs += group.number,
        }
        match group.assigned_to {
            None => counts.nobody += group.number,
            assigned if assigned == seat.staff => counts.mine += group.number,
            Some(_) => {}
        }
    }
    counts
}

/// What one browser hears.
pub(crate) struct LiveStream {
    inner: Arc<Inner>,
    seat: Arc<Seat>,
    number: u64,
    first: Option<Bytes>,
    /// When it looks up although nothing happened: to say that it lives, or that it is over.
    next_look: Pin<Box<Sleep>>,
}

impl Stream for LiveStream {
    type Item = std::result::Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let now = self.inner.store.now();
        if self.seat.until.is_some_and(|until| now >= until) {
            return Poll::Ready(None);
        }
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        // Registered before looking, so that no waking between the two is lost.
        self.seat.waker.register(context.waker());
        let taken = self.inner.desk().take(&self.seat);
        let frames = match taken {
            Taken::Ended => return Poll::Ready(None),
            Taken::Frames(frames) => frames,
            Taken::Nothing if self.next_look.as_mut().poll(context).is_pending() => {
                return Poll::Pending;
            }
            Taken::Nothing => Bytes::from_static(b":\n\n"),
        };
        let next_look = Instant::now() + self.inner.next_look(&self.seat);
        self.next_look.as_mut().reset(next_look);
        Poll::Ready(Some(Ok(frames)))
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        self.inner.desk().leave(self.number);
    }
}
