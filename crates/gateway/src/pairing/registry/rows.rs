//! The registry as rows of the store.

use super::{Code, VERSION, Wall, WallRegistry, is_taken};
use crate::store::{SavedState, StateChange, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What the registry consists of. The store reads them in an order of its own: see [`Table::ALL`].
pub(in crate::pairing) const TABLES: [Table; 3] =
    [Table::WallCodes, Table::Walls, Table::WallsTakenOver];

/// The same, with when each wall was last seen.
pub(in crate::pairing) const WITH_SIGHTINGS: [Table; 4] = [
    Table::WallCodes,
    Table::Walls,
    Table::WallsTakenOver,
    Table::WallSightings,
];

/// When and from where a wall was last seen. Apart from the wall, because every gateway writes it, and often.
#[derive(Debug, Serialize, Deserialize)]
struct Sighting {
    at: u64,
    from: IpAddr,
}

/// A row for when and from where a wall was last seen.
pub(in crate::pairing) fn sighting(id: &str, from: IpAddr, at: u64) -> StateChange {
    StateChange::put(Table::WallSightings, id, &Sighting { at, from })
}

impl WallRegistry {
    /// The registry that the store holds.
    pub(in crate::pairing) fn of_saved(saved: &mut SavedState) -> Self {
        let mut walls: Vec<Wall> = saved.take(Table::Walls).into_values().collect();
        walls.sort_by(|one, other| (one.paired_at, &one.id).cmp(&(other.paired_at, &other.id)));
        let mut codes: Vec<Code> = saved.take(Table::WallCodes).into_values().collect();
        codes.sort_by_key(|code| code.ends);
        let mut registry = Self {
            version: VERSION,
            walls,
            codes,
        };
        for (id, Sighting { at, from }) in saved.take(Table::WallSightings) {
            registry.note_last_seen(&id, from, at);
        }
        registry
    }

    /// What to save and to delete where the registry was another before.
    pub(in crate::pairing) fn changes_since(&self, before: &Self) -> Vec<StateChange> {
        let (rows, old) = (self.rows(), before.rows());
        let gone = old.keys().filter(|place| !rows.contains_key(place));
        let gone = gone.flat_map(|(table, id)| {
            let seen = (*table == Table::Walls).then_some(Table::WallSightings);
            let tables = std::iter::once(*table).chain(seen);
            tables.map(|table| StateChange::delete(table, id.as_str()))
        });
        let new = rows
            .iter()
            .filter(|(place, row)| old.get(*place) != Some(*row));
        let new = new.map(|(_, row)| row.clone());
        new.chain(gone).collect()
    }

    fn rows(&self) -> BTreeMap<(Table, String), StateChange> {
        let wall = |wall: &Wall| {
            let unseen = Wall {
                last_seen: None,
                address: None,
                ..wall.clone()
            };
            let row = StateChange::put(Table::Walls, &wall.id, &unseen);
            ((Table::Walls, wall.id.clone()), row)
        };
        let code = |code: &Code| {
            let row = StateChange::put(Table::WallCodes, &code.number, code);
            ((Table::WallCodes, code.number.clone()), row)
        };
        let walls = self.walls.iter().map(wall);
        walls.chain(self.codes.iter().map(code)).collect()
    }

    /// Takes over walls from a file, but for those that were so before: one that is not here any more was revoked.
    /// Returns what marks them. A name that another wall has by now gets a number.
    pub(in crate::pairing) fn take_over(
        &mut self,
        walls: &[Wall],
        taken_over: &BTreeMap<String, String>,
    ) -> Vec<StateChange> {
        let mut marks = Vec::new();
        for wall in walls {
            if taken_over.contains_key(&wall.id) || self.wall(&wall.id).is_some() {
                continue;
            }
            marks.push(StateChange::put(
                Table::WallsTakenOver,
                &wall.id,
                &wall.name,
            ));
            let mut name = wall.name.clone();
            let mut number = 1;
            while is_taken(&self.walls, &name) {
                number += 1;
                name = format!("{} {number}", wall.name);
            }
            self.walls.push(Wall {
                name,
                ..wall.clone()
            });
        }
        marks
    }
}
