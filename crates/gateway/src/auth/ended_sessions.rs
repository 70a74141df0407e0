//! Sessions that ended before their time: their users signed out, or signed in again over them. Kept in memory and in
//! the store, so that a copy of a cookie stays worthless after a restart and at every gateway with the same database;
//! where there is no store that lasts, in a file that gateways with one key may share. What has ended never counts as
//! open again: where too many are listed of one user, all sessions of that user that are as old as the oldest of them
//! count as ended.

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

/// The ended sessions of one process. They survive a change of the configuration.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions {
    known: Mutex<RegisterState>,
    file: Mutex<File>,
    /// One that lasts.
    store: Option<Arc<Store>>,
}

/// All that this process knows of.
#[derive(Debug, Default)]
struct RegisterState {
    register: Register,
    /// The ids of what the store is known to hold.
    stored: BTreeSet<String>,
}

impl RegisterState {
    /// Takes over what the store holds, if it was read since.
    fn take_news(&mut self, store: &Store) {
        if let Some(mut news) = store.news(&[Table::EndedSessions]) {
            let news = news.saved.take::<Row>(Table::EndedSessions);
            self.stored = news.keys().cloned().collect();
            self.register.merge(&Register::of_rows(news.into_values()));
        }
    }

    /// What the store does not hold yet, and what it need hold no longer.
    fn unsaved(&self) -> Vec<StateChange> {
        let rows = self.register.rows();
        let over = self.stored.iter().filter(|id| !rows.contains_key(*id));
        let delete = over.map(|id| StateChange::delete(Table::EndedSessions, id));
        let new = rows.iter().filter(|(id, _)| !self.stored.contains(*id));
        let put = new.map(|(id, row)| StateChange::put(Table::EndedSessions, id, row));
        put.chain(delete).collect()
    }

    /// These were saved.
    fn saved(&mut self, changes: &[StateChange]) {
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
    /// What was last read of it.
    read: Option<Arc<Register>>,
    /// The one that was taken over into the store.
    taken_over: Option<PathBuf>,
}

/// Checks that a file can be used beside such a store, as [`EndedSessions::open`] demands it.
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

/// A file that was read, and is not in use yet.
#[derive(Debug)]
pub(crate) struct OpenedFile {
    file: Option<(PathBuf, Arc<SharedFile<Register>>)>,
    /// What the store does not have of it yet.
    to_take_over: Option<(PathBuf, Register)>,
}

impl EndedSessions {
    /// Keeps them in a store from now on, if it lasts.
    pub(crate) fn in_store(store: Arc<Store>) -> Self {
        let store = store.lasts().then_some(store);
        Self {
            store,
            ..Self::default()
        }
    }

    /// Reads a file in which they are to be kept, besides in memory, and changes nothing yet. Where there is a store that
    /// lasts, what the file holds is taken over once, and a file is made only where the configuration names it. Beside a
    /// store that is this gateway's own, an existing file is still written to: other gateways may learn by it of what
    /// ends here.
    ///
    /// # Errors
    /// The file does not hold ended sessions, or a configured one cannot be written.
    pub(crate) fn open(&self, file: Option<&EndedFile>) -> Result<OpenedFile, String> {
        let mut to_take_over = None;
        let file = match (&self.store, file) {
            (Some(store), Some(file)) => {
                if lock(&self.file).taken_over.as_ref() != Some(&file.path) {
                    let register = shared_file::content(&file.path)?;
                    to_take_over = Some((file.path.clone(), register));
                }
                let is_wanted = file.is_configured || file.path.exists();
                (is_wanted && !store.is_shared()).then_some(file)
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
                        tracing::warn!("{why}; other gateways do not know by it of what ends here");
                        None
                    }
                    Err(why) => {
                        tracing::warn!(
                            "{why}; sessions that are signed out come back with a restart, for those who copied \
                             their cookies: give `ended_file` in [session]"
                        );
                        None
                    }
                }
            }
        };
        // The one in use stays, with what is known of it.
        let present = lock(&self.file).file.clone();
        let present = present.filter(|(path, _)| file.is_some_and(|file| file.path == *path));
        Ok(OpenedFile {
            file: present.or(opened),
            to_take_over,
        })
    }

    /// Keeps them in this file from now on.
    pub(crate) fn keep_in(&self, opened: OpenedFile) {
        let OpenedFile { file, to_take_over } = opened;
        if let (Some(store), Some((path, register))) = (&self.store, to_take_over) {
            self.take_over(path, &register, store);
        }
        let mut present = lock(&self.file);
        let path = |file: &Option<(PathBuf, _)>| file.as_ref().map(|(path, _)| path.clone());
        if path(&present.file) != path(&file) {
            (present.file, present.read) = (file, None);
        }
    }

    /// Takes over what a file holds.
    fn take_over(&self, path: PathBuf, register: &Register, store: &Store) {
        let now = wall_clock()().as_secs();
        let mut known = lock(&self.known);
        known.take_news(store);
        known.register.tidy(now);
        let before = known.unsaved().len();
        known.register.merge(register);
        // Beside what the store knows, which says how old the file is.
        known.register.tidy(now);
        let unsaved = known.unsaved();
        if unsaved.len() > before {
            let number = unsaved.len() - before;
            let path = path.display();
            tracing::info!(
                "{number} sessions that ended were taken over from {path} into the store; the file stays as it is"
            );
            // Where this is not written, the next start does it.
            known.saved(&unsaved);
            store.save_later(unsaved);
        }
        drop(known);
        lock(&self.file).taken_over = Some(path);
    }

    /// Whether the session has ended.
    pub(crate) fn holds(&self, session: &EndedSession) -> bool {
        let mut file = lock(&self.file);
        let present = file.file.as_ref().and_then(|(_, file)| file.read());
        let mut known = lock(&self.known);
        if let Some(store) = &self.store {
            known.take_news(store);
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
    /// The store or the file cannot be written: after a restart the session would count as open.
    pub(crate) async fn add(&self, session: &EndedSession, now: u64) -> Result<(), Problem> {
        let known = {
            let mut known = lock(&self.known);
            if let Some(store) = &self.store {
                known.take_news(store);
            }
            known.register.add(session, now);
            known.register.clone()
        };
        let in_store = self.save().await;
        let in_file = self.write(known, now).await;
        in_store.and(in_file)
    }

    /// Saves in the store what it does not hold yet: an earlier one may not have been written.
    async fn save(&self) -> Result<(), Problem> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let unsaved = lock(&self.known).unsaved();
        let saved = store.save(unsaved.clone()).await;
        if saved.is_ok() {
            lock(&self.known).saved(&unsaved);
        } else {
            tracing::error!(
                "a session that has ended is not in the store: until it is, a copy of its cookie is good at other \
                 gateways, and here after a restart"
            );
        }
        saved
    }

    /// Writes all that is known into the file, where there is one.
    async fn write(&self, known: Register, now: u64) -> Result<(), Problem> {
        let Some((_, file)) = lock(&self.file).file.clone() else {
            return Ok(());
        };
        let write = move || {
            file.change(|register| {
                register.merge(&known);
                register.tidy(now);
                Ok(())
            })
        };
        let written = tokio::task::spawn_blocking(write).await;
        written.unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the change broke off")))
    }
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
    async fn they_are_known_to_others_with_the_file_and_while_it_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ended.json");
        let file = EndedFile {
            path: path.clone(),
            is_configured: true,
        };
        let open = || {
            let ended = EndedSessions::default();
            let opened = ended.open(Some(&file))?;
            ended.keep_in(opened);
            Ok::<_, String>(ended)
        };
        let (one, two) = (open().unwrap(), open().unwrap());
        one.add(&session(1, 1), 10).await.unwrap();
        assert!(two.holds(&session(1, 1)));
        std::fs::write(&path, "{").unwrap();
        assert!(two.holds(&session(1, 1)), "from memory");
        assert!(two.add(&session(2, 1), 10).await.is_err());
        assert!(two.holds(&session(2, 1)), "in effect all the same");
        assert!(open().is_err());
        std::fs::remove_file(&path).unwrap();
        two.add(&session(3, 1), 10).await.unwrap();
        let later = open().unwrap();
        for number in 1..=3 {
            assert!(later.holds(&session(number, 1)), "written by the next one");
        }
    }

    #[tokio::test]
    async fn more_than_are_listed_one_by_one_stay_ended_in_the_store() {
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
            before.keep_in(before.open(Some(&file)).unwrap());
            // Each of them makes an older one no longer listed by itself.
            for number in 1_000..1_003 {
                before.add(&ended(number), now).await.unwrap();
            }
            drop((before, store));
            let after = EndedSessions::in_store(Arc::new(reopen(location).await));
            for number in 0..1_003 {
                assert!(after.holds(&ended(number)), "{number}");
            }
            assert!(!after.holds(&session(1_003, now)), "a younger one");
            let rows = lock(&after.known).stored.len();
            assert_eq!(rows, 1_001, "the listed ones, and one for all older ones");
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_a_mistake_only_where_it_is_configured() {
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
    fn a_check_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = EndedFile {
            path: folder.path().join("ended.json"),
            is_configured: true,
        };
        let store = StoreLocation::Memory;
        assert_eq!(check(&file, &store), Ok(()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        // Another gateway has it.
        let _open = EndedSessions::default().open(Some(&file)).unwrap();
        assert_eq!(check(&file, &store), Ok(()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
