//! Screens on a wall that were paired: which there are, and the codes by which new ones become some.
//! A wall is let in only while it is listed here; whoever cannot be looked up is not listed.

mod book;
mod code;
mod http;
mod seen;
mod store;
mod ticket;

pub(crate) use http::{ask, list, pair, revoke, state};
pub(crate) use ticket::Ticket;

use crate::access::Cookie;
use crate::access::seal::Seal;
use crate::problem::{Kind, Problem};
use book::{Book, Wall};
use seen::Seen;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use store::Store;

/// Why a file is no register of walls, if it is there and is none.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    store::load(file).map(drop)
}

/// The walls of one register, in memory or in a file that gateways may share.
#[derive(Debug)]
pub(crate) struct Walls {
    store: Store,
    seen: Seen,
}

impl Walls {
    fn new(store: Store) -> Arc<Self> {
        let seen = Seen::default();
        Arc::new(Self { store, seen })
    }

    /// The wall of this id, while it is one.
    pub(crate) fn find(&self, id: &str) -> Option<String> {
        let book = self.store.read()?;
        book.wall(id).map(|wall| wall.name.clone())
    }

    /// A wall asked for something and may have it. In the file it stands once a minute at most.
    pub(crate) fn saw(self: &Arc<Self>, id: &str, from: IpAddr, now: u64) {
        let due = self.seen.note(id, from, now);
        if due && self.store.is_kept() {
            let walls = self.clone();
            drop(tokio::task::spawn_blocking(move || {
                // The store has logged why not; the next minute is soon.
                let _ = walls.change(|_| Ok(()));
            }));
        }
    }

    /// Changes the register, with what was seen since.
    ///
    /// # Errors
    /// Those of the change, or that the register cannot be read or written.
    fn change<T>(&self, act: impl FnOnce(&mut Book) -> Result<T, Problem>) -> Result<T, Problem> {
        self.store.change(|book| {
            self.seen.write_into(book);
            act(book)
        })
    }

    /// Every wall, with when it was last seen by any gateway.
    fn list(&self) -> Option<Vec<Wall>> {
        let mut book = Book::clone(&*self.store.read()?);
        self.seen.write_into(&mut book);
        Some(book.walls)
    }
}

/// Changes the register aside: files may be slow.
async fn change<T: Send + 'static>(
    walls: &Arc<Walls>,
    act: impl FnOnce(&mut Book) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let walls = walls.clone();
    let changed = tokio::task::spawn_blocking(move || walls.change(act)).await;
    changed.unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the change broke off")))
}

/// The registers of one process, which outlive a change of the configuration.
#[derive(Debug)]
pub(crate) struct Registers {
    own: Arc<Walls>,
    filed: Mutex<Option<(PathBuf, Arc<Walls>)>>,
}

impl Default for Registers {
    fn default() -> Self {
        Self {
            own: Walls::new(Store::in_memory()),
            filed: Mutex::default(),
        }
    }
}

impl Registers {
    /// The register in this file; without one, that in memory.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub(crate) fn at(&self, file: Option<&Path>) -> Result<Arc<Walls>, String> {
        let Some(file) = file else {
            return Ok(self.own.clone());
        };
        let mut filed = self.filed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, walls)) = &*filed
            && known == file
        {
            // The file may have been broken since.
            check(file)?;
            return Ok(walls.clone());
        }
        let walls = Walls::new(Store::in_file(file)?);
        *filed = Some((file.to_owned(), walls.clone()));
        Ok(walls)
    }
}

/// What pairing takes from how this gateway knows its visitors.
pub(crate) struct Means<'a> {
    pub(crate) walls: &'a Arc<Walls>,
    pub(crate) seal: &'a Seal,
    pub(crate) cookie: Cookie,
    /// Seconds since 1970.
    pub(crate) now: u64,
}
