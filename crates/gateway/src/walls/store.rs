//! Where the register is kept: in memory, or in a file that is replaced as a whole and read again when
//! another gateway has replaced it. A file that cannot be read lists nobody, and is never written over.

use super::book::Book;
use crate::problem::{Kind, Problem};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A register is never as long; a file that is, is something else.
const LONGEST: u64 = 4 << 20;
/// How long to wait for another gateway that is writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// What tells one state of the file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    file: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let file = 0;
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            file,
        }
    }
}

#[derive(Debug)]
pub(super) struct Store {
    file: Option<PathBuf>,
    held: Mutex<Held>,
    /// Held for the whole of a change, so that reading never waits for a disk.
    changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Held {
    /// None when the file could not be read.
    book: Option<Arc<Book>>,
    /// None when there was no file.
    stamp: Option<Stamp>,
}

impl Store {
    pub(super) fn in_memory() -> Self {
        let book = Some(Arc::default());
        Self {
            file: None,
            held: Mutex::new(Held { book, stamp: None }),
            changing: Mutex::default(),
        }
    }

    /// # Errors
    /// The file is no register, or its folder cannot be written to.
    pub(super) fn in_file(file: &Path) -> Result<Self, String> {
        let (book, stamp) = load(file)?;
        drop(lock(file)?);
        let book = Some(Arc::new(book));
        Ok(Self {
            file: Some(file.to_owned()),
            held: Mutex::new(Held { book, stamp }),
            changing: Mutex::default(),
        })
    }

    /// Whether it outlives the process.
    pub(super) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// The register as it is now; none when it cannot be read.
    pub(super) fn read(&self) -> Option<Arc<Book>> {
        let mut held = mutex(&self.held);
        let Some(file) = &self.file else {
            return held.book.clone();
        };
        let now = match std::fs::metadata(file) {
            Ok(metadata) => Some(Stamp::of(&metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                if held.book.is_some() {
                    tracing::error!("{}; until then no wall is let in", about(file, &error));
                }
                *held = Held::default();
                return None;
            }
        };
        if held.stamp != now || held.book.is_none() && now.is_none() {
            *held = match load(file) {
                Ok((book, stamp)) => Held {
                    book: Some(Arc::new(book)),
                    stamp,
                },
                Err(why) => {
                    tracing::error!("{why}; until it is mended no wall is let in");
                    Held {
                        book: None,
                        stamp: now,
                    }
                }
            };
        }
        held.book.clone()
    }

    /// Changes the latest register and keeps it; nothing changes when `act` fails.
    ///
    /// # Errors
    /// Those of `act`, or that the register cannot be read or written.
    pub(super) fn change<T>(
        &self,
        act: impl FnOnce(&mut Book) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let _one = mutex(&self.changing);
        let failed = |why: String| {
            tracing::error!("{why}");
            let detail =
                "the register of walls cannot be read or written; the gateway's log says why";
            Problem::new(Kind::Internal, detail)
        };
        let Some(file) = &self.file else {
            let mut held = mutex(&self.held);
            let mut book = held.book.as_deref().cloned().unwrap_or_default();
            let done = act(&mut book)?;
            held.book = Some(Arc::new(book));
            return Ok(done);
        };
        let _lock = lock(file).map_err(failed)?;
        let (mut book, _) = load(file).map_err(failed)?;
        let before = book.clone();
        let done = act(&mut book)?;
        if book != before {
            let stamp = write(file, &book).map_err(failed)?;
            *mutex(&self.held) = Held {
                book: Some(Arc::new(book)),
                stamp: Some(stamp),
            };
        }
        Ok(done)
    }
}

fn mutex<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn about(file: &Path, why: &dyn std::fmt::Display) -> String {
    format!(
        "the register of walls {:?}: {why}",
        file.display().to_string()
    )
}

/// The register in a file, empty when there is no file.
pub(super) fn load(path: &Path) -> Result<(Book, Option<Stamp>), String> {
    let wrong = |error: std::io::Error| about(path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Book::default(), None)),
        Err(error) => return Err(wrong(error)),
    };
    // Of the opened file: it may be replaced meanwhile, but not changed.
    let stamp = Stamp::of(&file.metadata().map_err(wrong)?);
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    if bytes.len() as u64 > LONGEST {
        return Err(about(path, &"it is too long to be one"));
    }
    let book = Book::parse(&bytes).map_err(|why| about(path, &why))?;
    Ok((book, Some(stamp)))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Only its owner may read or write what it opens.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// One gateway at a time. It ends with the process at the latest.
fn lock(file: &Path) -> Result<File, String> {
    let path = beside(file, ".lock");
    let lock = private().create(true).truncate(false).open(&path);
    let lock =
        lock.map_err(|error| about(file, &format!("{:?}: {error}", path.display().to_string())))?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(error)) => return Err(about(file, &error)),
            Err(TryLockError::WouldBlock) if began.elapsed() > PATIENCE => {
                return Err(about(file, &"another gateway does not stop writing it"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Replaces the file, so that whoever reads finds the old one or the new one, whole.
fn write(file: &Path, book: &Book) -> Result<Stamp, String> {
    let new = beside(file, ".new");
    let write = || {
        // Left behind by a gateway that was killed.
        let _ = std::fs::remove_file(&new);
        let mut opened = private().create_new(true).open(&new)?;
        opened.write_all(&serde_json::to_vec_pretty(book)?)?;
        opened.sync_all()?;
        let stamp = Stamp::of(&opened.metadata()?);
        std::fs::rename(&new, file)?;
        #[cfg(unix)]
        if let Some(folder) = file.parent() {
            let here = folder.as_os_str().is_empty();
            File::open(if here { Path::new(".") } else { folder })?.sync_all()?;
        }
        Ok(stamp)
    };
    write().map_err(|error: std::io::Error| about(file, &error))
}

#[cfg(test)]
mod tests;
