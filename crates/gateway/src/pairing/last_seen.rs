//! The time at which this gateway last saw each wall, and when to save it.

use super::registry::WallRegistry;
use crate::lock::lock;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

/// The maximum time before a sighting is saved, in seconds.
const SAVE_INTERVAL_SECONDS: u64 = 60;

#[derive(Debug, Default)]
pub(super) struct LastSeen(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    walls: HashMap<String, (u64, IpAddr)>,
    /// The time of the last save.
    saved_at: u64,
}

impl LastSeen {
    /// Records that a wall was seen. Returns whether it is time to save.
    pub(super) fn note(&self, id: &str, from: IpAddr, now: u64) -> bool {
        let mut latest = lock(&self.0);
        latest.walls.insert(id.to_owned(), (now, from));
        // Saving does not wait until a clock that was set back has caught up.
        let due = now >= latest.saved_at + SAVE_INTERVAL_SECONDS || now < latest.saved_at;
        if due {
            latest.saved_at = now;
        }
        due
    }

    /// The sightings within the last save interval.
    pub(super) fn recent(&self, now: u64) -> Vec<(String, IpAddr, u64)> {
        let latest = lock(&self.0);
        let walls = latest.walls.iter();
        let recent = walls.filter(|(_, (at, _))| at + SAVE_INTERVAL_SECONDS >= now);
        recent
            .map(|(id, (at, from))| (id.clone(), *from, *at))
            .collect()
    }

    /// Copies all sightings into the registry, and forgets walls that are no longer in it.
    pub(super) fn write_into(&self, registry: &mut WallRegistry) {
        let mut latest = lock(&self.0);
        latest.walls.retain(|id, _| registry.wall(id).is_some());
        for (id, (at, from)) in &latest.walls {
            registry.note_last_seen(id, *from, *at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_is_due_once_a_minute_even_after_the_clock_was_set_back() {
        let last_seen = LastSeen::default();
        let from = IpAddr::from([192, 0, 2, 1]);
        for (now, due) in [
            (100_000, true),
            (100_059, false),
            (100_060, true),
            (50_000, true),
            (50_059, false),
            (50_060, true),
        ] {
            assert_eq!(last_seen.note("w", from, now), due, "{now}");
        }
    }
}
