//! Converts the registry to and from rows of the store.

use super::{Code, VERSION, Wall, WallRegistry, is_taken};
use crate::store::{SavedState, StateChange, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The tables of the registry, without sightings. The store reads them in the order of [`Table::ALL`].
pub(in crate::pairing) const TABLES: [Table; 3] =
    [Table::WallCodes, Table::Walls, Table::WallsTakenOver];

/// The tables of the registry, with sightings.
pub(in crate::pairing) const WITH_SIGHTINGS: [Table; 4] = [
    Table::WallCodes,
    Table::Walls,
    Table::WallsTakenOver,
    Table::WallSightings,
];

/// When and from where a wall was last seen. Stored separately from the wall, because every gateway writes it often.
#[derive(Debug, Serialize, Deserialize)]
struct Sighting {
    at: u64,
    from: IpAddr,
}

/// The row of a sighting.
pub(in crate::pairing) fn sighting(id: &str, from: IpAddr, at: u64) -> StateChange {
    StateChange::put(Table::WallSightings, id, &Sighting { at, from })
}

impl WallRegistry {
    /// Builds the registry from the rows of the store.
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

    /// The rows to save and to delete, compared with the registry before.
    pub(in crate::pairing) fn changes_since(&self, before: &Self) -> Vec<StateChange> {
        let (rows, old) = (self.rows(), before.rows());
        let removed = old.keys().filter(|key| !rows.contains_key(key));
        let removed = removed.flat_map(|(table, id)| {
            let sightings = (*table == Table::Walls).then_some(Table::WallSightings);
            let tables = std::iter::once(*table).chain(sightings);
            tables.map(|table| StateChange::delete(table, id.as_str()))
        });
        let new = rows.iter().filter(|(key, row)| old.get(*key) != Some(*row));
        let new = new.map(|(_, row)| row.clone());
        new.chain(removed).collect()
    }

    fn rows(&self) -> BTreeMap<(Table, String), StateChange> {
        let wall = |wall: &Wall| {
            let without_sighting = Wall {
                last_seen: None,
                address: None,
                ..wall.clone()
            };
            let row = StateChange::put(Table::Walls, &wall.id, &without_sighting);
            ((Table::Walls, wall.id.clone()), row)
        };
        let code = |code: &Code| {
            let row = StateChange::put(Table::WallCodes, &code.number, code);
            ((Table::WallCodes, code.number.clone()), row)
        };
        let walls = self.walls.iter().map(wall);
        walls.chain(self.codes.iter().map(code)).collect()
    }

    /// Imports walls from a file, except those that were imported before: if such a wall is missing, it was revoked.
    /// Returns the rows that mark the walls as imported. A name that is taken gets a number.
    pub(in crate::pairing) fn import(
        &mut self,
        walls: &[Wall],
        imported: &BTreeMap<String, String>,
    ) -> Vec<StateChange> {
        let mut marks = Vec::new();
        for wall in walls {
            if imported.contains_key(&wall.id) || self.wall(&wall.id).is_some() {
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
