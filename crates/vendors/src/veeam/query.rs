//! A query (filter, sort and page) and its encoding as the text after `?`.

use super::field::Field;
use super::filter::Filter;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that are encoded: all but the unreserved ones of RFC 3986, because a raw `&` would end the filter.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The content of the rows of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Complete sessions.
    #[default]
    Entities,
    /// Names and links only.
    References,
}

/// The sort order. It is required, because unsorted results come in random order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The field to sort by.
    pub field: Field,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

impl Default for Sort {
    /// Newest first.
    fn default() -> Self {
        Self {
            field: Field::CreationTime,
            descending: true,
        }
    }
}

/// A query for cloud failover sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The filter; `None` for all sessions.
    pub filter: Option<Filter>,
    /// The sort order.
    pub sort: Sort,
    /// The number of rows per page, greater than 0.
    pub page_size: u32,
    /// The page, from 1.
    pub page: u32,
    /// The content of the rows.
    pub format: Format,
}

impl Default for Query {
    /// The newest complete sessions, in pages of the server's default size.
    fn default() -> Self {
        Self {
            filter: None,
            sort: Sort::default(),
            page_size: 100,
            page: 1,
            format: Format::default(),
        }
    }
}

impl Query {
    /// The text after `?`, percent-encoded.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = "type=CloudFailoverSession".to_owned();
        if self.format == Format::Entities {
            text += "&format=Entities";
        }
        let sort = if self.sort.descending {
            "sortDesc"
        } else {
            "sortAsc"
        };
        text += &format!(
            "&{sort}={}&pageSize={}&page={}",
            self.sort.field.name(),
            self.page_size.max(1),
            self.page.max(1)
        );
        if let Some(filter) = self.filter.clone().and_then(Filter::normalised) {
            text += &format!(
                "&filter={}",
                utf8_percent_encode(&filter.to_string(), VALUE)
            );
        }
        text
    }
}
