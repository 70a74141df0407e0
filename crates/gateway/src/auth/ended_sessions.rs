//! Sessions that ended before their time: their users signed out, or signed in again over them. Kept in memory,
//! and in a file that gateways with one key may share, so that a copy of a cookie stays worthless after a
//! restart. What has ended never counts as open again: where too many are listed of one user, all sessions of
//! that user that are as old as the oldest of them count as ended.

use crate::config::EndedFile;
use crate::problem::{Kind, Problem};
use crate::shared_file::{self, Content, SharedFile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long an ended session is listed, in seconds. Longer than any session lasts without being used.
const KEPT: u64 = 31 * 24 * 3600;
/// How many sessions of one user are listed one by one. A name that more people share than sign out so often while
/// one session lasts would lose sessions that are still open.
const PER_HOLDER: usize = 1_000;
/// The version of the file format.
const VERSION: u32 = 1;

/// A session that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedSession {
    /// Identifies the user. A digest, because names do not belong into this file.
    #[serde(rename = "h")]
    pub(super) holder: String,
    /// The session's random id.
    #[serde(rename = "n")]
    pub(super) number: String,
    /// When it began, in seconds since 1970.
    #[serde(rename = "i")]
    pub(super) began: u64,
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Register {
    version: u32,
    holders: BTreeMap<String, Holder>,
}

impl Default for Register {
    fn default() -> Self {
        Self {
            version: VERSION,
            holders: BTreeMap::new(),
        }
    }
}

/// The ended sessions of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    /// Sessions that began no later have all ended. 0 for none.
    #[serde(default)]
    floor: u64,
    /// When each session began and when it ended, by its id.
    sessions: BTreeMap<String, (u64, u64)>,
}

impl Content for Register {
    const WHAT: &'static str = "the register of ended sessions";
    const UNTIL_FIXED: &'static str =
        "until it is fixed, the sessions that have ended are known from memory";

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let register: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if register.version == VERSION {
            return Ok(register);
        }
        Err(format!(
            "it is of version {}, and this gateway knows {VERSION}",
            register.version
        ))
    }
}

impl Register {
    fn add(&mut self, session: &EndedSession, now: u64) {
        let holder = self.holders.entry(session.holder.clone()).or_default();
        let times = (session.began, now);
        holder.sessions.insert(session.number.clone(), times);
        self.tidy(now);
    }

    fn holds(&self, session: &EndedSession) -> bool {
        self.holders.get(&session.holder).is_some_and(|holder| {
            session.began <= holder.floor || holder.sessions.contains_key(&session.number)
        })
    }

    fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.holders {
            let ours = self.holders.entry(name.clone()).or_default();
            ours.floor = ours.floor.max(theirs.floor);
            for (number, times) in &theirs.sessions {
                ours.sessions.insert(number.clone(), *times);
            }
        }
    }

    /// Drops what no cookie can refer to any more, and shortens long lists.
    fn tidy(&mut self, now: u64) {
        for holder in self.holders.values_mut() {
            holder.sessions.retain(|_, (_, ended)| now < *ended + KEPT);
            while holder.sessions.len() > PER_HOLDER {
                let oldest = holder.sessions.iter().min_by_key(|(_, times)| times.0);
                let Some((number, began)) = oldest.map(|(number, times)| (number.clone(), times.0))
                else {
                    break;
                };
                holder.floor = holder.floor.max(began);
                holder.sessions.remove(&number);
            }
        }
        self.holders
            .retain(|_, holder| !holder.sessions.is_empty() || now < holder.floor + KEPT);
    }
}

/// The ended sessions of one process. They survive a change of the configuration.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions {
    /// All that this process knows of.
    known: Mutex<Register>,
    file: Mutex<File>,
}

#[derive(Debug, Clone, Default)]
struct File {
    file: Option<(PathBuf, Arc<SharedFile<Register>>)>,
    /// What was last read of it.
    read: Option<Arc<Register>>,
}

impl EndedSessions {
    /// Keeps them in this file from now on, besides in memory.
    ///
    /// # Errors
    /// The file does not hold ended sessions, or a configured one cannot be written.
    pub(crate) fn keep_in(&self, file: Option<&EndedFile>) -> Result<(), String> {
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
        let mut present = locked(&self.file);
        let is_same = |(path, _): &(PathBuf, _)| file.is_some_and(|file| file.path == *path);
        if !present.file.as_ref().is_some_and(is_same) {
            *present = File {
                file: opened,
                read: None,
            };
        }
        Ok(())
    }

    /// Whether the session has ended.
    pub(crate) fn holds(&self, session: &EndedSession) -> bool {
        let mut file = locked(&self.file);
        let present = file.file.as_ref().and_then(|(_, file)| file.read());
        let mut known = locked(&self.known);
        if let Some(present) = present
            && !file
                .read
                .as_ref()
                .is_some_and(|read| Arc::ptr_eq(read, &present))
        {
            known.merge(&present);
            file.read = Some(present);
        }
        known.holds(session)
    }

    /// Ends a session, at once in memory.
    ///
    /// # Errors
    /// The file cannot be written: after a restart the session would count as open.
    pub(crate) async fn add(&self, session: &EndedSession, now: u64) -> Result<(), Problem> {
        let known = {
            let mut known = locked(&self.known);
            known.add(session, now);
            known.clone()
        };
        let Some((_, file)) = locked(&self.file).file.clone() else {
            return Ok(());
        };
        // With all that is known: an earlier one may not have been written.
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

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: usize, began: u64) -> EndedSession {
        EndedSession {
            holder: "ann".to_owned(),
            number: number.to_string(),
            began,
        }
    }

    #[test]
    fn what_has_ended_never_counts_as_open_again() {
        let mut register = Register::default();
        for number in 0..3 * PER_HOLDER {
            register.add(&session(number, 1_000 + number as u64), 5_000);
        }
        for number in 0..3 * PER_HOLDER {
            assert!(register.holds(&session(number, 1_000 + number as u64)));
        }
        assert!(!register.holds(&session(9_999, 5_000)), "a younger one");
        let other = EndedSession {
            holder: "vic".to_owned(),
            ..session(0, 1_000)
        };
        assert!(!register.holds(&other), "of another user");
        assert_eq!(register.holders["ann"].sessions.len(), PER_HOLDER);
        register.tidy(5_000 + KEPT);
        assert_eq!(register, Register::default(), "nothing is kept for ever");
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
            ended.keep_in(Some(&file)).map(|()| ended)
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
    async fn a_folder_that_cannot_be_written_is_a_mistake_only_where_it_is_configured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/ended.json");
        for is_configured in [true, false] {
            let file = EndedFile {
                path: path.clone(),
                is_configured,
            };
            let kept = EndedSessions::default().keep_in(Some(&file));
            assert_eq!(kept.is_err(), is_configured, "{kept:?}");
        }
    }
}
