//! What the program was cut into, read from the script that wasm-split-cli writes, and which of its many
//! small parts become one file. Pure.

use crate::command::Done;
use std::collections::BTreeMap;

/// The module that every part imports the memory and the table from.
pub(super) const SHARED: &str = "__wasm_split";

/// Where the loader offers the same under another name, for parts that were put together.
pub(super) const MAIN: &str = "main";

/// Parts that several pages share and that are smaller than this, in bytes before they are made small, become
/// one file, which every page fetches. About 4 kB of brotli: less than a request costs on a slow line.
const SMALL: u64 = 30_000;

/// What the program was cut into.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// What the parts take from the main piece.
    pub(super) shares: Vec<String>,
    pub(super) loads: Vec<Load>,
}

/// A chunk as the program loads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// The function of JavaScript that the program calls.
    pub(super) function: String,
    /// The chunk's name.
    pub(super) chunk: String,
    /// The parts that it needs: its own, and those that it shares.
    pub(super) files: Vec<String>,
}

/// A file that browsers fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) name: String,
    /// The parts that it consists of.
    pub(super) files: Vec<String>,
    /// The chunks that need it.
    pub(super) users: Vec<String>,
}

impl Cut {
    /// Reads the script of wasm-split-cli 0.2.4.
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

    /// The files that browsers fetch: the chunks, what several of them share, and the small shared parts as one.
    pub(super) fn pieces(&self, size: impl Fn(&str) -> Done<u64>) -> Done<Vec<Piece>> {
        let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for load in &self.loads {
            for file in &load.files {
                users.entry(file).or_default().push(load.chunk.clone());
            }
        }
        let mut pieces = Vec::new();
        let mut common = Piece {
            name: "common".to_owned(),
            files: Vec::new(),
            users: self.loads.iter().map(|load| load.chunk.clone()).collect(),
        };
        for (file, users) in users {
            if users.len() > 1 && size(file)? < SMALL {
                common.files.push(file.to_owned());
            } else {
                pieces.push(Piece {
                    name: users.join("-"),
                    files: vec![file.to_owned()],
                    users,
                });
            }
        }
        if !common.files.is_empty() {
            pieces.push(common);
        }
        Ok(pieces)
    }
}

/// What stands between two texts, the first time.
pub(super) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// An import of a part: its name, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    name: String,
    /// `memory`, `table` or `global`.
    kind: String,
    /// What follows its own name, such as `20` or `(mut i32)`.
    limits: String,
}

/// Reads a line of wasm-dis, such as ` (import "__wasm_split" "memory" (memory $0 20))`. `None` for any other.
pub(super) fn import(line: &str) -> Option<Import> {
    let rest = line.trim().strip_prefix("(import \"")?;
    let rest = rest.strip_prefix(SHARED)?.strip_prefix("\" \"")?;
    let (name, rest) = rest.split_once("\" (")?;
    let rest = rest.strip_suffix("))")?;
    let mut words = rest.splitn(3, ' ');
    let (kind, _, limits) = (words.next()?, words.next()?, words.next()?);
    Some(Import {
        name: name.to_owned(),
        kind: kind.to_owned(),
        limits: limits.to_owned(),
    })
}

/// A module that hands on what the parts import, as text.
pub(super) fn stub(imports: &[Import]) -> Done<String> {
    let mut known: Vec<&Import> = Vec::new();
    for import in imports {
        match known.iter().find(|known| known.name == import.name) {
            None => known.push(import),
            Some(same) if **same == *import => {}
            Some(_) => {
                return Err(format!(
                    "parts of the program disagree about `{}`, so they cannot be put together",
                    import.name
                ));
            }
        }
    }
    let mut text = "(module\n".to_owned();
    for (number, import) in known.iter().enumerate() {
        let Import { name, kind, limits } = import;
        text.push_str(&format!(
            "(import \"{MAIN}\" \"{name}\" ({kind} $i{number} {limits}))\n"
        ));
    }
    for (number, import) in known.iter().enumerate() {
        let Import { name, kind, .. } = import;
        text.push_str(&format!("(export \"{name}\" ({kind} $i{number}))\n"));
    }
    text.push_str(")\n");
    Ok(text)
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
    fn the_script_says_what_each_chunk_needs() {
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
    fn a_script_of_another_kind_is_an_error() {
        for script in ["", "const { memory } = initSync();", "export const x = 1;"] {
            assert!(Cut::read(script).is_err(), "{script}");
        }
    }

    #[test]
    fn small_parts_that_are_shared_become_one_file_and_others_keep_their_own() {
        let cut = Cut::read(SCRIPT).unwrap();
        let names = |size: u64| {
            let pieces = cut.pieces(|_| Ok(size)).unwrap();
            let named = pieces
                .into_iter()
                .map(|piece| format!("{}: {}", piece.name, piece.files.join(" ")));
            named.collect::<Vec<_>>()
        };
        assert_eq!(
            names(1),
            [
                "groups: chunk_4.wasm",
                "groups: split_groups.wasm",
                "wall: split_wall.wasm",
                "common: chunk_3.wasm"
            ]
        );
        assert!(names(1_000_000).contains(&"groups-wall: chunk_3.wasm".to_owned()));
    }

    #[test]
    fn a_stub_hands_on_each_import_once() {
        let lines = [
            " (import \"__wasm_split\" \"memory\" (memory $mimport$0 20))",
            " (import \"__wasm_split\" \"g\" (global $g (mut i32)))",
            " (import \"__wasm_split\" \"memory\" (memory $other 20))",
            " (import \"env\" \"f\" (func $f))",
            " (func $x)",
        ];
        let imports: Vec<_> = lines.iter().filter_map(|line| import(line)).collect();
        assert_eq!(
            stub(&imports).unwrap(),
            "(module\n(import \"main\" \"memory\" (memory $i0 20))\n(import \"main\" \"g\" (global $i1 (mut i32)))\n\
             (export \"memory\" (memory $i0))\n(export \"g\" (global $i1))\n)\n"
        );
        let other = import(" (import \"__wasm_split\" \"memory\" (memory $m 21))").unwrap();
        assert!(stub(&[imports[0].clone(), other]).is_err());
    }
}
