//! The list of ended sessions, and for how long it must be kept. Pure: reads no clock, no file and no store.

use crate::shared_file::Content;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long an ended session is listed, in seconds. Longer than any session stays valid without being used.
const LIFETIME: u64 = 31 * 24 * 3600;
/// The time after the end of a session, in seconds, until its recorded time is trusted. A clock that jumped ahead may
/// be wrong, and a session that is forgotten because of it would be open again once the clock is corrected.
const TRUST_DELAY: u64 = 24 * 3600;
/// The maximum number of listed sessions of one user. If more sessions of a user end while an older one is still open,
/// that one ends too.
const MAX_PER_HOLDER: usize = 1_000;
/// The version of the file format.
const VERSION: u32 = 1;

/// A session that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedSession {
    /// A digest that identifies the user. Names do not belong in this file.
    #[serde(rename = "h")]
    pub(in crate::auth) holder: String,
    /// The session's random id.
    #[serde(rename = "n")]
    pub(in crate::auth) number: String,
    /// The time of its beginning, in seconds since 1970.
    #[serde(rename = "i")]
    pub(in crate::auth) began: u64,
}

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Register {
    version: u32,
    holders: BTreeMap<String, UserSessions>,
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
struct UserSessions {
    /// All sessions that began at this time or earlier have ended. 0 for none.
    #[serde(default)]
    floor: u64,
    /// The time at which the last of them ended.
    #[serde(default)]
    floor_ended: u64,
    /// The times of beginning and end of each session, by its id.
    sessions: BTreeMap<String, (u64, u64)>,
}

/// A row of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "h")]
    holder: String,
    /// The session's random id. `None` if all sessions of the holder have ended that began at this time or earlier.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(rename = "i")]
    began: u64,
    #[serde(rename = "e")]
    ended: u64,
}

impl Content for Register {
    const WHAT: &'static str = "the register of ended sessions";
    const UNTIL_FIXED: &'static str =
        "until it is fixed, ended sessions are known from memory only";

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let register: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if register.version == VERSION {
            return Ok(register);
        }
        Err(format!(
            "it has format version {}, but this gateway supports only version {VERSION}",
            register.version
        ))
    }
}

impl Register {
    pub(super) fn add(&mut self, session: &EndedSession, now: u64) {
        let holder = self.holders.entry(session.holder.clone()).or_default();
        let times = (session.began, now);
        holder.sessions.insert(session.number.clone(), times);
        self.tidy(now);
    }

    pub(super) fn holds(&self, session: &EndedSession) -> bool {
        self.holders.get(&session.holder).is_some_and(|holder| {
            session.began <= holder.floor || holder.sessions.contains_key(&session.number)
        })
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.holders {
            let ours = self.holders.entry(name.clone()).or_default();
            ours.floor = ours.floor.max(theirs.floor);
            ours.floor_ended = ours.floor_ended.max(theirs.floor_ended);
            for (number, times) in &theirs.sessions {
                // If two gateways ended the session, the later time counts.
                let known = ours.sessions.entry(number.clone()).or_insert(*times);
                known.1 = known.1.max(times.1);
            }
        }
    }

    /// Drops sessions whose cookies have expired, and shortens long lists.
    pub(super) fn tidy(&mut self, now: u64) {
        let now = self.trusted_now(now);
        for holder in self.holders.values_mut() {
            holder
                .sessions
                .retain(|_, (_, ended)| now < *ended + LIFETIME);
            while holder.sessions.len() > MAX_PER_HOLDER {
                let oldest = holder.sessions.iter().min_by_key(|(_, times)| times.0);
                let Some((number, (began, ended))) =
                    oldest.map(|(number, times)| (number.clone(), *times))
                else {
                    break;
                };
                holder.floor = holder.floor.max(began);
                holder.floor_ended = holder.floor_ended.max(ended);
                holder.sessions.remove(&number);
            }
        }
        self.holders.retain(|_, holder| {
            !holder.sessions.is_empty() || now < holder.floor.max(holder.floor_ended) + LIFETIME
        });
    }

    /// The latest trusted time: the latest end of a session at least a day ago. 0 for none.
    fn trusted_now(&self, now: u64) -> u64 {
        let ended = self.holders.values().flat_map(|holder| {
            let listed = holder.sessions.values().map(|(_, ended)| *ended);
            listed.chain([holder.floor_ended])
        });
        let trusted = ended.filter(|ended| ended.saturating_add(TRUST_DELAY) <= now);
        trusted.max().unwrap_or_default()
    }

    /// The rows for a store, by id. The content of a row never changes, so that gateways can write and delete rows
    /// concurrently without undoing each other's changes: a new floor is a new row. The row of a floor sorts before the
    /// rows that it replaces, so that it is written before they are deleted.
    pub(super) fn rows(&self) -> BTreeMap<String, Row> {
        let mut rows = BTreeMap::new();
        for (name, holder) in &self.holders {
            let row = |(began, ended): (u64, u64), number: Option<&String>| Row {
                holder: name.clone(),
                number: number.cloned(),
                began,
                ended,
            };
            if holder.floor > 0 {
                let (floor, ended) = (holder.floor, holder.floor_ended);
                rows.insert(
                    format!("(until {floor} {ended}) {name}"),
                    row((floor, ended), None),
                );
            }
            for (number, times) in &holder.sessions {
                rows.insert(number.clone(), row(*times, Some(number)));
            }
        }
        rows
    }

    /// The register of these rows.
    pub(super) fn of_rows(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut register = Self::default();
        for row in rows {
            let holder = register.holders.entry(row.holder).or_default();
            match row.number {
                Some(number) => {
                    holder.sessions.insert(number, (row.began, row.ended));
                }
                None => {
                    holder.floor = holder.floor.max(row.began);
                    holder.floor_ended = holder.floor_ended.max(row.ended);
                }
            }
        }
        register
    }
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
    fn an_ended_session_is_never_open_again() {
        let mut register = Register::default();
        for number in 0..3 * MAX_PER_HOLDER {
            register.add(&session(number, 1_000 + number as u64), 5_000);
        }
        for number in 0..3 * MAX_PER_HOLDER {
            assert!(register.holds(&session(number, 1_000 + number as u64)));
        }
        assert!(!register.holds(&session(9_999, 5_000)), "a newer session");
        let other = EndedSession {
            holder: "vic".to_owned(),
            ..session(0, 1_000)
        };
        assert!(!register.holds(&other), "a session of another user");
        assert_eq!(register.holders["ann"].sessions.len(), MAX_PER_HOLDER);
        assert_eq!(Register::of_rows(register.rows().into_values()), register);
        register.add(&other, 5_000 + LIFETIME);
        register.tidy(5_000 + LIFETIME + TRUST_DELAY);
        let holders: Vec<_> = register.holders.keys().collect();
        assert_eq!(holders, ["vic"], "old sessions are dropped");
    }

    #[test]
    fn a_clock_that_jumps_ahead_drops_nothing_within_a_day() {
        const DAY: u64 = 24 * 3600;
        let (now, wrong) = (50 * LIFETIME, 500 * LIFETIME);
        let mut register = Register::default();
        register.add(&session(0, now - 10), now);
        // Users sign in and out while the clock is wrong.
        register.add(&session(1, wrong), wrong + 60);
        register.add(&session(2, wrong + 3600), wrong + DAY - 1);
        let again = |register: &Register| Register::of_rows(register.rows().into_values());
        let mut restarted = again(&register);
        restarted.add(&session(3, wrong), wrong + DAY);
        assert!(restarted.holds(&session(0, now - 10)));
        restarted.tidy(now);
        assert!(
            restarted.holds(&session(0, now - 10)),
            "after the correction"
        );
        register.tidy(wrong + 60 + DAY);
        assert!(!register.holds(&session(0, now - 10)));
    }

    #[test]
    fn a_long_session_stays_ended_after_it_was_removed_from_the_list() {
        let mut register = Register::default();
        // Like the session of a wall, which is unlimited while it is used.
        register.add(&session(0, 1_000), 3 * LIFETIME);
        for number in 1..=MAX_PER_HOLDER {
            register.add(&session(number, 2_000), 2 * LIFETIME + 100);
        }
        register.tidy(4 * LIFETIME - 1);
        assert!(register.holds(&session(0, 1_000)));
    }
}
