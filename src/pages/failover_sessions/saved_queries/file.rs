//! Saved queries as JSON, in the browser's storage and in exported files.

use super::{Duplicates, MAX_QUERIES, SavedQueries, SavedQuery};
use crate::ui::table::search::lower;
use serde_json::{Value, json};

/// The current version. A newer one is rejected, because its meaning may differ.
const VERSION: u64 = 1;

/// The value of `kind`, which distinguishes such a file from other JSON.
const KIND: &str = "failover-console.saved-queries";

/// Maximum size of a file in bytes: well above [`MAX_QUERIES`] queries of maximum length.
const MAX_FILE_SIZE: usize = 2_000_000;

/// The result of an import: the number of queries for each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Queries with a new name.
    pub added: usize,
    /// Queries that replaced one with the same name.
    pub replaced: usize,
    /// Queries that were added under another name, because theirs already existed.
    pub renamed: usize,
    /// Queries that already existed with the same name and query.
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
        let present = counts.into_iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = present
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if words.is_empty() {
            "The file contains no queries.".to_owned()
        } else {
            format!("Saved queries: {}.", words.join(", "))
        }
    }
}

impl SavedQueries {
    /// All queries as JSON, for storage and for export.
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

    /// Reads the stored text. Returns the readable queries, and a sentence for each unreadable one.
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
            let saved = entry
                .and_then(|entry| queries.save(&entry.name, &entry.query, Duplicates::KeepBoth));
            errors.extend(saved.err());
        }
        (queries, errors)
    }

    /// Reads the stored text in order to change and store it again.
    ///
    /// # Errors
    /// A sentence if any query is unreadable: storing the others would lose it.
    pub fn for_update(text: &str) -> Result<Self, String> {
        match Self::from_storage(text) {
            (queries, errors) if errors.is_empty() => Ok(queries),
            _ => Err("Nothing was changed: some queries saved in this browser cannot be read and would be lost. The dialog Manage queries lists them.".to_owned()),
        }
    }

    /// Imports all queries of a file, or none if there is any error.
    ///
    /// # Errors
    /// A sentence for each error, with the entry that it concerns.
    pub fn import(&mut self, text: &str, duplicates: Duplicates) -> Result<Imported, Vec<String>> {
        let entries = entries(text).map_err(|error| vec![error])?;
        let (mut good, mut errors): (Vec<SavedQuery>, Vec<String>) = (Vec::new(), Vec::new());
        for (index, entry) in entries.into_iter().enumerate() {
            match entry {
                Ok(entry) => {
                    let name = lower(&entry.name);
                    if good.iter().any(|other| lower(&other.name) == name) {
                        let label = entry_label(index, Some(&entry.name));
                        errors.push(format!("{label}: another entry has this name."));
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
                    "The import would result in more than {MAX_QUERIES} queries: delete some first."
                )]
            })?;
        }
        *self = after;
        Ok(imported)
    }
}

/// The entries of a file, each a query or an error.
fn entries(text: &str) -> Result<Vec<Result<SavedQuery, String>>, String> {
    if text.len() > MAX_FILE_SIZE {
        return Err("The file is far too large for saved queries.".to_owned());
    }
    let text = text.trim_start_matches('\u{FEFF}');
    let value: Value = crate::json::owned(text.as_bytes())
        .map_err(|error| format!("The file is not JSON: {error}."))?;
    if value.get("kind").and_then(Value::as_str) != Some(KIND) {
        return Err(format!(
            "The file contains no saved queries: expected an object with \"kind\": \"{KIND}\"."
        ));
    }
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(version) => {
            return Err(format!(
                "The file has version {version}; this console reads version {VERSION}."
            ));
        }
        None => return Err("The file has no version.".to_owned()),
    }
    let queries = value.get("queries").and_then(Value::as_array);
    let queries = queries.ok_or("The file has no list \"queries\".")?;
    Ok(queries
        .iter()
        .enumerate()
        .map(|(index, value)| entry(index, value))
        .collect())
}

fn entry(index: usize, value: &Value) -> Result<SavedQuery, String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let name = text("name");
    let label = entry_label(index, name);
    let missing = |key: &str| format!("{label}: expected a text \"{key}\".");
    let (name, query) = (
        name.ok_or_else(|| missing("name"))?,
        text("query").ok_or_else(|| missing("query"))?,
    );
    SavedQuery::new(name, query).map_err(|error| format!("{label}: {error}"))
}

/// The number of an entry, from 1, and the beginning of its name.
fn entry_label(index: usize, name: Option<&str>) -> String {
    let number = index + 1;
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => {
            let begin: String = name.chars().take(40).collect();
            format!("Entry {number} (“{begin}”)")
        }
        None => format!("Entry {number}"),
    }
}
