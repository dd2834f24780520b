//! The keys that seal secrets: in a file beside the database, never in it.
//!
//! The file holds a key a line, as 64 hexadecimal digits. The first seals; those below it only open
//! what was sealed before. Each start seals everything anew with the first. So to replace a key of a hub
//! that is alone, write a new one above it and start; the old line may go once it says that it did.
//!
//! Of several nodes none may seal with what another does not hold. The new key is written *below* the old one
//! in every file first, node by node with a start each; then above it, in the same way; and the old line goes
//! from a file after every node has started with the new key above.

use std::io::Write as _;
use std::path::Path;
use tieline_org::Vault;
use tieline_storage::{Store, carrier_account, connection};

type Key = [u8; Vault::KEY_BYTES];

/// The vault for a database. A key file that is missing is made, unless the database holds what only
/// that file opens.
pub async fn open_for(store: &Store, file: &Path) -> Result<Vault, crate::Error> {
    if !file.exists() && holds_sealed(store).await? {
        return Err(format!(
            "{} is missing, and the database holds secrets that only it opens; restore it from a backup",
            file.display()
        )
        .into());
    }
    let named = |error| format!("key_file: {}: {error}", file.display());
    Ok(open(file).map_err(named)?)
}

async fn holds_sealed(store: &Store) -> tieline_storage::Result<bool> {
    let mut reader = store.reader().await?;
    let accounts = carrier_account::all(&mut reader).await?;
    let is_sealed = accounts.iter().any(|it| !it.secret.is_empty());
    Ok(is_sealed || !connection::all(&mut reader).await?.is_empty())
}

/// When the keys below the first may be taken out of the file.
pub fn when_others_may_go(store: &Store) -> &'static str {
    match store.has_one_hub() {
        true => "the others may go.",
        false => {
            "a node whose key file does not hold that key takes no texts. \
             The others may go once every node was started with this key first."
        }
    }
}

/// The vault of the keys in a file, which is made when it is missing, for its owner alone.
pub fn open(file: &Path) -> std::io::Result<Vault> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(file)?,
        Err(error) => return Err(error),
    };
    refuse_shared(file)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<Key>> = lines.map(key_of).collect();
    match keys.as_deref() {
        Some([first, older @ ..]) => Ok(Vault::with_keys(first, older)),
        _ => Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!(
                "{} does not hold a key of 64 hexadecimal digits a line; restore it from a backup",
                file.display()
            ),
        )),
    }
}

fn key_of(line: &str) -> Option<Key> {
    let mut key = [0; Vault::KEY_BYTES];
    if line.len() != 2 * key.len() || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&line[i * 2..i * 2 + 2], 16).ok()?;
    }
    Some(key)
}

/// A key that others on this machine may read is no secret any more.
#[cfg(unix)]
fn refuse_shared(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let words = format!(
        "{} may be read by others on this machine (mode {:o}); chmod 600 it, and if anybody else \
         works here, make new secrets",
        file.display(),
        mode & 0o777
    );
    Err(std::io::Error::new(
        std::io::ErrorKind::PermissionDenied,
        words,
    ))
}

#[cfg(not(unix))]
fn refuse_shared(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn make(file: &Path) -> std::io::Result<String> {
    let text: String = crate::real::bytes::<32>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut made = options.open(file)?;
    made.write_all(text.as_bytes())?;
    // Whatever is sealed with it must not outlive it: file and name are on the disk before.
    made.sync_all()?;
    sync_folder_of(file)?;
    Ok(text)
}

#[cfg(unix)]
fn sync_folder_of(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_several_keys_seals_with_the_first_and_opens_with_all() {
        use tieline_domain::id::{ConnectionId, Id as _};
        use tieline_org::Place;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tieline.key");
        let place = Place::of_secrets(ConnectionId::from_uuid(1));
        let old = open(&file).unwrap();
        let sealed = old.seal(place, b"secret");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{}\n{text}\n", "ab".repeat(32))).unwrap();
        let both = open(&file).unwrap();
        assert_eq!(both.open(place, &sealed).unwrap(), b"secret");
        assert!(
            old.open(place, &both.seal(place, b"secret")).is_err(),
            "the first seals"
        );
        for broken in ["", "ab", &"x".repeat(64), &format!("{text}\nnonsense")] {
            std::fs::write(&file, broken).unwrap();
            assert!(open(&file).is_err(), "{broken:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_key_that_others_may_read_is_refused_in_words() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tieline.key");
        open(&file).unwrap();
        open(&file).unwrap();
        for mode in [0o640, 0o604, 0o644] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let words = open(&file).err().unwrap().to_string();
            assert!(words.contains("chmod 600"), "{words}");
        }
    }
}
