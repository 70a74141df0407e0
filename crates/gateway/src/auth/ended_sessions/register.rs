//! Which sessions have ended, and until when that has to be known. Pure: reads no clock, no file and no store.

use crate::shared_file::Content;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long an ended session is listed, in seconds. Longer than any session lasts without being used.
const KEPT: u64 = 31 * 24 * 3600;
/// How long a session has to be over, in seconds, until the time at which it ended is believed. A clock that has leapt
/// ahead may be wrong, and a session that is forgotten for that would be open again once it is set right.
const STEADY: u64 = 24 * 3600;
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
    pub(in crate::auth) holder: String,
    /// The session's random id.
    #[serde(rename = "n")]
    pub(in crate::auth) number: String,
    /// When it began, in seconds since 1970.
    #[serde(rename = "i")]
    pub(in crate::auth) began: u64,
}

/// What the file holds.
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
    /// Sessions that began no later have all ended. 0 for none.
    #[serde(default)]
    floor: u64,
    /// When the last of them ended.
    #[serde(default)]
    floor_ended: u64,
    /// When each session began and when it ended, by its id.
    sessions: BTreeMap<String, (u64, u64)>,
}

/// One row of what a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "h")]
    holder: String,
    /// The session's random id. `None` where all sessions of the holder have ended that began no later.
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
                // Two gateways may have ended it: known as long as the later one says.
                let known = ours.sessions.entry(number.clone()).or_insert(*times);
                known.1 = known.1.max(times.1);
            }
        }
    }

    /// Drops what no cookie can refer to any more, and shortens long lists.
    pub(super) fn tidy(&mut self, now: u64) {
        let now = self.believed(now);
        for holder in self.holders.values_mut() {
            holder.sessions.retain(|_, (_, ended)| now < *ended + KEPT);
            while holder.sessions.len() > PER_HOLDER {
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
            !holder.sessions.is_empty() || now < holder.floor.max(holder.floor_ended) + KEPT
        });
    }

    /// The latest time that may be believed: a session ended at it, and that was a day ago. 0 for none.
    fn believed(&self, now: u64) -> u64 {
        let ended = self.holders.values().flat_map(|holder| {
            let listed = holder.sessions.values().map(|(_, ended)| *ended);
            listed.chain([holder.floor_ended])
        });
        let believed = ended.filter(|ended| ended.saturating_add(STEADY) <= now);
        believed.max().unwrap_or_default()
    }

    /// What a store keeps of it, by id. What an id stands for never changes, so that gateways may write and forget at
    /// the same time without undoing what another one has written: a later floor is another row. It stands before those
    /// that it makes needless, so that it is written before they are forgotten.
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

    /// What these rows say.
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
        assert_eq!(Register::of_rows(register.rows().into_values()), register);
        register.add(&other, 5_000 + KEPT);
        register.tidy(5_000 + KEPT + STEADY);
        let holders: Vec<_> = register.holders.keys().collect();
        assert_eq!(holders, ["vic"], "nothing is kept for ever");
    }

    #[test]
    fn a_clock_that_leaps_ahead_forgets_nothing_until_it_has_gone_on_for_a_day() {
        const DAY: u64 = 24 * 3600;
        let (now, wrong) = (50 * KEPT, 500 * KEPT);
        let mut register = Register::default();
        register.add(&session(0, now - 10), now);
        // Somebody signs in and out by the wrong clock, more than once.
        register.add(&session(1, wrong), wrong + 60);
        register.add(&session(2, wrong + 3600), wrong + DAY - 1);
        let again = |register: &Register| Register::of_rows(register.rows().into_values());
        let mut restarted = again(&register);
        restarted.add(&session(3, wrong), wrong + DAY);
        assert!(restarted.holds(&session(0, now - 10)));
        restarted.tidy(now);
        assert!(restarted.holds(&session(0, now - 10)), "set right again");
        register.tidy(wrong + 60 + DAY);
        assert!(!register.holds(&session(0, now - 10)));
    }

    #[test]
    fn a_session_that_lasted_long_stays_ended_although_it_is_no_longer_listed_by_itself() {
        let mut register = Register::default();
        // As that of a wall, which lasts as long as it is used.
        register.add(&session(0, 1_000), 3 * KEPT);
        for number in 1..=PER_HOLDER {
            register.add(&session(number, 2_000), 2 * KEPT + 100);
        }
        register.tidy(4 * KEPT - 1);
        assert!(register.holds(&session(0, 1_000)));
    }
}
