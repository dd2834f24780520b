//! Where the bytes of attachments are: behind one trait, whatever keeps them.
//!
//! Bytes are put before the row that names them is committed, so that no row is without its bytes;
//! what never got its row is swept.

use crate::attachment::load_stored;
use crate::error::Result;
use crate::store::Store;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::UNIX_EPOCH;
use tieline_domain::id::AttachmentId;
use tieline_domain::time::Timestamp;

/// What comes of a call, boxed so that a store can be chosen as the hub starts.
pub type Doing<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Keeps bytes by id.
pub trait AttachmentStore: Send + Sync + 'static {
    /// Keeps bytes; they are durable when this is done. Putting the same again changes nothing.
    fn put(&self, id: AttachmentId, bytes: Vec<u8>) -> Doing<()>;
    /// The bytes of an id, if there are any.
    fn get(&self, id: AttachmentId) -> Doing<Option<Vec<u8>>>;
    /// Forgets them; also what is left of a put that was cut off.
    fn delete(&self, id: AttachmentId) -> Doing<()>;
    /// Every id that there is something of, and when that was put.
    fn list(&self) -> Doing<Vec<(AttachmentId, Timestamp)>>;
}

/// Files in a folder, named by id, for the hub's own user alone.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Ends the name of a file that is not whole yet.
const UNFINISHED: &str = ".new";

impl Folder {
    /// A folder, which is made when the first file is put.
    pub fn at(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    fn doing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Doing<T> {
        let folder = self.0.clone();
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || work(&folder)).await;
            done.unwrap_or_else(|error| Err(io::Error::other(error)))
        })
    }
}

impl AttachmentStore for Folder {
    fn put(&self, id: AttachmentId, bytes: Vec<u8>) -> Doing<()> {
        self.doing(move |folder| {
            make(folder)?;
            let unfinished = folder.join(format!("{id}{UNFINISHED}"));
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&unfinished)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, folder.join(id.to_string()))?;
            fs::File::open(folder)?.sync_all()
        })
    }

    fn get(&self, id: AttachmentId) -> Doing<Option<Vec<u8>>> {
        self.doing(move |folder| unless_missing(fs::read(folder.join(id.to_string()))))
    }

    fn delete(&self, id: AttachmentId) -> Doing<()> {
        self.doing(move |folder| {
            for name in [format!("{id}"), format!("{id}{UNFINISHED}")] {
                unless_missing(fs::remove_file(folder.join(name)))?;
            }
            Ok(())
        })
    }

    fn list(&self) -> Doing<Vec<(AttachmentId, Timestamp)>> {
        self.doing(|folder| {
            let mut found = Vec::new();
            let Some(entries) = unless_missing(fs::read_dir(folder))? else {
                return Ok(found);
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let id = name.strip_suffix(UNFINISHED).unwrap_or(&name).parse();
                let (Ok(id), Some(meta)) = (id, unless_missing(entry.metadata())?) else {
                    continue;
                };
                let age = meta.modified()?.duration_since(UNIX_EPOCH);
                let ms = age.map_or(0, |it| it.as_millis());
                found.push((id, Timestamp(i64::try_from(ms).unwrap_or(i64::MAX))));
            }
            Ok(found)
        })
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn unless_missing<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes what was put before a moment and has no row; how many that were. What is younger may
/// still get its row.
pub async fn sweep(
    store: &Store,
    files: &dyn AttachmentStore,
    before: Timestamp,
) -> io::Result<u64> {
    let old = files.list().await?.into_iter();
    let old: Vec<AttachmentId> = old.filter(|it| it.1 < before).map(|it| it.0).collect();
    let stored = known(store, &old).await.map_err(io::Error::other)?;
    let mut swept = 0;
    for id in old.into_iter().filter(|id| !stored.contains(id)) {
        files.delete(id).await?;
        swept += 1;
    }
    Ok(swept)
}

async fn known(store: &Store, ids: &[AttachmentId]) -> Result<BTreeSet<AttachmentId>> {
    load_stored(&mut *store.reader().await?, ids).await
}
