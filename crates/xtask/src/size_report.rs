//! `cargo xtask size`: the contents of each piece of the console by owner, and the growth since another build.
//!
//! Uses the function names of the pieces before these are stripped. Bytes are counted before compression, because the
//! compressed size of a single function is not defined.

use crate::command::Done;
use crate::console::{self, Contents};
use crate::sizes::Sizes;
use crate::tree::Tree;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Owners with fewer bytes in a piece and smaller changes are not printed.
const WORTH_A_LINE: usize = 1_000;

/// The workspace crates in the console.
const OURS: [&str; 4] = ["failover_console", "health", "protocol", "vendors"];

/// Bytes of functions and data by piece, owner and function.
type Listed = BTreeMap<(String, String, String), usize>;

/// Prints the contents of the pieces, largest first, and the changes since the file `before` or the previous run. Writes
/// the file for the next run.
pub(crate) fn print(tree: &Tree, before: Option<&str>) -> Done {
    let file = tree.target.join("console-sizes.tsv");
    let before = match before {
        Some(before) => Some(parse(&read(Path::new(before))?)?),
        None => read(&file).ok().map(|text| parse(&text)).transpose()?,
    };
    let listed = list(&console::contents(tree)?);
    print!("{}", report(&listed, before.as_ref()));
    println!("{}", Sizes::of(&tree.dist)?.line());
    println!("every function is in {}", file.display());
    std::fs::write(&file, write(&listed))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
}

fn read(file: &Path) -> Done<String> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))
}

fn list(pieces: &[Contents]) -> Listed {
    let mut listed = Listed::new();
    for piece in pieces {
        for (symbol, bytes) in &piece.functions {
            let name = format!("{:#}", rustc_demangle::demangle(symbol));
            let key = (piece.piece.clone(), owner(&name), name);
            *listed.entry(key).or_default() += bytes;
        }
        for (part, bytes) in &piece.parts {
            let key = (piece.piece.clone(), format!("({part})"), String::new());
            *listed.entry(key).or_default() += bytes;
        }
    }
    listed
}

/// The owner of a function: our module, or the crate and module of a dependency, followed by our module whose types it
/// was instantiated for.
fn owner(name: &str) -> String {
    let own = module(name);
    if OURS.contains(&own.split("::").next().unwrap_or_default()) {
        return own;
    }
    let made_for = OURS
        .iter()
        .filter_map(|ours| {
            // Not `other_health::`.
            let at = name.match_indices(ours).map(|(at, _)| at).find(|at| {
                let before = name[..*at].chars().next_back();
                !before.is_some_and(|letter| {
                    letter.is_alphanumeric() || letter == '_' || letter == ':'
                }) && name[at + ours.len()..].starts_with("::")
            });
            at.map(|at| (at, module(&name[at..])))
        })
        .min();
    match made_for {
        Some((_, ours)) => format!("{own} for {ours}"),
        None => own,
    }
}

/// The module of the first path in a name: with two levels below the crate for our crates, with one for others.
fn module(name: &str) -> String {
    // For an implementation for any type, the module of the trait.
    let path = name.trim_start_matches("<_ as ");
    let path = path.trim_start_matches(|letter: char| !letter.is_alphabetic() && letter != '_');
    let path = ["const ", "mut ", "dyn "]
        .iter()
        .fold(path, |path, word| path.trim_start_matches(word));
    let end = path.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
    let path = path[..end.unwrap_or(path.len())].trim_end_matches(':');
    let words: Vec<_> = path.split("::").collect();
    let depth = if OURS.contains(&words[0]) { 3 } else { 2 };
    // The last segment is the function; a capitalised one is a type.
    let modules = words[..words.len().saturating_sub(1).max(1)]
        .iter()
        .take_while(|word| !word.starts_with(char::is_uppercase))
        .take(depth);
    let modules: Vec<_> = modules.copied().collect();
    if modules.is_empty() {
        "(no path)".to_owned()
    } else {
        modules.join("::")
    }
}

/// Bytes by piece and owner.
fn owners(listed: &Listed) -> BTreeMap<&str, BTreeMap<&str, usize>> {
    let mut pieces = BTreeMap::<_, BTreeMap<_, usize>>::new();
    for ((piece, owner, _), bytes) in listed {
        let owners = pieces.entry(piece.as_str()).or_default();
        *owners.entry(owner.as_str()).or_default() += bytes;
    }
    pieces
}

fn report(listed: &Listed, before: Option<&Listed>) -> String {
    let (now, then) = (owners(listed), before.map(owners));
    let mut text = String::new();
    let mut pieces: Vec<_> = now
        .iter()
        .map(|(piece, owners)| (*piece, owners, owners.values().sum::<usize>()))
        .collect();
    pieces.sort_by_key(|(_, _, bytes)| std::cmp::Reverse(*bytes));
    for (piece, owners, bytes) in pieces {
        let then = then.as_ref().map(|then| then.get(piece));
        let change = |now: usize, then: Option<usize>| match then {
            Some(then) if then != now => {
                format!("{:+}", now.cast_signed() - then.cast_signed())
            }
            _ => String::new(),
        };
        let old = then.map(|then| then.map_or(0, |owners| owners.values().sum()));
        let _ = writeln!(text, "{bytes:>8} {:>8} {piece}", change(bytes, old));
        let mut lines: Vec<_> = owners
            .iter()
            .map(|(owner, bytes)| {
                let old = then.map(|then| {
                    let old = then.and_then(|owners| owners.get(owner));
                    old.copied().unwrap_or(0)
                });
                (*owner, *bytes, old)
            })
            .collect();
        let gone = then.flatten().into_iter().flatten();
        let gone = gone.filter(|(owner, _)| !owners.contains_key(*owner));
        lines.extend(gone.map(|(owner, bytes)| (*owner, 0, Some(*bytes))));
        lines.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
        for (owner, bytes, old) in lines {
            let changed = old.map_or(0, |old| old.abs_diff(bytes));
            if bytes.max(changed) >= WORTH_A_LINE {
                let _ = writeln!(text, "{bytes:>12} {:>8}     {owner}", change(bytes, old));
            }
        }
    }
    text
}

fn write(listed: &Listed) -> String {
    let entries = listed.iter();
    let lines =
        entries.map(|((piece, owner, name), bytes)| format!("{bytes}\t{piece}\t{owner}\t{name}\n"));
    lines.collect()
}

fn parse(text: &str) -> Done<Listed> {
    let entry = |line: &str| {
        let mut words = line.splitn(4, '\t');
        let bytes = words.next()?.parse().ok()?;
        let mut word = || words.next().map(str::to_owned);
        Some(((word()?, word()?, word()?), bytes))
    };
    text.lines()
        .map(|line| entry(line).ok_or_else(|| format!("this is no line of sizes: {line}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_its_module_and_the_module_of_its_types() {
        for (name, expected) in [
            (
                "failover_console::pages::groups::list::Groups::{closure#0}",
                "failover_console::pages::groups",
            ),
            ("<vendors::call::Call<u8>>::read", "vendors::call"),
            ("core::fmt::write", "core::fmt"),
            (
                "<&mut dyn core::fmt::Write as core::fmt::Write>::write_str",
                "core::fmt",
            ),
            (
                "<_ as tachys::view::any_view::IntoAny>::into_any",
                "tachys::view",
            ),
            ("memcpy", "memcpy"),
            (
                "<alloc::vec::Vec<failover_console::ui::Row>>::push",
                "alloc::vec for failover_console::ui",
            ),
            ("my_health::x::<[health::Rule; 2]>", "my_health for health"),
        ] {
            assert_eq!(owner(name), expected, "{name}");
        }
    }

    fn listed(bytes: [usize; 2]) -> Listed {
        list(&[Contents {
            piece: "groups".to_owned(),
            functions: vec![
                (
                    "_ZN4core3fmt5write17h0123456789abcdefE".to_owned(),
                    bytes[0],
                ),
                ("memcpy".to_owned(), bytes[1]),
            ],
            parts: vec![("data", 1_500)],
        }])
    }

    #[test]
    fn the_largest_owner_comes_first_and_growth_is_shown() {
        let now = listed([2_000, 10]);
        assert_eq!(
            report(&now, Some(&listed([1_000, 5]))),
            "    3510    +1005 groups\n        2000    +1000     core::fmt\n        1500              (data)\n"
        );
        assert!(!report(&now, None).contains('+'));
    }

    #[test]
    fn the_saved_sizes_are_read_back() {
        let now = listed([2_000, 10]);
        assert_eq!(parse(&write(&now)), Ok(now));
        assert!(parse("12 groups").is_err());
    }
}
