//! The operator's socket: a file of mode 0600 in a folder of mode 0700, and each caller's user is
//! asked of the operating system as well.

use super::{name_of, own_user};
use crate::hub::Hub;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::serve::IncomingStream;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _,
};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tieline_web::Operator;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// Bytes that the operating system takes as the path of a socket.
const PATH_BYTES_MAX: usize = 103;
/// How long to wait when no connection can be taken.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A request that is in hand when the hub stops has so long; whoever asked often kills after ten seconds.
const GRACE: Duration = Duration::from_secs(5);

/// A socket that is open and removed at its end.
pub struct Socket {
    listener: UnixListener,
    file: OwnFile,
}

/// Removed at the end, if it is still the one that was made.
struct OwnFile {
    path: PathBuf,
    made: (u64, u64),
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|it| (it.dev(), it.ino()) == self.made) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether somebody serves at a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A process answers.
    Living,
    /// Nothing is there, or only what a dead process left.
    Nobody,
}

/// Looks whether a hub serves at a path, and that nobody else could: what is sent there is secret.
pub fn look(path: &Path) -> Result<Found, String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let found = match fs::symlink_metadata(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nobody),
        Err(error) => return Err(in_words(folder, &error)),
    };
    let owner = found.uid();
    if own_user() != 0 && owner != own_user() {
        return Err(format!(
            "{} belongs to {}; run this as that user",
            folder.display(),
            name_of(owner)
        ));
    }
    is_closed(folder, &found)?;
    match Probe::connect(path) {
        Ok(_) => Ok(Found::Living),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Ok(Found::Nobody),
            _ => Err(in_words(path, &error)),
        },
    }
}

impl Socket {
    /// Opens the socket. One that a dead process left is replaced; anybody else's is not.
    pub fn open(path: &Path) -> Result<Socket, String> {
        let length = path.as_os_str().len();
        if length > PATH_BYTES_MAX {
            return Err(format!(
                "socket: the path {} has {length} bytes and may have {PATH_BYTES_MAX}; set --socket to a shorter one, or to off",
                path.display()
            ));
        }
        make_folder(path.parent().unwrap_or(Path::new(".")))?;
        clear(path)?;
        let listener = UnixListener::bind(path).map_err(|error| in_words(path, &error))?;
        let made = fs::set_permissions(path, Permissions::from_mode(0o600))
            .and_then(|()| fs::symlink_metadata(path))
            .map_err(|error| in_words(path, &error))?;
        Ok(Socket {
            listener,
            file: OwnFile {
                path: path.to_owned(),
                made: (made.dev(), made.ino()),
            },
        })
    }

    /// Serves the hub's router to the operator until `stopped` is told, and then until the requests in hand are
    /// answered or their grace is over; live streams end at once.
    pub async fn serve(self, hub: Hub, mut stopped: watch::Receiver<bool>) {
        let Socket { listener, file } = self;
        let router = hub.router().layer(from_fn(as_operator));
        let cut = grace_over(stopped.clone());
        let told = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
            hub.teller().end_all();
        };
        let service = router.into_make_service_with_connect_info::<Peer>();
        let served = axum::serve(Door(listener), service).with_graceful_shutdown(told);
        tokio::select! {
            ended = async { served.await } => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "the operator's socket ended");
                }
            }
            () = cut => {}
        }
        drop(file);
    }
}

async fn grace_over(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
    tokio::time::sleep(GRACE).await;
}

fn make_folder(folder: &Path) -> Result<(), String> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(folder).map_err(|error| in_words(folder, &error))?;
            if found.uid() != own_user() {
                return Err(format!(
                    "socket: {} belongs to {}; remove it, or set --socket to a path in a folder of your own",
                    folder.display(),
                    name_of(found.uid())
                ));
            }
            is_closed(folder, &found)
        }
        Err(error) => Err(in_words(folder, &error)),
    }
}

/// A folder that others may look into could hold a socket that others may open.
fn is_closed(folder: &Path, found: &Metadata) -> Result<(), String> {
    if !found.is_dir() {
        return Err(format!(
            "socket: {} is no folder; remove it, or set --socket to another path",
            folder.display()
        ));
    }
    match found.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(format!(
            "socket: others on this machine may enter {} (mode {:o}); chmod 700 it",
            folder.display(),
            found.mode() & 0o777
        )),
    }
}

/// Makes room for a new socket.
fn clear(path: &Path) -> Result<(), String> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(in_words(path, &error)),
    };
    if !found.file_type().is_socket() || found.uid() != own_user() {
        return Err(format!(
            "socket: {} is no socket of yours; move it away, or set --socket to another path",
            path.display()
        ));
    }
    match Probe::connect(path) {
        Ok(_) => Err(format!(
            "socket: another hub serves at {}; end that one, or set --socket to another path",
            path.display()
        )),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| in_words(path, &error))
        }
        Err(error) => Err(in_words(path, &error)),
    }
}

fn in_words(path: &Path, error: &std::io::Error) -> String {
    let fix = match error.kind() {
        ErrorKind::PermissionDenied => "; run this as the user who runs the hub",
        _ => "; set --socket to another path, or to off",
    };
    format!("socket: {}: {error}{fix}", path.display())
}

/// Takes connections of the user who runs the hub, and of root.
struct Door(UnixListener);

/// The user at the other end.
#[derive(Debug, Clone, Copy)]
struct Peer(u32);

impl axum::serve::Listener for Door {
    type Io = UnixStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        loop {
            let taken = self.0.accept().await;
            match taken.and_then(|(stream, _)| Ok((stream.peer_cred()?.uid(), stream))) {
                Ok((user, stream)) if may_enter(user, own_user()) => return (stream, Peer(user)),
                Ok((user, _)) => {
                    tracing::warn!(
                        security.event = "refused",
                        user,
                        "somebody else's process came to the operator's socket"
                    );
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be taken at the operator's socket");
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Peer> {
        Ok(Peer(own_user()))
    }
}

fn may_enter(user: u32, own: u32) -> bool {
    user == own || user == 0
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Peer {
        *stream.remote_addr()
    }
}

async fn as_operator(
    ConnectInfo(Peer(user)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let operator = Operator {
        user: name_of(user),
    };
    request.extensions_mut().insert(operator);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_for_its_owner_alone_and_what_a_dead_process_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operator/socket");
        let socket = Socket::open(&path).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(look(&path), Ok(Found::Living));
        let words = Socket::open(&path).err().unwrap();
        assert!(words.contains("another hub serves"), "{words}");
        drop(socket);
        assert!(!path.exists(), "it is removed at its end");
        // A listener of the standard library leaves its file, as a process that was killed does.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert_eq!(look(&path), Ok(Found::Nobody));
        Socket::open(&path).unwrap();
    }

    #[tokio::test]
    async fn what_others_may_enter_and_what_is_no_socket_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operator/socket");
        fs::create_dir(path.parent().unwrap()).unwrap();
        for mode in [0o755, 0o710, 0o701] {
            fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(mode)).unwrap();
            for words in [Socket::open(&path).err().unwrap(), look(&path).unwrap_err()] {
                assert!(words.contains("chmod 700"), "{mode:o}: {words}");
            }
        }
        fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(0o700)).unwrap();
        fs::write(&path, "precious").unwrap();
        let words = Socket::open(&path).err().unwrap();
        assert!(words.contains("no socket of yours"), "{words}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let long = folder.path().join("x".repeat(100)).join("socket");
        let words = Socket::open(&long).err().unwrap();
        assert!(words.contains("--socket"), "{words}");
    }

    #[test]
    fn the_hubs_own_user_and_root_may_enter_and_nobody_else() {
        for (user, own, enters) in [
            (1000, 1000, true),
            (0, 1000, true),
            (1001, 1000, false),
            (1000, 0, false),
        ] {
            assert_eq!(may_enter(user, own), enters, "{user} at {own}");
        }
    }
}
