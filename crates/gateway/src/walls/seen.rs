//! When each wall was last seen by this gateway, and when that is due to be written down.

use super::book::Book;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long what was seen may be in memory only, in seconds.
const OFTEN: u64 = 60;

#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    walls: HashMap<String, (u64, IpAddr)>,
    /// When it was last said to be due.
    due: u64,
}

impl Seen {
    /// A wall was seen; true when all of it is due to be written down.
    pub(super) fn note(&self, id: &str, from: IpAddr, now: u64) -> bool {
        let mut latest = self.latest();
        latest.walls.insert(id.to_owned(), (now, from));
        let due = now >= latest.due + OFTEN;
        if due {
            latest.due = now;
        }
        due
    }

    /// Writes it down. Whom the register no longer lists is forgotten here too.
    pub(super) fn write_into(&self, book: &mut Book) {
        let mut latest = self.latest();
        latest.walls.retain(|id, _| book.wall(id).is_some());
        for (id, (at, from)) in &latest.walls {
            book.saw(id, *from, *at);
        }
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
