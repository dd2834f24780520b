//! Secrets at rest: ChaCha20-Poly1305 under a key that lives outside of the database.

use crate::error::{OrgError, Result};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;

/// Seals and opens; cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<LessSafeKey>,
}

impl Vault {
    /// Bytes of a key.
    pub const KEY_BYTES: usize = 32;

    /// A vault with this key.
    pub fn new(key: &[u8; Self::KEY_BYTES]) -> Vault {
        let key =
            UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key has the algorithm's length");
        Vault {
            key: Arc::new(LessSafeKey::new(key)),
        }
    }

    /// Seals a secret; a fresh nonce stands before the bytes.
    pub fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .expect("the operating system gives random bytes");
        let mut sealed = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut sealed,
            )
            .expect("a secret is far shorter than the algorithm's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`Vault::seal`] made.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        if sealed.len() < NONCE_LEN {
            return Err(OrgError::Sealed);
        }
        let (nonce, sealed) = sealed.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OrgError::Sealed)?;
        let mut bytes = sealed.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, Aad::empty(), &mut bytes)
            .map_err(|_| OrgError::Sealed)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_and_a_changed_byte_is_noticed() {
        let vault = Vault::new(&[7; 32]);
        let mut sealed = vault.seal(b"refresh");
        assert_eq!(vault.open(&sealed).unwrap(), b"refresh");
        assert!(!sealed.windows(7).any(|bytes| bytes == b"refresh"));
        assert!(Vault::new(&[8; 32]).open(&sealed).is_err());
        *sealed.last_mut().unwrap() ^= 1;
        assert!(vault.open(&sealed).is_err());
        assert!(vault.open(b"short").is_err());
    }
}
