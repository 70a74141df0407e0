//! A whole query: filter, sort and page, to and from the text after `?`.

use super::field::Field;
use super::filter::Filter;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded: a raw `&` would end the filter.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the rows of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Whole sessions.
    #[default]
    Entities,
    /// Names and links only.
    References,
}

/// The sort order; unsorted results come in random order, so there always is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub field: Field,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Default for Sort {
    /// The newest first.
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
    /// Which; all when `None`.
    pub filter: Option<Filter>,
    /// In which order.
    pub sort: Sort,
    /// Rows a page, over 0.
    pub page_size: u32,
    /// From 1.
    pub page: u32,
    /// What the rows are.
    pub format: Format,
}

impl Default for Query {
    /// The newest sessions, whole, in pages of the server's own size.
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

/// A query read from a text that someone pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// The query.
    pub query: Query,
    /// What may not be what the person meant.
    pub warnings: Vec<String>,
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

    /// Reads the text after `?` of a query for cloud failover sessions, as it stands in documentation
    /// or in an address bar, percent-encoded or not.
    ///
    /// # Errors
    /// One sentence on what cannot be read.
    pub fn from_text(text: &str) -> Result<Pasted, String> {
        let mut query = Self {
            format: Format::References,
            ..Self::default()
        };
        let mut warnings = Vec::new();
        let mut filtered = false;
        for part in text
            .trim()
            .trim_start_matches('?')
            .split('&')
            .filter(|part| !part.is_empty())
        {
            let (name, raw) = part.split_once('=').unwrap_or((part, ""));
            let value = percent_decode_str(raw)
                .decode_utf8()
                .map_err(|_| format!("{name}: not UTF-8 once decoded"))?;
            let field = || {
                Field::from_name(&value)
                    .ok_or_else(|| format!("{name}: there is no field `{value}`"))
            };
            let number = || {
                value
                    .parse()
                    .ok()
                    .filter(|n| *n > 0)
                    .ok_or_else(|| format!("{name}: `{value}` is not a number over 0"))
            };
            match name.to_ascii_lowercase().as_str() {
                "type" if value.eq_ignore_ascii_case("CloudFailoverSession") => {}
                "type" => return Err(format!("type: `{value}` is not CloudFailoverSession")),
                "format" if value.to_ascii_lowercase().starts_with("entit") => query.format = Format::Entities,
                "format" => {}
                "sortasc" => query.sort = Sort { field: field()?, descending: false },
                "sortdesc" => query.sort = Sort { field: field()?, descending: true },
                "pagesize" => query.page_size = number()?,
                "page" => query.page = number()?,
                "filter" if value.is_empty() => {}
                "filter" => {
                    filtered = true;
                    if Filter::is_ambiguous(&value) {
                        warnings.push("Doubled quotes can be read in two ways: write one quote around the value, and two for a quote inside of it.".to_owned());
                        continue;
                    }
                    query.filter = Some(Filter::parse(&value).map_err(|error| format!("filter: {error}"))?);
                }
                _ if filtered => warnings.push(format!("`&{part}` stands after the filter: a raw & ends it. Write ; for “and”, or %26 inside of a value.")),
                _ => warnings.push(format!("`{part}` is no parameter of the query and is left out.")),
            }
        }
        Ok(Pasted { query, warnings })
    }
}
