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
