//! The query as it stands in the URL:
//! `?connection=…&filter=…&started=24h&sort=-CreationTime&size=…&page=…&wire=xml`.

use super::ranges::RelativeRanges;
use crate::nav::Nav;
use crate::route::ALL_CONNECTIONS;
use crate::ui::time_zone::ZoneAt;
use chrono::{DateTime, Utc};
use vendors::veeam::{Field, Filter, FilterError, MediaType, Query, Sort};

/// The page sizes on offer; the server's own is 100.
pub const SIZES: [u32; 4] = [10, 25, 50, 100];

/// The size that a fresh query has.
pub const SIZE: u32 = 25;

/// The largest size that a query may have.
pub const MOST: u32 = 1000;

/// What the URL asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryParams {
    /// The query without the relative ranges, or what is wrong with it.
    pub query: Result<Query, String>,
    /// The filter as typed.
    pub filter: String,
    /// The ranges that are counted back from now.
    pub relative: RelativeRanges,
    /// The media type to ask for; the connection's own where the URL says none.
    pub wire: Option<MediaType>,
    /// Whether all connections are asked, each in the media type that it is configured for.
    pub all: bool,
    /// Whether the collection of the last 30 days is asked for in place of the query.
    pub recent: bool,
    /// The sort field and direction.
    pub sort: Sort,
    /// Rows a page.
    pub size: u32,
    /// From 1.
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
    /// The query that is sent, its relative ranges counted back from `now`.
    ///
    /// # Errors
    /// What is wrong with the filter or a range.
    pub fn sent(&self, now: DateTime<Utc>, zone: ZoneAt) -> Result<Query, String> {
        let query = self.query.clone()?;
        let filter = self.relative.narrow(query.filter.as_ref(), now, zone);
        Ok(Query { filter, ..query })
    }

    /// The same but for the page.
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
        .filter(|size| (1..=MOST).contains(size))
        .unwrap_or(SIZE);
    let page = page.parse().ok().filter(|page| *page > 0).unwrap_or(1);
    let query = parsed(&filter)
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

/// A filter as it is typed; `None` where nothing is.
///
/// # Errors
/// Why it cannot be read.
pub fn parsed(text: &str) -> Result<Option<Filter>, FilterError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Filter::parse(text).map(Some)
}

/// A media type by its word in the URL.
#[must_use]
pub fn media_type(word: &str) -> Option<MediaType> {
    match word {
        "json" => Some(MediaType::Json),
        "xml" => Some(MediaType::Xml),
        _ => None,
    }
}

/// A sort as it stands in the URL.
#[must_use]
pub fn write_sort(sort: Sort) -> String {
    let sign = if sort.descending { "-" } else { "" };
    format!("{sign}{}", sort.field.name())
}

#[cfg(test)]
mod tests {
    use super::{SIZE, read, write_sort};
    use vendors::veeam::{Field, Sort};

    fn of(filter: &str, sort: &str, size: &str, page: &str) -> super::QueryParams {
        read(filter.to_owned(), sort, size, page)
    }

    #[test]
    fn an_empty_url_asks_for_the_newest() {
        let params = of("", "", "", "");
        assert_eq!(
            params.sort,
            Sort {
                field: Field::CreationTime,
                descending: true
            }
        );
        assert_eq!((params.size, params.page), (SIZE, 1));
        assert!(params.query.is_ok_and(|query| query.filter.is_none()));
    }

    #[test]
    fn a_sort_survives_the_url() {
        for sort in ["Name", "-EndTime", "-CreationTime"] {
            assert_eq!(write_sort(of("", sort, "", "").sort), sort);
        }
    }

    #[test]
    fn nonsense_in_the_url_is_the_default_and_a_wrong_filter_says_where() {
        let params = of("Colour==red", "Colour", "-5", "0");
        assert_eq!((params.size, params.page), (SIZE, 1));
        assert!(params.query.is_err());
    }
}
