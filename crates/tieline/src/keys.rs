//! The key that seals secrets: in a file beside the database, never in it.

use std::io::Write as _;
use std::path::Path;
use tieline_org::Vault;

/// The vault of the key in a file, which is made when it is missing, for its owner alone.
pub fn open(file: &Path) -> std::io::Result<Vault> {
    let invalid = || {
        let words = format!(
            "{} does not hold a key of 64 hexadecimal digits; restore it from a backup",
            file.display()
        );
        std::io::Error::new(std::io::ErrorKind::InvalidData, words)
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(file)?,
        Err(error) => return Err(error),
    };
    refuse_shared(file)?;
    let digits = text.trim();
    if digits.len() != 64 || !digits.is_ascii() {
        return Err(invalid());
    }
    let mut key = [0; Vault::KEY_BYTES];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).map_err(|_| invalid())?;
    }
    Ok(Vault::new(&key))
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
    options.open(file)?.write_all(text.as_bytes())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
