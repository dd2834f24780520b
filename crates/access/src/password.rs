//! Passwords: argon2id, in PHC form, off the async threads because it is slow on purpose.

use crate::error::{AccessError, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// Characters that a password must have.
const LENGTH_MIN: usize = 12;

/// The hash to keep.
pub async fn hash(password: &str) -> Result<String> {
    if password.chars().count() < LENGTH_MIN {
        return Err(AccessError::PasswordTooShort);
    }
    let password = password.to_owned();
    let salt: [u8; 16] = crate::token::random();
    Ok(blocking(move || {
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .expect("the salt has a length that argon2 takes")
            .to_string()
    })
    .await)
}

/// Whether a password is the one of the hash. Takes as long when there is no hash.
pub async fn verify(password: &str, hash: Option<&str>) -> bool {
    // A hash of nobody's password, so that an unknown name costs as much time as a known one.
    const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$VZm2cmTIcIvGFPlxPaFrqn1CkKJUmrzG2g2iYiYf8fI";
    let known = hash.is_some();
    let (password, hash) = (password.to_owned(), hash.unwrap_or(NOBODYS).to_owned());
    let same = blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|parsed| {
            Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
        })
    })
    .await;
    same && known
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .expect("hashing does not panic and is not cancelled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_is_accepted() {
        let kept = hash("correct horse battery").await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(verify("correct horse battery", Some(&kept)).await);
        assert!(!verify("correct horse batterz", Some(&kept)).await);
        assert!(!verify("correct horse battery", None).await);
        assert!(matches!(
            hash("short").await,
            Err(AccessError::PasswordTooShort)
        ));
    }
}
