//! A text that is no filter but holds one: a query as documentation, an address bar or a script has it. Pure.

use super::query::MOST;
use vendors::veeam::{Query, Sort};

/// What such a text asks for.
#[derive(Debug, PartialEq)]
pub struct PastedQuery {
    /// The filter alone.
    pub filter: String,
    /// The order, where the text gives one.
    pub sort: Option<Sort>,
    /// The page size, where the text gives one.
    pub size: Option<u32>,
    /// What may not be meant, in sentences.
    pub warnings: String,
}

/// Reads a text that is no filter; `None` where it does not look like a query either.
///
/// # Errors
/// One sentence about what of the query cannot be read.
#[must_use]
pub fn read(text: &str) -> Option<Result<PastedQuery, String>> {
    let lower = text.to_ascii_lowercase();
    let has = |what: &str| lower.contains(what);
    let is_query = has("type=cloudfailoversession") || has("filter=");
    let pasted = if is_query {
        Query::from_text(text)
    } else if text.contains("\"\"") {
        // A filter alone, with quotes that may be doubled.
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
    // Somebody has begun to type one.
    if query.filter.is_none() && !text.contains('&') {
        return None;
    }
    let mut warnings = pasted.warnings;
    if query.page > 1 {
        warnings.push(format!(
            "page={} is left out: a query begins on its first page.",
            query.page
        ));
    }
    let size = has("pagesize=").then_some(query.page_size.min(MOST));
    if size.is_some_and(|size| size < query.page_size) {
        warnings.push(format!(
            "pageSize={} is more than this page shows at once: {MOST} are asked for.",
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
    fn a_whole_query_gives_its_filter_its_order_and_its_page_size() {
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
            "page=2 is left out: a query begins on its first page."
        );
        let query = pasted("type=CloudFailoverSession&format=Entities");
        assert_eq!(
            (query.filter.as_str(), query.sort, query.size),
            ("", None, None)
        );
    }

    #[test]
    fn a_page_size_that_is_too_large_is_the_largest_and_that_is_said() {
        let of = |size: &str| pasted(&format!("type=CloudFailoverSession&pageSize={size}"));
        assert_eq!(
            (of("1000").size, of("1000").warnings),
            (Some(1000), String::new())
        );
        let query = of("5000");
        assert_eq!(query.size, Some(1000));
        assert_eq!(
            query.warnings,
            "pageSize=5000 is more than this page shows at once: 1000 are asked for."
        );
    }

    #[test]
    fn what_may_not_be_meant_is_said() {
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
    fn what_is_no_query_stays_what_was_typed() {
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
