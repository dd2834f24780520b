//! Secrets at rest: ChaCha20-Poly1305 under a key that lives outside of the database, bound to the
//! place where they lie, so that a value copied elsewhere in the database does not open there.
//!
//! A sealed value is: the form (1 byte), the id of its key (4), a nonce (12), the ciphertext with its
//! tag. The first key of a vault seals; the others only open what was sealed before they were replaced.

use crate::error::{OrgError, Result};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use tieline_domain::id::{CarrierAccountId, ConnectionId, Id as _};

/// The form that is written today.
const FORM: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

/// Seals and opens; cheap to clone.
#[derive(Clone)]
pub struct Vault {
    /// The one that seals comes first.
    keys: Arc<[Key]>,
}

struct Key {
    id: [u8; KEY_ID_BYTES],
    key: LessSafeKey,
}

/// Where a sealed value lies: table, column and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    column: &'static str,
    row: u128,
}

impl Place {
    /// What a connection signs in with.
    pub fn of_secrets(connection: ConnectionId) -> Place {
        Place {
            table: "connection",
            column: "secrets",
            row: connection.uuid(),
        }
    }

    /// The session of a connection.
    pub fn of_session(connection: ConnectionId) -> Place {
        Place {
            table: "connection",
            column: "access_token",
            row: connection.uuid(),
        }
    }

    /// The secret of an account at a carrier.
    pub fn of_carrier_secret(account: CarrierAccountId) -> Place {
        Place {
            table: "carrier_account",
            column: "secret",
            row: account.uuid(),
        }
    }

    /// The place as bytes, in a form that never changes: what is sealed today must open in years.
    fn associated_data(&self) -> Vec<u8> {
        let words = [self.table, self.column].map(|word| [word.as_bytes(), &[0]].concat());
        [words.concat().as_slice(), &self.row.to_be_bytes()].concat()
    }
}

impl Vault {
    /// Bytes of a key.
    pub const KEY_BYTES: usize = 32;

    /// A vault with this key alone.
    pub fn new(key: &[u8; Self::KEY_BYTES]) -> Vault {
        Vault::with_keys(key, &[])
    }

    /// A vault that seals with one key and opens with older ones as well.
    pub fn with_keys(key: &[u8; Self::KEY_BYTES], older: &[[u8; Self::KEY_BYTES]]) -> Vault {
        let keys = std::iter::once(key).chain(older).map(|bytes| {
            let key = UnboundKey::new(&CHACHA20_POLY1305, bytes)
                .expect("the key has the algorithm's length");
            let mut id = [0; KEY_ID_BYTES];
            let named = [b"tieline key id".as_slice(), bytes].concat();
            id.copy_from_slice(&digest(&SHA256, &named).as_ref()[..KEY_ID_BYTES]);
            Key {
                id,
                key: LessSafeKey::new(key),
            }
        });
        Vault {
            keys: keys.collect(),
        }
    }

    /// Seals a secret for its place.
    pub fn seal(&self, place: Place, plain: &[u8]) -> Vec<u8> {
        let Key { id, key } = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .expect("the operating system gives random bytes");
        let mut sealed = plain.to_vec();
        let place = Aad::from(place.associated_data());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place, &mut sealed)
            .expect("a secret is far shorter than the algorithm's limit");
        [&[FORM], id.as_slice(), &nonce, &sealed].concat()
    }

    /// Opens what [`Vault::seal`] made for this place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>> {
        let (head, sealed) = sealed
            .split_at_checked(HEAD_BYTES)
            .ok_or(OrgError::Sealed)?;
        let (form, head) = head.split_at(1);
        let (id, nonce) = head.split_at(KEY_ID_BYTES);
        let key = self.keys.iter().find(|key| key.id == id);
        let key = key.filter(|_| form == [FORM]).ok_or(OrgError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OrgError::Sealed)?;
        let mut bytes = sealed.to_vec();
        let place = Aad::from(place.associated_data());
        let plain = key.key.open_in_place(nonce, place, &mut bytes);
        Ok(plain.map_err(|_| OrgError::Sealed)?.to_vec())
    }

    /// The value sealed anew with the first key, if it was sealed with an older one.
    pub fn renew(&self, place: Place, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        let is_current = sealed.get(1..1 + KEY_ID_BYTES) == Some(self.keys[0].id.as_slice());
        if is_current || sealed.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.seal(place, &self.open(place, sealed)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(row: u128) -> Place {
        Place::of_secrets(ConnectionId::from_uuid(row))
    }

    #[test]
    fn only_the_same_key_opens_and_a_changed_byte_is_noticed() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal(place(1), b"refresh");
        assert_eq!(vault.open(place(1), &sealed).unwrap(), b"refresh");
        assert!(!sealed.windows(7).any(|bytes| bytes == b"refresh"));
        assert!(Vault::new(&[8; 32]).open(place(1), &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open(place(1), &changed).is_err(), "byte {at}");
            assert!(vault.open(place(1), &sealed[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_value_opens_nowhere_but_where_it_was_sealed() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal(place(1), b"consumer secret");
        let row = ConnectionId::from_uuid(1);
        for elsewhere in [
            place(2),
            Place::of_session(row),
            Place::of_carrier_secret(CarrierAccountId::from_uuid(1)),
        ] {
            assert!(vault.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn the_bytes_of_a_place_are_those_that_were_written_down() {
        let bytes = Place::of_carrier_secret(CarrierAccountId::from_uuid(0x0102)).associated_data();
        assert_eq!(
            bytes,
            b"carrier_account\0secret\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02"
        );
    }

    #[test]
    fn a_replaced_key_opens_until_everything_is_sealed_anew() {
        let old = Vault::new(&[7; 32]).seal(place(1), b"refresh");
        let vault = Vault::with_keys(&[8; 32], &[[7; 32]]);
        assert_eq!(vault.open(place(1), &old).unwrap(), b"refresh");
        let new = vault
            .renew(place(1), &old)
            .unwrap()
            .expect("it was the old key's");
        assert_eq!(vault.renew(place(1), &new).unwrap(), None);
        assert_eq!(
            Vault::new(&[8; 32]).open(place(1), &new).unwrap(),
            b"refresh"
        );
        assert!(Vault::new(&[9; 32]).renew(place(1), &old).is_err());
    }
}
