//! Passwords: argon2id, in PHC form. It takes 19 MiB and some time on purpose; so only a few are
//! weighed at once, a few more wait, and the rest are told to come back.
//!
//! They are weighed on threads of their own, as many as work at once, and each uses its memory
//! again: an allocator keeps what was given back, and on a pool of hundreds that would be gigabytes.
//!
//! They are weighed composed: one keyboard gives é as one character, another as two.

use crate::error::{AccessError, Result};
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use tieline_domain::text::composed;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Characters that a password must have.
const LENGTH_MIN: usize = 12;
/// Hashes that are worked out at once.
const AT_ONCE: usize = 2;
/// Those that are worked out or wait for it.
const ADMITTED_MAX: usize = 16;

/// The one place where hashes are worked out; cheap to clone.
#[derive(Clone)]
pub struct Hashing {
    admitted: Arc<Semaphore>,
    working: Arc<Semaphore>,
    /// Started with the first that is weighed; they end with the last clone.
    threads: Arc<OnceLock<mpsc::Sender<Work>>>,
}

/// What a thread does with its memory.
type Work = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// A place among those that wait.
pub struct Place(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

impl Default for Hashing {
    fn default() -> Self {
        Hashing {
            admitted: Arc::new(Semaphore::new(ADMITTED_MAX)),
            working: Arc::new(Semaphore::new(AT_ONCE)),
            threads: Arc::default(),
        }
    }
}

impl Hashing {
    /// A place, if there is one.
    pub fn admit(&self) -> Result<Place> {
        let permit = self.admitted.clone().try_acquire_owned();
        permit.map(Place).map_err(|_| AccessError::Busy)
    }

    /// The hash to keep.
    pub async fn hash(&self, _place: &Place, password: &str) -> Result<String> {
        let password = composed(password);
        if password.chars().count() < LENGTH_MIN {
            return Err(AccessError::PasswordTooShort);
        }
        let salt: [u8; 16] = crate::token::random();
        let work = move |_: &mut Vec<Block>| {
            Argon2::default()
                .hash_password_with_salt(password.as_bytes(), &salt)
                .expect("the salt has a length that argon2 takes")
                .to_string()
        };
        Ok(self.work(work).await)
    }

    /// Whether a password is the one of the hash. Takes as long when there is no hash.
    pub async fn verify(&self, _place: &Place, password: &str, hash: Option<&str>) -> bool {
        // A hash of nobody's password, so that an unknown name costs as much time as a known one.
        const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$VZm2cmTIcIvGFPlxPaFrqn1CkKJUmrzG2g2iYiYf8fI";
        let known = hash.is_some();
        let (password, hash) = (composed(password), hash.unwrap_or(NOBODYS).to_owned());
        let work = move |memory: &mut Vec<Block>| {
            matches(memory, password.as_bytes(), &hash).unwrap_or(false)
        };
        self.work(work).await && known
    }

    /// The permit goes along: whoever gave up waiting still holds it until the work is done.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> T {
        let permit = self.working.clone().acquire_owned().await;
        let (done, answer) = oneshot::channel();
        let work = move |memory: &mut Vec<Block>| {
            let _permit = permit;
            // Whoever gave up waiting wants no answer.
            let _ = done.send(work(memory));
        };
        let threads = self.threads.get_or_init(start_threads);
        let sent = threads.send(Box::new(work));
        sent.expect("the threads live as long as somebody can send");
        answer.await.expect("hashing does not panic")
    }
}

/// Works a password out as a hash says, and compares. `None` for a hash that cannot be read.
fn matches(memory: &mut Vec<Block>, password: &[u8], hash: &str) -> Option<bool> {
    let parsed = PasswordHash::new(hash).ok()?;
    let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).ok()?;
    let version = Version::try_from(parsed.version?).ok()?;
    let params = Params::try_from(&parsed).ok()?;
    let (salt, known) = (parsed.salt?, parsed.hash?);
    memory.resize(params.block_count().max(memory.len()), Block::default());
    let mut found = vec![0; known.len()];
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password, &salt, &mut found, memory.as_mut_slice())
        .ok()?;
    // Takes as long wherever they differ.
    Some(Output::new(&found).ok()? == known)
}

fn start_threads() -> mpsc::Sender<Work> {
    let (threads, work) = mpsc::channel::<Work>();
    let work = Arc::new(Mutex::new(work));
    for _ in 0..AT_ONCE {
        let work = work.clone();
        std::thread::spawn(move || {
            let mut memory = Vec::new();
            loop {
                let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
                match next {
                    Ok(next) => next(&mut memory),
                    Err(_) => return,
                }
            }
        });
    }
    threads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_is_accepted() {
        let hashing = Hashing::default();
        let place = hashing.admit().unwrap();
        let kept = hashing.hash(&place, "correct horse battery").await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        let again = hashing.hash(&place, "correct horse battery").await;
        assert_ne!(again.unwrap(), kept, "nobody sees who has the same one");
        for (password, hash, expected) in [
            ("correct horse battery", Some(kept.as_str()), true),
            ("correct horse batterz", Some(kept.as_str()), false),
            ("correct horse battery", None, false),
        ] {
            assert_eq!(hashing.verify(&place, password, hash).await, expected);
        }
        // Characters count, whatever bytes they take.
        for (password, is_short) in [
            ("short", true),
            ("schlüßéñøå", true),
            ("schlüßéñøå12", false),
            ("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", true),
        ] {
            let hash = hashing.hash(&place, password).await;
            let refused = matches!(hash, Err(AccessError::PasswordTooShort));
            assert_eq!(refused, is_short, "{password}");
        }
    }

    #[tokio::test]
    async fn one_password_is_one_whichever_keyboard_it_is_typed_on() {
        let hashing = Hashing::default();
        let place = hashing.admit().unwrap();
        let ways = ["café au lait 1", "cafe\u{301} au lait 1"];
        for set in ways {
            let kept = hashing.hash(&place, set).await.unwrap();
            for typed in ways {
                assert!(hashing.verify(&place, typed, Some(&kept)).await, "{typed}");
            }
            let plain = hashing.verify(&place, "cafe au lait 1", Some(&kept));
            assert!(!plain.await);
        }
    }

    #[tokio::test]
    async fn whoever_has_no_password_takes_as_much_work_as_who_has_one() {
        let hashing = Hashing::default();
        let place = hashing.admit().unwrap();
        assert!(!hashing.verify(&place, "correct horse battery", None).await);
        assert!(hashing.threads.get().is_some(), "something was worked out");
    }

    #[tokio::test]
    async fn more_than_are_admitted_are_told_to_come_back_and_places_become_free_again() {
        let hashing = Hashing::default();
        let places: Vec<Place> = (0..ADMITTED_MAX)
            .map(|_| hashing.admit().unwrap())
            .collect();
        assert!(matches!(hashing.admit(), Err(AccessError::Busy)));
        drop(places);
        assert!(hashing.admit().is_ok());
    }
}
