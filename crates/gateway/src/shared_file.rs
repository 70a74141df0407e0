//! A value in memory or in a file that several gateways may share. The file is replaced completely, under a lock, and
//! read again when another gateway has replaced it. An unreadable file is never overwritten.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use serde::Serialize;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// The content of a shared file.
pub(crate) trait Content: Clone + Default + PartialEq + Serialize {
    /// The name of the file in messages.
    const WHAT: &'static str;
    /// The consequence of an unreadable file, as the end of a sentence.
    const UNTIL_FIXED: &'static str;

    /// Parses and validates the content.
    ///
    /// # Errors
    /// What is wrong with the content.
    fn parse(bytes: &[u8]) -> Result<Self, String>;
}

/// The maximum length of a file. No content is ever as long.
const MAX_BYTES: u64 = 4 << 20;
/// The maximum wait while another gateway writes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// A value that changes when the file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    modified: Option<SystemTime>,
    length: u64,
    file: u64,
}

impl FileStamp {
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

/// A value and the file that holds it.
#[derive(Debug)]
pub(crate) struct SharedFile<T> {
    file: Option<PathBuf>,
    cached: Mutex<Cached<T>>,
    /// Locked during a change, so that readers never wait for the disk.
    changing: Mutex<()>,
}

#[derive(Debug)]
struct Cached<T> {
    /// `None` when the file could not be read.
    content: Option<Arc<T>>,
    /// `None` when there was no file.
    stamp: Option<FileStamp>,
}

impl<T: Content> SharedFile<T> {
    pub(crate) fn in_memory() -> Self {
        let content = Some(Arc::default());
        Self {
            file: None,
            cached: Mutex::new(Cached {
                content,
                stamp: None,
            }),
            changing: Mutex::default(),
        }
    }

    /// # Errors
    /// The file cannot be read, or its folder cannot be written to.
    pub(crate) fn in_file(file: &Path) -> Result<Self, String> {
        let (content, stamp) = load::<T>(file)?;
        drop(lock_file::<T>(file)?);
        let content = Some(Arc::new(content));
        Ok(Self {
            file: Some(file.to_owned()),
            cached: Mutex::new(Cached { content, stamp }),
            changing: Mutex::default(),
        })
    }

    /// Whether the value survives a restart.
    pub(crate) fn is_persistent(&self) -> bool {
        self.file.is_some()
    }

    /// The current value; `None` if it cannot be read.
    pub(crate) fn read(&self) -> Option<Arc<T>> {
        let mut cached = lock(&self.cached);
        let Some(file) = &self.file else {
            return cached.content.clone();
        };
        let now = match std::fs::metadata(file) {
            Ok(metadata) => Some(FileStamp::of(&metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                if cached.content.is_some() {
                    tracing::error!("{}; {}", about::<T>(file, &error), T::UNTIL_FIXED);
                }
                *cached = Cached {
                    content: None,
                    stamp: None,
                };
                return None;
            }
        };
        if cached.stamp != now || cached.content.is_none() && now.is_none() {
            *cached = match load::<T>(file) {
                Ok((content, stamp)) => Cached {
                    content: Some(Arc::new(content)),
                    stamp,
                },
                Err(why) => {
                    tracing::error!("{why}; {}", T::UNTIL_FIXED);
                    Cached {
                        content: None,
                        stamp: now,
                    }
                }
            };
        }
        cached.content.clone()
    }

    /// Changes the current value and stores it. Nothing changes when `act` fails.
    ///
    /// # Errors
    /// The errors of `act`, or the file cannot be read or written.
    pub(crate) fn change<D>(
        &self,
        act: impl FnOnce(&mut T) -> Result<D, Problem>,
    ) -> Result<D, Problem> {
        let _changing = lock(&self.changing);
        let failed = |why: String| {
            tracing::error!("{why}");
            unavailable::<T>()
        };
        let Some(file) = &self.file else {
            let mut cached = lock(&self.cached);
            let mut content = cached.content.as_deref().cloned().unwrap_or_default();
            let done = act(&mut content)?;
            cached.content = Some(Arc::new(content));
            return Ok(done);
        };
        let _lock = lock_file::<T>(file).map_err(failed)?;
        let (mut content, _) = load::<T>(file).map_err(failed)?;
        let before = content.clone();
        let done = act(&mut content)?;
        if content != before {
            let stamp = write(file, &content).map_err(failed)?;
            *lock(&self.cached) = Cached {
                content: Some(Arc::new(content)),
                stamp: Some(stamp),
            };
        }
        Ok(done)
    }
}

/// The problem if a file cannot be read or written. The cause, which names the file, is in the log.
pub(crate) fn unavailable<T: Content>() -> Problem {
    let detail = format!(
        "{} cannot be read or written: its file may be damaged or locked, its folder write-protected, or the disk \
         full; fix what the gateway's log names, and try again",
        T::WHAT
    );
    Problem::new(Kind::StoreUnavailable, detail)
}

fn about<T: Content>(file: &Path, why: &dyn std::fmt::Display) -> String {
    format!("{} {:?}: {why}", T::WHAT, file.display().to_string())
}

/// Checks the content of a file, if it exists.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn check<T: Content>(file: &Path) -> Result<(), String> {
    load::<T>(file).map(drop)
}

/// Checks that the file can be locked, as [`SharedFile::in_file`] does.
///
/// # Errors
/// Why the file cannot be locked.
pub(crate) fn check_writable<T: Content>(file: &Path) -> Result<(), String> {
    let lock = beside(file, ".lock");
    open_or_try(&lock).map_err(|error| lock_fault::<T>(file, &lock, &error))
}

/// Checks that a file can be opened for writing, or created. Leaves no file behind: if another user ran the check, the
/// gateway could not open that user's file.
pub(crate) fn open_or_try(file: &Path) -> std::io::Result<()> {
    match private().open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // The process id keeps concurrent checks apart.
            let trial = beside(file, &format!(".{}.check", std::process::id()));
            let created = private().create(true).truncate(false).open(&trial);
            // Fails only if the file was not created.
            let _ = std::fs::remove_file(&trial);
            created.map(drop)
        }
        opened => opened.map(drop),
    }
}

/// The current content of a file; the default if it does not exist.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn content<T: Content>(file: &Path) -> Result<T, String> {
    load::<T>(file).map(|(content, _)| content)
}

/// Reads a file. Returns the default if it does not exist.
fn load<T: Content>(path: &Path) -> Result<(T, Option<FileStamp>), String> {
    let wrong = |error: std::io::Error| about::<T>(path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok((T::default(), None));
        }
        Err(error) => return Err(wrong(error)),
    };
    // Taken from the open file, because the path may be replaced meanwhile.
    let stamp = FileStamp::of(&file.metadata().map_err(wrong)?);
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(about::<T>(path, &"it is too large"));
    }
    let content = T::parse(&bytes).map_err(|why| {
        let why = format!(
            "it is not one ({why}); the gateway creates this file itself: restore it, or name one that does not exist yet"
        );
        about::<T>(path, &why)
    })?;
    Ok((content, Some(stamp)))
}

/// The path of a file with `ending` appended.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Open options for files that only their owner may read or write.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn lock_fault<T: Content>(file: &Path, lock: &Path, error: &std::io::Error) -> String {
    about::<T>(file, &format!("{:?}: {error}", lock.display().to_string()))
}

/// Locks the file against other gateways. The lock is released when the process ends, at the latest.
fn lock_file<T: Content>(file: &Path) -> Result<File, String> {
    let path = beside(file, ".lock");
    let lock = private().create(true).truncate(false).open(&path);
    let lock = lock.map_err(|error| lock_fault::<T>(file, &path, &error))?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(error)) => return Err(about::<T>(file, &error)),
            Err(TryLockError::WouldBlock) if began.elapsed() > LOCK_TIMEOUT => {
                return Err(about::<T>(file, &"another gateway keeps it locked"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Replaces the file atomically, so that a reader finds either the complete old or the complete new one.
fn write<T: Content>(file: &Path, content: &T) -> Result<FileStamp, String> {
    let new = beside(file, ".new");
    let write = || {
        // A gateway that was killed may have left this file behind.
        let _ = std::fs::remove_file(&new);
        let mut opened = private().create_new(true).open(&new)?;
        opened.write_all(&serde_json::to_vec_pretty(content)?)?;
        opened.sync_all()?;
        let stamp = FileStamp::of(&opened.metadata()?);
        std::fs::rename(&new, file)?;
        #[cfg(unix)]
        if let Some(folder) = file.parent() {
            let is_current = folder.as_os_str().is_empty();
            File::open(if is_current { Path::new(".") } else { folder })?.sync_all()?;
        }
        Ok(stamp)
    };
    write().map_err(|error: std::io::Error| about::<T>(file, &error))
}
