//! Stores the registry in memory, or in a file that is replaced as a whole and read again when another
//! gateway has replaced it. An unreadable file counts as an empty registry, and is never overwritten.

use super::registry::WallRegistry;
use crate::problem::{Kind, Problem};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The longest file. A registry is never as long.
const LONGEST: u64 = 4 << 20;
/// How long to wait while another gateway writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Changes when the file changes.
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
    cached: Mutex<Cached>,
    /// Locked during a change, so that readers never wait for the disk.
    changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Cached {
    /// `None` when the file could not be read.
    registry: Option<Arc<WallRegistry>>,
    /// `None` when there was no file.
    stamp: Option<Stamp>,
}

impl Store {
    pub(super) fn in_memory() -> Self {
        let registry = Some(Arc::default());
        Self {
            file: None,
            cached: Mutex::new(Cached {
                registry,
                stamp: None,
            }),
            changing: Mutex::default(),
        }
    }

    /// # Errors
    /// The file is not a registry, or its folder cannot be written to.
    pub(super) fn in_file(file: &Path) -> Result<Self, String> {
        let (registry, stamp) = load(file)?;
        drop(lock(file)?);
        let registry = Some(Arc::new(registry));
        Ok(Self {
            file: Some(file.to_owned()),
            cached: Mutex::new(Cached { registry, stamp }),
            changing: Mutex::default(),
        })
    }

    /// Whether the registry survives a restart.
    pub(super) fn is_persistent(&self) -> bool {
        self.file.is_some()
    }

    /// The present registry. `None` when it cannot be read.
    pub(super) fn read(&self) -> Option<Arc<WallRegistry>> {
        let mut cached = mutex(&self.cached);
        let Some(file) = &self.file else {
            return cached.registry.clone();
        };
        let now = match std::fs::metadata(file) {
            Ok(metadata) => Some(Stamp::of(&metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                if cached.registry.is_some() {
                    tracing::error!("{}; until then no wall may sign in", about(file, &error));
                }
                *cached = Cached::default();
                return None;
            }
        };
        if cached.stamp != now || cached.registry.is_none() && now.is_none() {
            *cached = match load(file) {
                Ok((registry, stamp)) => Cached {
                    registry: Some(Arc::new(registry)),
                    stamp,
                },
                Err(why) => {
                    tracing::error!("{why}; until it is fixed, no wall may sign in");
                    Cached {
                        registry: None,
                        stamp: now,
                    }
                }
            };
        }
        cached.registry.clone()
    }

    /// Changes the present registry and stores it. Nothing changes when `act` fails.
    ///
    /// # Errors
    /// Those of `act`, or the registry cannot be read or written.
    pub(super) fn change<T>(
        &self,
        act: impl FnOnce(&mut WallRegistry) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let _changing = mutex(&self.changing);
        let failed = |why: String| {
            tracing::error!("{why}");
            let detail =
                "the register of walls cannot be read or written; the gateway's log says why";
            Problem::new(Kind::Internal, detail)
        };
        let Some(file) = &self.file else {
            let mut cached = mutex(&self.cached);
            let mut registry = cached.registry.as_deref().cloned().unwrap_or_default();
            let done = act(&mut registry)?;
            cached.registry = Some(Arc::new(registry));
            return Ok(done);
        };
        let _lock = lock(file).map_err(failed)?;
        let (mut registry, _) = load(file).map_err(failed)?;
        let before = registry.clone();
        let done = act(&mut registry)?;
        if registry != before {
            let stamp = write(file, &registry).map_err(failed)?;
            *mutex(&self.cached) = Cached {
                registry: Some(Arc::new(registry)),
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

/// Reads a file. No file is an empty registry.
pub(super) fn load(path: &Path) -> Result<(WallRegistry, Option<Stamp>), String> {
    let wrong = |error: std::io::Error| about(path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok((WallRegistry::default(), None));
        }
        Err(error) => return Err(wrong(error)),
    };
    // Taken from the open file, because the file may be replaced meanwhile.
    let stamp = Stamp::of(&file.metadata().map_err(wrong)?);
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    if bytes.len() as u64 > LONGEST {
        return Err(about(path, &"it is too long to be one"));
    }
    let registry = WallRegistry::parse(&bytes).map_err(|why| about(path, &why))?;
    Ok((registry, Some(stamp)))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Options for files that only their owner may read or write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Locks the registry against other gateways. The lock ends with the process at the latest.
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

/// Replaces the file, so that a reader finds either the old or the new one, complete.
fn write(file: &Path, registry: &WallRegistry) -> Result<Stamp, String> {
    let new = beside(file, ".new");
    let write = || {
        // A gateway that was killed may have left this file behind.
        let _ = std::fs::remove_file(&new);
        let mut opened = private().create_new(true).open(&new)?;
        opened.write_all(&serde_json::to_vec_pretty(registry)?)?;
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
