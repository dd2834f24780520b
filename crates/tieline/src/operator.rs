//! The operator: whoever has a shell on the hub's machine, as the user who runs the hub or as root.
//!
//! They ask the same router as everybody does. While a hub runs, over a socket that only they can
//! open; without one, in a process of their own that takes the database's lock.

pub mod line;
#[cfg(unix)]
pub mod socket;

use std::path::{Path, PathBuf};
use tieline_storage::sqlite_file;

/// Where the operator's socket of a database is: as it was set, or in a folder beside the file; none
/// where there is no file, or where it was set to `off`.
pub fn socket_of(database: &str, set: Option<&str>) -> Option<PathBuf> {
    match set {
        Some("off" | "") => None,
        Some(path) => Some(PathBuf::from(path)),
        None => sqlite_file(database).map(|file| beside(&file)),
    }
}

/// `tieline.db.operator/socket` for `tieline.db`, wherever a link leads.
fn beside(database: &Path) -> PathBuf {
    let real = database
        .canonicalize()
        .unwrap_or_else(|_| database.to_owned());
    let mut folder = real.into_os_string();
    folder.push(".operator");
    PathBuf::from(folder).join("socket")
}

/// The user of this machine who runs this process.
#[cfg(unix)]
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A user of this machine, for people and for the audit.
#[cfg(unix)]
pub fn name_of(user: u32) -> String {
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id: u32 = fields.nth(1)?.parse().ok()?;
        (id == user).then_some(name)
    });
    match name {
        Some(name) => format!("{name} (uid {user})"),
        None => format!("uid {user}"),
    }
}

/// The user who runs this process, for the audit.
pub fn own_name() -> String {
    #[cfg(unix)]
    return name_of(own_user());
    #[cfg(not(unix))]
    "operator".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_file_has_a_socket_beside_it_and_a_server_has_none_unless_it_is_set() {
        for (database, set, expected) in [
            ("sqlite:/d/t.db", None, Some("/d/t.db.operator/socket")),
            ("sqlite:///d/t.db", None, Some("/d/t.db.operator/socket")),
            ("sqlite:t.db", Some("/run/t/socket"), Some("/run/t/socket")),
            ("sqlite:t.db", Some("off"), None),
            ("postgres://db/t", None, None),
            (
                "postgres://db/t",
                Some("/run/t/socket"),
                Some("/run/t/socket"),
            ),
        ] {
            let found = socket_of(database, set);
            assert_eq!(
                found.as_deref(),
                expected.map(Path::new),
                "{database} {set:?}"
            );
        }
    }
}
