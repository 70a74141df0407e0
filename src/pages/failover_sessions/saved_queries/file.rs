//! Saved queries as JSON: in the browser's storage, and as a file to share.

use super::{Duplicates, MOST, SavedQueries, SavedQuery};
use crate::ui::table::search::lower;
use serde_json::{Value, json};

/// The version that is written. A newer one is refused, because it may mean something else.
const VERSION: u64 = 1;

/// What tells such a file from other JSON.
const KIND: &str = "failover-console.saved-queries";

/// The most bytes that are read: far more than the most queries of the greatest length.
const LONGEST_FILE: usize = 2_000_000;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// New ones.
    pub added: usize,
    /// Those that took the place of one with their name.
    pub replaced: usize,
    /// Those that were added under another name, because theirs was taken.
    pub renamed: usize,
    /// Those that were there already, name and query.
    pub unchanged: usize,
}

impl Imported {
    /// The message for the user.
    #[must_use]
    pub fn description(&self) -> String {
        let counts = [
            (self.added, "added"),
            (self.replaced, "replaced"),
            (self.renamed, "added under another name"),
            (self.unchanged, "already present"),
        ];
        let some = counts.into_iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = some
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if words.is_empty() {
            "The file holds no queries.".to_owned()
        } else {
            format!("Saved queries: {}.", words.join(", "))
        }
    }
}

impl SavedQueries {
    /// All queries as JSON, for storage and for a file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let queries: Vec<Value> = self
            .list
            .iter()
            .map(|query| json!({"name": query.name, "query": query.query}))
            .collect();
        format!(
            "{:#}",
            json!({"kind": KIND, "version": VERSION, "queries": queries})
        )
    }

    /// Reads what the browser kept. Readable queries are kept; each other one is reported in a sentence.
    #[must_use]
    pub fn from_storage(text: &str) -> (Self, Vec<String>) {
        let mut queries = Self::default();
        if text.is_empty() {
            return (queries, Vec::new());
        }
        let entries = match entries(text) {
            Ok(entries) => entries,
            Err(error) => return (queries, vec![error]),
        };
        let mut errors = Vec::new();
        for entry in entries {
            let kept = entry
                .and_then(|entry| queries.save(&entry.name, &entry.query, Duplicates::KeepBoth));
            errors.extend(kept.err());
        }
        (queries, errors)
    }

    /// Reads what the browser kept, to be changed and stored in its place.
    ///
    /// # Errors
    /// A sentence where something cannot be read: it would be lost.
    pub fn to_change(text: &str) -> Result<Self, String> {
        match Self::from_storage(text) {
            (queries, errors) if errors.is_empty() => Ok(queries),
            _ => Err("Nothing was changed: this console cannot read every query that is kept in this browser, and those would be lost. The dialog Manage queries lists them.".to_owned()),
        }
    }

    /// Takes in the queries of a file, all of them or, when anything is wrong, none.
    ///
    /// # Errors
    /// A sentence each on everything that is wrong, with the entry that it is about.
    pub fn import(&mut self, text: &str, duplicates: Duplicates) -> Result<Imported, Vec<String>> {
        let entries = entries(text).map_err(|error| vec![error])?;
        let (mut good, mut errors): (Vec<SavedQuery>, Vec<String>) = (Vec::new(), Vec::new());
        for (at, entry) in entries.into_iter().enumerate() {
            match entry {
                Ok(entry) => {
                    let name = lower(&entry.name);
                    if good.iter().any(|other| lower(&other.name) == name) {
                        let what = called(at, Some(&entry.name));
                        errors.push(format!("{what}: another entry has this name."));
                    }
                    good.push(entry);
                }
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut after = self.clone();
        let mut imported = Imported::default();
        for entry in good {
            let old = after.find(&entry.name);
            let count = match (old, duplicates) {
                (None, _) => &mut imported.added,
                (Some(old), _) if *old == entry => {
                    imported.unchanged += 1;
                    continue;
                }
                (Some(_), Duplicates::Replace) => &mut imported.replaced,
                (Some(_), Duplicates::KeepBoth) => &mut imported.renamed,
            };
            *count += 1;
            let saved = after.save(&entry.name, &entry.query, duplicates);
            saved.map_err(|_| {
                vec![format!(
                    "The import would result in more than {MOST} queries: delete some first."
                )]
            })?;
        }
        *self = after;
        Ok(imported)
    }
}

/// The entries of a file, each a query or what is wrong with it.
fn entries(text: &str) -> Result<Vec<Result<SavedQuery, String>>, String> {
    if text.len() > LONGEST_FILE {
        return Err("The file is far too large for saved queries.".to_owned());
    }
    let text = text.trim_start_matches('\u{FEFF}');
    let value: Value = crate::json::value(text.as_bytes())
        .map_err(|error| format!("The file is not JSON: {error}."))?;
    if value.get("kind").and_then(Value::as_str) != Some(KIND) {
        return Err(format!(
            "The file holds no saved queries: expected an object with \"kind\": \"{KIND}\"."
        ));
    }
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(version) => {
            return Err(format!(
                "The file is of version {version}; this console reads version {VERSION}."
            ));
        }
        None => return Err("The file has no version.".to_owned()),
    }
    let queries = value.get("queries").and_then(Value::as_array);
    let queries = queries.ok_or("The file has no list \"queries\".")?;
    Ok(queries
        .iter()
        .enumerate()
        .map(|(at, value)| entry(at, value))
        .collect())
}

fn entry(at: usize, value: &Value) -> Result<SavedQuery, String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let name = text("name");
    let what = called(at, name);
    let missing = |key: &str| format!("{what}: expected a text \"{key}\".");
    let (name, query) = (
        name.ok_or_else(|| missing("name"))?,
        text("query").ok_or_else(|| missing("query"))?,
    );
    SavedQuery::new(name, query).map_err(|error| format!("{what}: {error}"))
}

/// An entry by its place, from 1, and the beginning of its name.
fn called(at: usize, name: Option<&str>) -> String {
    let place = at + 1;
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => {
            let begin: String = name.chars().take(40).collect();
            format!("Entry {place} (“{begin}”)")
        }
        None => format!("Entry {place}"),
    }
}
