//! Reads the script that wasm-split-cli writes, and decides which of its many small parts are merged into one file. Pure.

use crate::command::Done;
use std::collections::BTreeMap;

/// The module from which every part imports the memory and the table.
pub(super) const SHARED: &str = "__wasm_split";

/// The module that provides the same imports to merged parts.
pub(super) const MAIN: &str = "main";

/// The cost of a request, in bytes of the program before optimisation. About 1 kB of brotli: most pieces are fetched in a
/// bundle, few separately.
const REQUEST: i64 = 5_000;

/// The parts and chunks of the program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Exports of the main piece that the parts import.
    pub(super) shares: Vec<String>,
    pub(super) loads: Vec<Load>,
}

/// A chunk as the program loads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// The JavaScript function that the program calls.
    pub(super) function: String,
    /// The chunk's name.
    pub(super) chunk: String,
    /// The parts that it needs, its own and shared ones.
    pub(super) files: Vec<String>,
}

/// A file that browsers fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) name: String,
    /// The parts in it.
    pub(super) files: Vec<String>,
    /// The chunks that need it.
    pub(super) users: Vec<String>,
}

impl Cut {
    /// Parses the script of wasm-split-cli 0.2.4.
    pub(super) fn read(script: &str) -> Done<Self> {
        let strange = |what: &str| format!("wasm-split-cli wrote a script without {what}");
        let shares = between(script, "const { ", "} = initSync(")
            .ok_or_else(|| strange("what its parts share"))?;
        let shares = shares
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let mut loads = Vec::new();
        for text in script.split("export const ").skip(1) {
            let function = text.split(' ').next().unwrap_or_default();
            let chunk = function
                .strip_prefix("__wasm_split_load_")
                .ok_or_else(|| strange("names of functions that load"))?;
            let own = between(text, "new URL(\"./", "\"").map(str::to_owned);
            let needed = between(text, ", [", "]").ok_or_else(|| strange("what a chunk needs"))?;
            let shared = needed
                .split(',')
                .map(str::trim)
                .filter_map(|name| name.strip_prefix("__"))
                .map(|name| format!("{name}.wasm"));
            loads.push(Load {
                function: function.to_owned(),
                chunk: chunk.to_owned(),
                files: own.into_iter().chain(shared).collect(),
            });
        }
        if loads.is_empty() {
            return Err(strange("chunks"));
        }
        loads.sort_by(|a, b| a.chunk.cmp(&b.chunk));
        Ok(Self { shares, loads })
    }

    /// The files that browsers fetch: one per chunk for its own parts, and the shared parts. Shared parts are merged if
    /// the saved requests are worth more than the bytes that chunks then fetch needlessly.
    pub(super) fn pieces(&self, size: impl Fn(&str) -> Done<i64>) -> Done<Vec<Piece>> {
        let mut users: BTreeMap<&str, u64> = BTreeMap::new();
        for (number, load) in self.loads.iter().enumerate() {
            for file in &load.files {
                *users.entry(file).or_default() |= 1 << number;
            }
        }
        let (mut own, mut shared) = (Vec::new(), Vec::new());
        for (file, users) in users {
            let part = Part {
                users,
                size: size(file)?,
                files: vec![file.to_owned()],
            };
            let alike = if users.is_power_of_two() {
                &mut own
            } else {
                &mut shared
            };
            add(alike, part);
        }
        let shared = together(shared);
        let names = |users: u64| {
            let loads = self.loads.iter().zip(0..);
            let named = loads.filter(|(_, number)| users >> number & 1 == 1);
            named.map(|(load, _)| load.chunk.clone()).collect()
        };
        let pieces = own.into_iter().chain(shared).map(|part| {
            let users: Vec<String> = names(part.users);
            Piece {
                name: users.join("-"),
                files: part.files,
                users,
            }
        });
        Ok(pieces.collect())
    }
}

/// Parts that are fetched together.
struct Part {
    /// One bit per chunk that needs them.
    users: u64,
    size: i64,
    files: Vec<String>,
}

impl Part {
    fn join(&mut self, other: Self) {
        self.users |= other.users;
        self.size += other.size;
        self.files.extend(other.files);
    }
}

/// Adds a part to the group for the same chunks.
fn add(parts: &mut Vec<Part>, part: Part) {
    match parts.iter_mut().find(|one| one.users == part.users) {
        Some(same) => same.join(part),
        None => parts.push(part),
    }
}

/// Merges groups while that lowers the total cost.
fn together(parts: Vec<Part>) -> Vec<Part> {
    let mut groups: Vec<Vec<Part>> = parts.into_iter().map(|part| vec![part]).collect();
    while let Some((first, second)) = best_pair(&groups) {
        let more = groups.swap_remove(second);
        groups[first].extend(more);
    }
    // A part that was merged early may fit better into a later group.
    while move_one(&mut groups) {}
    let joined = groups.into_iter().filter_map(|group| {
        let mut parts = group.into_iter();
        let mut whole = parts.next()?;
        parts.for_each(|part| whole.join(part));
        Some(whole)
    });
    joined.collect()
}

/// The total cost for all chunks of fetching these parts as one file.
fn cost<'p>(parts: impl IntoIterator<Item = &'p Part>) -> i64 {
    let add = |(users, size), part: &Part| (users | part.users, size + part.size);
    let (users, size) = parts.into_iter().fold((0_u64, 0), add);
    i64::from(users.count_ones()) * (size + REQUEST)
}

/// The two groups whose merge saves the most, in their order. `None` if no merge saves anything.
fn best_pair(groups: &[Vec<Part>]) -> Option<(usize, usize)> {
    let alone: Vec<i64> = groups.iter().map(cost).collect();
    let more =
        |(a, b): (usize, usize)| cost(groups[a].iter().chain(&groups[b])) - alone[a] - alone[b];
    let pairs = (0..groups.len()).flat_map(|a| (a + 1..groups.len()).map(move |b| (a, b)));
    let (more, pair) = pairs.map(|pair| (more(pair), pair)).min()?;
    (more < 0).then_some(pair)
}

/// Moves a part to a cheaper group, or into a group of its own. Returns whether a part was moved.
fn move_one(groups: &mut Vec<Vec<Part>>) -> bool {
    for from in 0..groups.len() {
        for place in 0..groups[from].len() {
            let part = &groups[from][place];
            let others = groups[from].iter().enumerate();
            let rest = others.filter(|(other, _)| *other != place);
            let rest: Vec<&Part> = rest.map(|(_, part)| part).collect();
            let here = cost(&groups[from]) - if rest.is_empty() { 0 } else { cost(rest) };
            let there = |to: usize| cost(groups[to].iter().chain([part])) - cost(&groups[to]);
            let targets = (0..groups.len()).filter(|to| *to != from);
            let best = targets.map(|to| (there(to), to)).min();
            let alone = cost([part]);
            let to = match best {
                Some((there, to)) if there < here && there <= alone => to,
                _ if alone < here => {
                    groups.push(Vec::new());
                    groups.len() - 1
                }
                _ => continue,
            };
            let part = groups[from].remove(place);
            groups[to].push(part);
            groups.retain(|group| !group.is_empty());
            return true;
        }
    }
    false
}

/// The text between the first occurrences of two texts.
pub(super) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SCRIPT: &str = r#"import { initSync } from "./console.js";
        const { __indirect_function_table, memory,  } = initSync(undefined, undefined);
/* groups, wall */
const __chunk_3 = makeLoad(() => {
    const src = fetch(new URL("./chunk_3.wasm", import.meta.url));
}
, []);
export const __wasm_split_load_wall = wrapAsyncCb(makeLoad(() => {
    const src = fetch(new URL("./split_wall.wasm", import.meta.url));
}
, [__chunk_3]));
export const __wasm_split_load_groups = wrapAsyncCb(makeLoad(() => {
    const src = fetch(new URL("./split_groups.wasm", import.meta.url));
}
, [__chunk_3, __chunk_4]));
"#;

    #[test]
    fn the_needs_of_each_chunk_are_read_from_the_script() {
        let cut = Cut::read(SCRIPT).unwrap();
        assert_eq!(cut.shares, ["__indirect_function_table", "memory"]);
        let loads: Vec<_> = cut
            .loads
            .iter()
            .map(|load| (load.chunk.as_str(), load.files.join(" ")))
            .collect();
        assert_eq!(
            loads,
            [
                (
                    "groups",
                    "split_groups.wasm chunk_3.wasm chunk_4.wasm".to_owned()
                ),
                ("wall", "split_wall.wasm chunk_3.wasm".to_owned()),
            ]
        );
    }

    #[test]
    fn an_unknown_script_is_an_error() {
        for script in ["", "const { memory } = initSync();", "export const x = 1;"] {
            assert!(Cut::read(script).is_err(), "{script}");
        }
    }

    #[test]
    fn parts_are_merged_if_a_request_costs_more_than_needless_bytes() {
        let mut cut = Cut::read(SCRIPT).unwrap();
        cut.loads.push(Load {
            function: "__wasm_split_load_news".to_owned(),
            chunk: "news".to_owned(),
            files: vec!["chunk_4.wasm".to_owned()],
        });
        let names = |size: i64| {
            let pieces = cut.pieces(|_| Ok(size)).unwrap();
            let named = pieces
                .into_iter()
                .map(|piece| format!("{}: {}", piece.name, piece.files.join(" ")));
            named.collect::<Vec<_>>()
        };
        let own = ["groups: split_groups.wasm", "wall: split_wall.wasm"];
        let of = |shared: &[&'static str]| [&own[..], shared].concat();
        assert_eq!(
            names(1),
            of(&["groups-wall-news: chunk_3.wasm chunk_4.wasm"])
        );
        assert_eq!(
            names(REQUEST),
            of(&["groups-wall: chunk_3.wasm", "groups-news: chunk_4.wasm"])
        );
    }
}
