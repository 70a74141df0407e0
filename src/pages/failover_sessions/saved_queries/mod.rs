//! Queries that a person keeps in this browser by name. Pure; where they are kept is `prefs`.
//!
//! A saved query is the text behind `?` of the page's URL, without the page number. A range such as the
//! last 24 h stands in it by its code (`started=24h`), so that a saved query asks for the last 24 h of the
//! day on which it is opened.

mod file;
mod ready;
#[cfg(test)]
mod tests;

pub use file::Imported;
pub use ready::Ready;

use super::query::parsed;
use super::ranges::RelativeRanges;
use crate::ui::table::search::lower;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The most queries that are kept.
pub const MOST: usize = 100;

/// The most characters of a name.
pub const LONGEST_NAME: usize = 80;

/// The most bytes of a query: what servers and chats still take as a link.
pub const LONGEST_QUERY: usize = 4_000;

/// A query with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its name, unique whatever the case of its letters.
    pub name: String,
    /// The text behind `?` of the page's URL.
    pub query: String,
}

/// The queries that are kept, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedQueries {
    list: Vec<SavedQuery>,
}

/// What becomes of a query whose name another one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// It takes the place of the other.
    Replace,
    /// It is kept beside it, as "name (2)".
    KeepBoth,
}

impl SavedQuery {
    /// A query as it is kept: the name without needless blanks, the query without its page.
    ///
    /// # Errors
    /// One sentence: no name, too long a name or query, or a query that cannot be read.
    pub fn new(name: &str, search: &str) -> Result<Self, String> {
        let name = tidy(name);
        let length = name.chars().count();
        if length == 0 {
            return Err("The name is missing.".to_owned());
        }
        if length > LONGEST_NAME {
            return Err(format!(
                "The name has {length} characters, more than {LONGEST_NAME}."
            ));
        }
        let query = kept(search)?;
        Ok(Self { name, query })
    }
}

impl SavedQueries {
    /// The queries.
    #[must_use]
    pub fn list(&self) -> &[SavedQuery] {
        &self.list
    }

    /// The query of a name, in any case: to ask what shall become of it before it is replaced.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&SavedQuery> {
        self.list.get(self.place(name)?)
    }

    /// Keeps a query. Gives the name that it got.
    ///
    /// # Errors
    /// One sentence: as of [`SavedQuery::new`], or there are too many.
    pub fn save(
        &mut self,
        name: &str,
        search: &str,
        duplicates: Duplicates,
    ) -> Result<String, String> {
        let query = SavedQuery::new(name, search)?;
        match (self.place(&query.name), duplicates) {
            (Some(place), Duplicates::Replace) => {
                let name = query.name.clone();
                if let Some(old) = self.list.get_mut(place) {
                    *old = query;
                }
                Ok(name)
            }
            _ if self.list.len() >= MOST => Err(format!(
                "{MOST} queries are already saved: delete one first."
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
        if let Some(place) = self.place(name) {
            self.list.remove(place);
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        let name = lower(&tidy(name));
        let mut names = self.list.iter().map(|query| lower(&query.name));
        names.position(|other| other == name)
    }

    /// The name, or the first of "name (2)", "name (3)" and so on that no query has.
    fn free_name(&self, name: String) -> String {
        let numbered = (2_usize..).map(|number| {
            let suffix = format!(" ({number})");
            let room = LONGEST_NAME.saturating_sub(suffix.len());
            let begin: String = name.chars().take(room).collect();
            format!("{}{suffix}", begin.trim_end())
        });
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|name| self.place(name).is_none());
        free.unwrap_or(name)
    }
}

/// A name without needless blanks, in one line.
fn tidy(name: &str) -> String {
    let blank = |char: char| char.is_whitespace() || char.is_control();
    let words = name.split(blank).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Everything but RFC 3986's unreserved characters is encoded.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A parameter as it is written.
fn parameter(name: &str, value: &str) -> String {
    let encoded = |text| utf8_percent_encode(text, VALUE).to_string();
    format!("{}={}", encoded(name), encoded(value))
}

/// The text behind `?` of a page's URL as it is saved, after a check that it can run.
fn kept(search: &str) -> Result<String, String> {
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
            parsed(&value).map_err(|error| format!("The filter cannot be read. {error}"))?;
        }
        parts.push(parameter(&name, &value));
        let mut params = RelativeRanges::PARAMS.into_iter();
        if let Some(at) = params.position(|param| param == name) {
            // Of a parameter that stands twice, the first counts.
            ranges[at].get_or_insert(value);
        }
    }
    let [started, ended] = &ranges;
    RelativeRanges::read(started.as_deref(), ended.as_deref())?;
    let query = parts.join("&");
    match query.len() {
        length if length > LONGEST_QUERY => Err(format!(
            "The query has {length} bytes, more than {LONGEST_QUERY}."
        )),
        _ => Ok(query),
    }
}

/// As browsers write forms: `+` is a blank.
fn decoded(text: &str) -> Result<String, String> {
    let blanks = text.replace('+', " ");
    let text = percent_decode_str(&blanks).decode_utf8();
    let text = text.map_err(|_| "The query is not UTF-8 once decoded.".to_owned())?;
    Ok(text.into_owned())
}
