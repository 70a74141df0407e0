//! Sessions that ended before they expired, because their users signed out or signed in again. They are kept in memory
//! and in the store, so that a copy of a cookie stays invalid after a restart and at all gateways with the same
//! database. Without a persistent store, they are kept in a file that gateways with one key may share. An ended session
//! is never valid again: if the list of a user is too long, all of the user's sessions up to a certain age count as
//! ended.

mod register;

pub(crate) use register::EndedSession;

use crate::clock::wall_clock;
use crate::config::{EndedFile, StoreLocation};
use crate::lock::lock;
use crate::problem::{Kind, Problem};
use crate::shared_file::{self, SharedFile};
use crate::store::{StateChange, Store, Table};
use register::{Register, Row};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The ended sessions of one process. They survive a configuration reload.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions {
    known: Mutex<RegisterState>,
    file: Mutex<File>,
    /// The store, if it is persistent.
    store: Option<Arc<Store>>,
}

/// All ended sessions that this process knows.
#[derive(Debug, Default)]
struct RegisterState {
    register: Register,
    /// The ids of the rows that the store is known to hold.
    stored: BTreeSet<String>,
}

impl RegisterState {
    /// Merges the rows of the store, if it has been read since the last call.
    fn merge_stored(&mut self, store: &Store) {
        if let Some(mut update) = store.take_update(&[Table::EndedSessions]) {
            let rows = update.saved.take::<Row>(Table::EndedSessions);
            self.stored = rows.keys().cloned().collect();
            self.register.merge(&Register::of_rows(rows.into_values()));
        }
    }

    /// The rows that the store lacks, and those that can be deleted from it.
    fn unsaved(&self) -> Vec<StateChange> {
        let rows = self.register.rows();
        let obsolete = self.stored.iter().filter(|id| !rows.contains_key(*id));
        let delete = obsolete.map(|id| StateChange::delete(Table::EndedSessions, id));
        let new = rows.iter().filter(|(id, _)| !self.stored.contains(*id));
        let put = new.map(|(id, row)| StateChange::put(Table::EndedSessions, id, row));
        put.chain(delete).collect()
    }

    fn mark_saved(&mut self, changes: &[StateChange]) {
        for change in changes {
            if change.is_put() {
                self.stored.insert(change.id().to_owned());
            } else {
                self.stored.remove(change.id());
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
struct File {
    file: Option<(PathBuf, Arc<SharedFile<Register>>)>,
    /// The content that was last merged.
    read: Option<Arc<Register>>,
    /// The file whose content was imported into the store.
    imported: Option<PathBuf>,
}

/// Checks that [`EndedSessions::open`] can use a file beside such a store.
///
/// # Errors
/// The file does not hold ended sessions, or a configured one cannot be written.
pub(crate) fn check(file: &EndedFile, store: &StoreLocation) -> Result<(), String> {
    shared_file::check::<Register>(&file.path)?;
    if file.is_configured && !store.is_shared() {
        shared_file::check_writable::<Register>(&file.path)?;
    }
    Ok(())
}

/// A file that was opened but is not in use yet.
#[derive(Debug)]
pub(crate) struct OpenedFile {
    file: Option<(PathBuf, Arc<SharedFile<Register>>)>,
    /// The content that is to be imported into the store.
    to_import: Option<(PathBuf, Register)>,
}

impl EndedSessions {
    /// Keeps ended sessions in a store, if it is persistent.
    pub(crate) fn in_store(store: Arc<Store>) -> Self {
        let store = store.is_persistent().then_some(store);
        Self {
            store,
            ..Self::default()
        }
    }

    /// Opens a file for ended sessions without changing anything yet. With a persistent store, the content of the file
    /// is to be imported once, and a file is created only if it is configured. If the store is not shared, an existing
    /// file is still written, because other gateways may read it.
    ///
    /// # Errors
    /// The file does not hold ended sessions, or a configured one cannot be written.
    pub(crate) fn open(&self, file: Option<&EndedFile>) -> Result<OpenedFile, String> {
        let mut to_import = None;
        let file = match (&self.store, file) {
            (Some(store), Some(file)) => {
                if lock(&self.file).imported.as_ref() != Some(&file.path) {
                    let register = shared_file::content(&file.path)?;
                    to_import = Some((file.path.clone(), register));
                }
                let is_used = file.is_configured || file.path.exists();
                (is_used && !store.is_shared()).then_some(file)
            }
            (_, file) => file,
        };
        let opened = match file {
            None => None,
            Some(EndedFile {
                path,
                is_configured,
            }) => {
                shared_file::check::<Register>(path)?;
                match SharedFile::in_file(path) {
                    Ok(opened) => Some((path.clone(), Arc::new(opened))),
                    Err(why) if *is_configured => return Err(why),
                    Err(why) if self.store.is_some() => {
                        tracing::warn!(
                            "{why}; other gateways do not learn which sessions end here"
                        );
                        None
                    }
                    Err(why) => {
                        tracing::warn!(
                            "{why}; after a restart, copied cookies of signed-out sessions are valid again: set \
                             `ended_file` in [session]"
                        );
                        None
                    }
                }
            }
        };
        // If the path is unchanged, the file in use is kept.
        let present = lock(&self.file).file.clone();
        let present = present.filter(|(path, _)| file.is_some_and(|file| file.path == *path));
        Ok(OpenedFile {
            file: present.or(opened),
            to_import,
        })
    }

    /// Starts to use an opened file. The sessions that have already ended are added to it.
    pub(crate) fn use_file(&self, opened: OpenedFile) {
        let OpenedFile { file, to_import } = opened;
        if let (Some(store), Some((path, register))) = (&self.store, to_import) {
            self.import(path, &register, store);
        }
        let mut present = lock(&self.file);
        let path = |file: &Option<(PathBuf, _)>| file.as_ref().map(|(path, _)| path.clone());
        if path(&present.file) == path(&file) {
            return;
        }
        (present.file, present.read) = (file.clone(), None);
        drop(present);
        let known = lock(&self.known).register.clone();
        if let Some((_, file)) = file.filter(|_| known != Register::default()) {
            // A failure is logged; the next session that ends writes these too.
            drop(write(&file, &known, wall_clock()().as_secs()));
        }
    }

    /// Imports the content of a file into the store.
    fn import(&self, path: PathBuf, register: &Register, store: &Store) {
        let now = wall_clock()().as_secs();
        let mut known = lock(&self.known);
        known.merge_stored(store);
        known.register.tidy(now);
        let before = known.unsaved().len();
        known.register.merge(register);
        // Only now, because the rows of the store tell how old the file is.
        known.register.tidy(now);
        let unsaved = known.unsaved();
        if unsaved.len() > before {
            let number = unsaved.len() - before;
            let path = path.display();
            tracing::info!(
                "{number} ended sessions were imported from {path} into the store; the file is unchanged"
            );
            // If this is not written, the next start imports it again.
            known.mark_saved(&unsaved);
            store.save_later(unsaved);
        }
        drop(known);
        lock(&self.file).imported = Some(path);
    }

    /// Whether the session has ended.
    pub(crate) fn holds(&self, session: &EndedSession) -> bool {
        let mut file = lock(&self.file);
        let present = file.file.as_ref().and_then(|(_, file)| file.read());
        let mut known = lock(&self.known);
        if let Some(store) = &self.store {
            known.merge_stored(store);
        }
        if let Some(present) = present
            && !file
                .read
                .as_ref()
                .is_some_and(|read| Arc::ptr_eq(read, &present))
        {
            known.register.merge(&present);
            file.read = Some(present);
        }
        known.register.holds(session)
    }

    /// Ends a session, at once in memory.
    ///
    /// # Errors
    /// The store or the file cannot be written: after a restart the session would be open again.
    pub(crate) async fn add(&self, session: &EndedSession, now: u64) -> Result<(), Problem> {
        let known = {
            let mut known = lock(&self.known);
            if let Some(store) = &self.store {
                known.merge_stored(store);
            }
            known.register.add(session, now);
            known.register.clone()
        };
        let in_store = self.save().await;
        let in_file = self.write(known, now).await;
        in_store.and(in_file)
    }

    /// Saves all rows that the store lacks, including those of earlier failures.
    async fn save(&self) -> Result<(), Problem> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let unsaved = lock(&self.known).unsaved();
        let saved = store.save(unsaved.clone()).await;
        if saved.is_ok() {
            lock(&self.known).mark_saved(&unsaved);
        } else {
            tracing::error!(
                "an ended session could not be saved in the store: until it is, a copy of its cookie is valid at other \
                 gateways, and here after a restart"
            );
        }
        saved
    }

    /// Merges all ended sessions into the file, if there is one.
    async fn write(&self, known: Register, now: u64) -> Result<(), Problem> {
        let Some((_, file)) = lock(&self.file).file.clone() else {
            return Ok(());
        };
        let written = tokio::task::spawn_blocking(move || write(&file, &known, now)).await;
        written.unwrap_or_else(|_| {
            Err(Problem::new(
                Kind::Internal,
                "the change ended unexpectedly",
            ))
        })
    }
}

/// Merges ended sessions into a file.
fn write(file: &SharedFile<Register>, known: &Register, now: u64) -> Result<(), Problem> {
    file.change(|register| {
        register.merge(known);
        register.tidy(now);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{Site, reopen, sites};

    fn session(number: usize, began: u64) -> EndedSession {
        EndedSession {
            holder: "ann".to_owned(),
            number: number.to_string(),
            began,
        }
    }

    #[tokio::test]
    async fn ended_sessions_are_shared_by_file_and_known_while_it_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ended.json");
        let file = EndedFile {
            path: path.clone(),
            is_configured: true,
        };
        let open = || {
            let ended = EndedSessions::default();
            let opened = ended.open(Some(&file))?;
            ended.use_file(opened);
            Ok::<_, String>(ended)
        };
        let (one, two) = (open().unwrap(), open().unwrap());
        one.add(&session(1, 1), 10).await.unwrap();
        assert!(two.holds(&session(1, 1)));
        std::fs::write(&path, "{").unwrap();
        assert!(two.holds(&session(1, 1)), "from memory");
        assert!(two.add(&session(2, 1), 10).await.is_err());
        assert!(two.holds(&session(2, 1)), "ended in memory");
        assert!(open().is_err());
        std::fs::remove_file(&path).unwrap();
        two.add(&session(3, 1), 10).await.unwrap();
        let later = open().unwrap();
        for number in 1..=3 {
            assert!(later.holds(&session(number, 1)), "saved with the next one");
        }
        // A reload of the configuration names another file.
        let file = EndedFile {
            path: folder.path().join("another.json"),
            is_configured: true,
        };
        two.use_file(two.open(Some(&file)).unwrap());
        let another = EndedSessions::default();
        another.use_file(another.open(Some(&file)).unwrap());
        assert!(another.holds(&session(1, 1)));
    }

    #[tokio::test]
    async fn sessions_beyond_the_length_of_the_list_stay_ended_in_the_store() {
        let now = wall_clock()().as_secs();
        let ended = |number: usize| session(number, now - 5_000 + number as u64);
        for Site { location, .. } in &sites() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("ended.json");
            let mut register = Register::default();
            for number in 0..1_000 {
                register.add(&ended(number), now);
            }
            std::fs::write(&path, serde_json::to_vec(&register).unwrap()).unwrap();
            let store = Arc::new(Store::open(location).unwrap());
            let file = EndedFile {
                path,
                is_configured: false,
            };
            let before = EndedSessions::in_store(store.clone());
            before.use_file(before.open(Some(&file)).unwrap());
            // Each of these removes the oldest session from the list.
            for number in 1_000..1_003 {
                before.add(&ended(number), now).await.unwrap();
            }
            drop((before, store));
            let after = EndedSessions::in_store(Arc::new(reopen(location).await));
            for number in 0..1_003 {
                assert!(after.holds(&ended(number)), "{number}");
            }
            assert!(!after.holds(&session(1_003, now)), "a newer session");
            let rows = lock(&after.known).stored.len();
            assert_eq!(rows, 1_001, "listed ones, and one row for all older ones");
        }
    }

    #[tokio::test]
    async fn an_unwritable_folder_is_an_error_only_if_it_is_configured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/ended.json");
        for is_configured in [true, false] {
            let file = EndedFile {
                path: path.clone(),
                is_configured,
            };
            let opened = EndedSessions::default().open(Some(&file));
            assert_eq!(opened.is_err(), is_configured, "{opened:?}");
            let checked = check(&file, &StoreLocation::Memory);
            assert_eq!(checked.is_err(), is_configured, "{checked:?}");
            let database = StoreLocation::at_url("postgres://db.example/fc", None);
            assert_eq!(check(&file, &database), Ok(()), "it is only read");
        }
    }

    #[test]
    fn a_check_creates_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = EndedFile {
            path: folder.path().join("ended.json"),
            is_configured: true,
        };
        let store = StoreLocation::Memory;
        assert_eq!(check(&file, &store), Ok(()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        // Another gateway uses the file.
        let _open = EndedSessions::default().open(Some(&file)).unwrap();
        assert_eq!(check(&file, &store), Ok(()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
