//! The query in the URL:
//! `?connection=…&filter=…&started=24h&sort=-CreationTime&size=…&page=…&wire=xml`.

use super::ranges::RelativeRanges;
use crate::nav::Nav;
use crate::route::ALL_CONNECTIONS;
use crate::ui::time_zone::ZoneAt;
use chrono::{DateTime, Utc};
use vendors::veeam::{Field, Filter, FilterError, MediaType, Query, Sort};

/// The page sizes on offer; the server's own is 100.
pub const PAGE_SIZES: [u32; 4] = [10, 25, 50, 100];

/// The default page size.
pub const DEFAULT_PAGE_SIZE: u32 = 25;

/// The maximum page size.
pub const MAX_PAGE_SIZE: u32 = 1000;

/// The query that the URL describes.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryParams {
    /// The query without the relative ranges, or why it is invalid.
    pub query: Result<Query, String>,
    /// The filter as typed.
    pub filter: String,
    /// The time ranges relative to now.
    pub relative: RelativeRanges,
    /// The media type to request; `None` for the one that the connection is configured for.
    pub wire: Option<MediaType>,
    /// Whether all connections are queried, each with its configured media type.
    pub all: bool,
    /// Whether the collection of the last 30 days is requested instead of the query.
    pub recent: bool,
    /// The sort field and direction.
    pub sort: Sort,
    /// The number of rows per page.
    pub size: u32,
    /// The page number, from 1.
    pub page: u32,
}

/// Reads the URL.
#[must_use]
pub fn query_params(nav: Nav) -> QueryParams {
    let [started, ended] = RelativeRanges::PARAMS.map(|name| nav.param(name));
    let relative = RelativeRanges::read(started.as_deref(), ended.as_deref());
    let params = read(
        nav.param("filter").unwrap_or_default(),
        &nav.param("sort").unwrap_or_default(),
        &nav.param("size").unwrap_or_default(),
        &nav.param("page").unwrap_or_default(),
    );
    let (relative, query) = match relative {
        Ok(relative) => (relative, params.query),
        Err(error) => (RelativeRanges::default(), Err(error)),
    };
    let all = nav.param("connection").as_deref() == Some(ALL_CONNECTIONS);
    let wire = nav.param("wire").filter(|_| !all);
    QueryParams {
        query,
        relative,
        wire: wire.as_deref().and_then(media_type),
        all,
        recent: nav.param("recent").is_some(),
        ..params
    }
}

impl QueryParams {
    /// The query to send, with its relative ranges resolved at `now`.
    ///
    /// # Errors
    /// Why the filter or a range is invalid.
    pub fn resolved(&self, now: DateTime<Utc>, zone: ZoneAt) -> Result<Query, String> {
        let query = self.query.clone()?;
        let filter = self.relative.narrow(query.filter.as_ref(), now, zone);
        Ok(Query { filter, ..query })
    }

    /// Whether the two differ at most in the page number.
    #[must_use]
    pub fn is_same_list(&self, other: &Self) -> bool {
        let first = |params: &Self| Self {
            page: 1,
            query: Err(String::new()),
            ..params.clone()
        };
        first(self) == first(other)
    }
}

fn read(filter: String, sort: &str, size: &str, page: &str) -> QueryParams {
    let (descending, name) = sort
        .strip_prefix('-')
        .map_or((false, sort), |name| (true, name));
    let sort =
        Field::from_name(name).map_or_else(Sort::default, |field| Sort { field, descending });
    let size = size
        .parse()
        .ok()
        .filter(|size| (1..=MAX_PAGE_SIZE).contains(size))
        .unwrap_or(DEFAULT_PAGE_SIZE);
    let page = page.parse().ok().filter(|page| *page > 0).unwrap_or(1);
    let query = parse_filter(&filter)
        .map(|filter| Query {
            filter,
            sort,
            page_size: size,
            page,
            ..Query::default()
        })
        .map_err(|error| error.to_string());
    QueryParams {
        query,
        filter,
        relative: RelativeRanges::default(),
        wire: None,
        all: false,
        recent: false,
        sort,
        size,
        page,
    }
}

/// Parses a typed filter; `None` if it is blank.
///
/// # Errors
/// The syntax error.
pub fn parse_filter(text: &str) -> Result<Option<Filter>, FilterError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Filter::parse(text).map(Some)
}

/// The media type for a value of the URL parameter `wire`.
#[must_use]
pub fn media_type(word: &str) -> Option<MediaType> {
    match word {
        "json" => Some(MediaType::Json),
        "xml" => Some(MediaType::Xml),
        _ => None,
    }
}

/// The value of the URL parameter `sort`.
#[must_use]
pub fn write_sort(sort: Sort) -> String {
    let sign = if sort.descending { "-" } else { "" };
    format!("{sign}{}", sort.field.name())
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_PAGE_SIZE, read, write_sort};
    use vendors::veeam::{Field, Sort};

    fn of(filter: &str, sort: &str, size: &str, page: &str) -> super::QueryParams {
        read(filter.to_owned(), sort, size, page)
    }

    #[test]
    fn an_empty_url_queries_the_newest_sessions() {
        let params = of("", "", "", "");
        assert_eq!(
            params.sort,
            Sort {
                field: Field::CreationTime,
                descending: true
            }
        );
        assert_eq!((params.size, params.page), (DEFAULT_PAGE_SIZE, 1));
        assert!(params.query.is_ok_and(|query| query.filter.is_none()));
    }

    #[test]
    fn a_sort_survives_the_url() {
        for sort in ["Name", "-EndTime", "-CreationTime"] {
            assert_eq!(write_sort(of("", sort, "", "").sort), sort);
        }
    }

    #[test]
    fn invalid_url_values_become_defaults_and_an_invalid_filter_is_an_error() {
        let params = of("Colour==red", "Colour", "-5", "0");
        assert_eq!((params.size, params.page), (DEFAULT_PAGE_SIZE, 1));
        assert!(params.query.is_err());
    }
}
