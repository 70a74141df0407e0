//! The query as it stands in the URL: `?connection=…&filter=…&sort=-CreationTime&size=…&page=…`.

use crate::nav::Nav;
use vendors::veeam::{Field, Filter, Query, Sort};

/// The page sizes on offer; the server's own is 100.
pub const SIZES: [u32; 4] = [10, 25, 50, 100];

/// The size that a fresh query has.
const SIZE: u32 = 25;

/// What the URL asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The query, or what is wrong with the filter.
    pub query: Result<Query, String>,
    /// The filter as typed.
    pub filter: String,
    /// The sort field and direction.
    pub sort: Sort,
    /// Rows a page.
    pub size: u32,
    /// From 1.
    pub page: u32,
}

/// Reads the URL.
#[must_use]
pub fn asked(nav: Nav) -> Asked {
    read(
        nav.param("filter").unwrap_or_default(),
        &nav.param("sort").unwrap_or_default(),
        &nav.param("size").unwrap_or_default(),
        &nav.param("page").unwrap_or_default(),
    )
}

fn read(filter: String, sort: &str, size: &str, page: &str) -> Asked {
    let (descending, name) = sort
        .strip_prefix('-')
        .map_or((false, sort), |name| (true, name));
    let sort =
        Field::from_name(name).map_or_else(Sort::default, |field| Sort { field, descending });
    let size = size
        .parse()
        .ok()
        .filter(|size| (1..=1000).contains(size))
        .unwrap_or(SIZE);
    let page = page.parse().ok().filter(|page| *page > 0).unwrap_or(1);
    let parsed = if filter.trim().is_empty() {
        Ok(None)
    } else {
        Filter::parse(&filter).map(Some)
    };
    let query = parsed
        .map(|filter| Query {
            filter,
            sort,
            page_size: size,
            page,
            ..Query::default()
        })
        .map_err(|error| error.to_string());
    Asked {
        query,
        filter,
        sort,
        size,
        page,
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

    fn of(filter: &str, sort: &str, size: &str, page: &str) -> super::Asked {
        read(filter.to_owned(), sort, size, page)
    }

    #[test]
    fn an_empty_url_asks_for_the_newest() {
        let asked = of("", "", "", "");
        assert_eq!(
            asked.sort,
            Sort {
                field: Field::CreationTime,
                descending: true
            }
        );
        assert_eq!((asked.size, asked.page), (SIZE, 1));
        assert!(asked.query.is_ok_and(|query| query.filter.is_none()));
    }

    #[test]
    fn a_sort_survives_the_url() {
        for sort in ["Name", "-EndTime", "-CreationTime"] {
            assert_eq!(write_sort(of("", sort, "", "").sort), sort);
        }
    }

    #[test]
    fn nonsense_in_the_url_is_the_default_and_a_wrong_filter_says_where() {
        let asked = of("Colour==red", "Colour", "-5", "0");
        assert_eq!((asked.size, asked.page), (SIZE, 1));
        assert!(asked.query.is_err());
    }
}
