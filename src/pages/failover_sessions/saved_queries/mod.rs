//! Queries that are saved in this browser by name. Pure; `prefs` stores them.
//!
//! A saved query is the query string of the page's URL without the page number. A relative range such as the last 24 h
//! is saved by its code (`started=24h`), so it counts back from the time at which the saved query is opened.

mod built_in;
mod file;
#[cfg(test)]
mod tests;

pub use built_in::BuiltInQuery;
pub use file::Imported;

use super::query::parse_filter;
use super::ranges::RelativeRanges;
use crate::ui::table::search::lower;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Maximum number of saved queries.
pub const MAX_QUERIES: usize = 100;

/// Maximum length of a name in characters.
pub const MAX_NAME_LENGTH: usize = 80;

/// Maximum length of a query in bytes, so that servers and chats accept it as a link.
pub const MAX_QUERY_LENGTH: usize = 4_000;

/// A query with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// The name, unique regardless of case.
    pub name: String,
    /// The query string of the page's URL.
    pub query: String,
}

/// The saved queries, in the order in which they were saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedQueries {
    list: Vec<SavedQuery>,
}

/// How to save a query whose name already exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Replace the other query.
    Replace,
    /// Save it as "name (2)".
    KeepBoth,
}

impl SavedQuery {
    /// A query to save: the name with normalised white space, the query without the page number.
    ///
    /// # Errors
    /// One sentence: the name is missing, the name or the query is too long, or the query is invalid.
    pub fn new(name: &str, search: &str) -> Result<Self, String> {
        let name = normalised_name(name);
        let length = name.chars().count();
        if length == 0 {
            return Err("The name is missing.".to_owned());
        }
        if length > MAX_NAME_LENGTH {
            return Err(format!(
                "The name has {length} characters, more than {MAX_NAME_LENGTH}."
            ));
        }
        let query = normalised_query(search)?;
        Ok(Self { name, query })
    }
}

impl SavedQueries {
    /// The queries.
    #[must_use]
    pub fn list(&self) -> &[SavedQuery] {
        &self.list
    }

    /// The query with a name, regardless of case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&SavedQuery> {
        self.list.get(self.index_of(name)?)
    }

    /// Saves a query. Returns the name under which it is saved.
    ///
    /// # Errors
    /// One sentence: the error of [`SavedQuery::new`], or there are too many queries.
    pub fn save(
        &mut self,
        name: &str,
        search: &str,
        duplicates: Duplicates,
    ) -> Result<String, String> {
        let query = SavedQuery::new(name, search)?;
        match (self.index_of(&query.name), duplicates) {
            (Some(index), Duplicates::Replace) => {
                let name = query.name.clone();
                if let Some(old) = self.list.get_mut(index) {
                    *old = query;
                }
                Ok(name)
            }
            _ if self.list.len() >= MAX_QUERIES => Err(format!(
                "{MAX_QUERIES} queries are already saved: delete one first."
            )),
            _ => {
                let name = self.free_name(query.name);
                let query = query.query;
                self.list.push(SavedQuery {
                    name: name.clone(),
                    query,
                });
                Ok(name)
            }
        }
    }

    /// Deletes a query.
    pub fn remove(&mut self, name: &str) {
        if let Some(index) = self.index_of(name) {
            self.list.remove(index);
        }
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        let name = lower(&normalised_name(name));
        let mut names = self.list.iter().map(|query| lower(&query.name));
        names.position(|other| other == name)
    }

    /// The name, or the first of "name (2)", "name (3)" and so on that is free.
    fn free_name(&self, name: String) -> String {
        let numbered = (2_usize..).map(|number| {
            let suffix = format!(" ({number})");
            let room = MAX_NAME_LENGTH.saturating_sub(suffix.len());
            let begin: String = name.chars().take(room).collect();
            format!("{}{suffix}", begin.trim_end())
        });
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|name| self.index_of(name).is_none());
        free.unwrap_or(name)
    }
}

/// A name with single spaces between its words.
fn normalised_name(name: &str) -> String {
    let blank = |char: char| char.is_whitespace() || char.is_control();
    let words = name.split(blank).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Encodes everything except RFC 3986's unreserved characters.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An encoded parameter.
fn parameter(name: &str, value: &str) -> String {
    let encoded = |text| utf8_percent_encode(text, VALUE).to_string();
    format!("{}={}", encoded(name), encoded(value))
}

/// Checks a page's query string and returns it in the form in which it is saved.
fn normalised_query(search: &str) -> Result<String, String> {
    let search = search.trim();
    let search = search.strip_prefix('?').unwrap_or(search);
    let (mut parts, mut ranges) = (Vec::new(), [None, None]);
    for part in search.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        if name == "page" || value.is_empty() {
            continue;
        }
        if name == "filter" {
            parse_filter(&value).map_err(|error| format!("The filter cannot be read. {error}"))?;
        }
        parts.push(parameter(&name, &value));
        let mut params = RelativeRanges::PARAMS.into_iter();
        if let Some(index) = params.position(|param| param == name) {
            // If a parameter occurs twice, the first one counts.
            ranges[index].get_or_insert(value);
        }
    }
    let [started, ended] = &ranges;
    RelativeRanges::read(started.as_deref(), ended.as_deref())?;
    let query = parts.join("&");
    match query.len() {
        length if length > MAX_QUERY_LENGTH => Err(format!(
            "The query has {length} bytes, more than {MAX_QUERY_LENGTH}."
        )),
        _ => Ok(query),
    }
}

/// Decodes a parameter as browsers encode forms: `+` is a space.
fn decoded(text: &str) -> Result<String, String> {
    let blanks = text.replace('+', " ");
    let text = percent_decode_str(&blanks).decode_utf8();
    let text = text.map_err(|_| "The decoded query is not valid UTF-8.".to_owned())?;
    Ok(text.into_owned())
}
