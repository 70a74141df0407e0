//! Reads a complete query that is pasted into the filter field, as in documentation, an address bar or a script. Pure.

use super::query::MAX_PAGE_SIZE;
use vendors::veeam::{Query, Sort};

/// A query that was pasted.
#[derive(Debug, PartialEq)]
pub struct PastedQuery {
    /// The filter.
    pub filter: String,
    /// The order, if the text contains one.
    pub sort: Option<Sort>,
    /// The page size, if the text contains one.
    pub size: Option<u32>,
    /// Possible mistakes, in sentences.
    pub warnings: String,
}

/// Reads a text that is not a valid filter; `None` if it does not look like a query either.
///
/// # Errors
/// One sentence about the part of the query that cannot be read.
#[must_use]
pub fn read(text: &str) -> Option<Result<PastedQuery, String>> {
    let lower = text.to_ascii_lowercase();
    let has = |what: &str| lower.contains(what);
    let is_query = has("type=cloudfailoversession") || has("filter=");
    let pasted = if is_query {
        Query::from_text(text)
    } else if text.contains("\"\"") {
        // Only a filter, with quotes that may be doubled.
        let filter = text.replace('%', "%25").replace('&', "%26");
        Query::from_text(&format!("filter={filter}")).ok().map(Ok)?
    } else {
        return None;
    };
    let pasted = match pasted {
        Ok(pasted) => pasted,
        Err(why) => return Some(Err(why)),
    };
    let query = pasted.query;
    // A query that is still being typed.
    if query.filter.is_none() && !text.contains('&') {
        return None;
    }
    let mut warnings = pasted.warnings;
    if query.page > 1 {
        warnings.push(format!(
            "page={} is ignored: a query starts on its first page.",
            query.page
        ));
    }
    let size = has("pagesize=").then_some(query.page_size.min(MAX_PAGE_SIZE));
    if size.is_some_and(|size| size < query.page_size) {
        warnings.push(format!(
            "pageSize={} exceeds the maximum: {MAX_PAGE_SIZE} is used.",
            query.page_size
        ));
    }
    Some(Ok(PastedQuery {
        filter: query
            .filter
            .map(|filter| filter.to_string())
            .unwrap_or_default(),
        sort: (has("sortasc=") || has("sortdesc=")).then_some(query.sort),
        size,
        warnings: warnings.join(" "),
    }))
}

#[cfg(test)]
mod tests {
    use super::read;
    use vendors::veeam::{Field, Sort};

    fn pasted(text: &str) -> super::PastedQuery {
        read(text).expect("a query").expect(text)
    }

    #[test]
    fn a_complete_query_has_a_filter_an_order_and_a_page_size() {
        let query = pasted(
            "type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&filter=Result==failed",
        );
        assert_eq!(
            (query.filter.as_str(), query.size, query.warnings.as_str()),
            ("Result==failed", None, "")
        );
        assert_eq!(query.sort, Some(Sort::default()));
        let query = pasted(
            "https://em:9398/api/query?type=CloudFailoverSession&pageSize=3&page=2&sortAsc=name&filter=Result==Failed;Name==dbserver01",
        );
        assert_eq!(
            (query.filter.as_str(), query.size),
            ("Result==Failed;Name==dbserver01", Some(3))
        );
        assert_eq!(
            query.sort,
            Some(Sort {
                field: Field::Name,
                descending: false
            })
        );
        assert_eq!(
            query.warnings,
            "page=2 is ignored: a query starts on its first page."
        );
        let query = pasted("type=CloudFailoverSession&format=Entities");
        assert_eq!(
            (query.filter.as_str(), query.sort, query.size),
            ("", None, None)
        );
    }

    #[test]
    fn a_page_size_over_the_maximum_is_limited_with_a_warning() {
        let of = |size: &str| pasted(&format!("type=CloudFailoverSession&pageSize={size}"));
        assert_eq!(
            (of("1000").size, of("1000").warnings),
            (Some(1000), String::new())
        );
        let query = of("5000");
        assert_eq!(query.size, Some(1000));
        assert_eq!(
            query.warnings,
            "pageSize=5000 exceeds the maximum: 1000 is used."
        );
    }

    #[test]
    fn possible_mistakes_in_a_query_are_warned_about() {
        for (text, filter, warning) in [
            (
                "type=CloudFailoverSession&filter=State==Working&Result==None",
                "State==Working",
                "an unescaped & ends it",
            ),
            (
                "type=CloudFailoverSession&filter=Name==\"\"Backup\"\"",
                "Name==Backup",
                "Doubled quotes are ambiguous",
            ),
            (
                "Name==\"\"R&D 100%41\"\"",
                "Name==\"R&D 100%41\"",
                "Doubled quotes are ambiguous",
            ),
        ] {
            let query = pasted(text);
            assert_eq!(query.filter, filter, "{text}");
            assert!(
                query.warnings.contains(warning),
                "{text}: {}",
                query.warnings
            );
        }
    }

    #[test]
    fn text_that_is_not_a_query_is_not_read_as_one() {
        for text in [
            "",
            "Colour==red",
            "filter=",
            "type=CloudFailoverSession",
            "Name==\"\"x",
            "State==Working&Result==None",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for (text, why) in [
            (
                "type=Backup&filter=Result==Failed",
                "“Backup” is not CloudFailoverSession",
            ),
            (
                "type=CloudFailoverSession&filter=Colour==red",
                "filter: At character 1",
            ),
        ] {
            let problem = read(text).expect("a query").expect_err(text);
            assert!(problem.contains(why), "{text}: {problem}");
        }
    }
}
