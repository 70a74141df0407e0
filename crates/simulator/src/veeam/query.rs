//! `GET /api/query`: parses and checks the parameters, selects the page and builds the paging links.

use super::field::{Field, Value};
use super::filter::Filter;
use super::model::Shown;
use crate::path::pairs;
use axum::http::StatusCode;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A status with the server's message.
pub(super) type Refusal = (StatusCode, String);

const TYPE: &str = "CloudFailoverSession";

/// The page size when the request does not specify it.
const PAGE_SIZE: usize = 100;

#[derive(Debug)]
enum Order {
    Random,
    Ascending(Field),
    Descending(Field),
}

/// A valid query.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) entities: bool,
    order: Order,
    filter: Option<Filter>,
    page_size: usize,
    page: usize,
    /// The query as it was sent, for the links of the response.
    raw: String,
}

/// The paging information of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) page: usize,
    pub(super) page_size: usize,
    pub(super) pages: usize,
    /// Each link's `Rel` and query.
    pub(super) links: Vec<(&'static str, String)>,
}

fn bad(message: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, message.into())
}

/// A positive whole number.
fn positive(name: &str, text: Option<&str>, missing: usize) -> Result<usize, Refusal> {
    let Some(text) = text else { return Ok(missing) };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        bad(format!(
            "{name} has to be a whole number greater than 0, not '{text}'."
        ))
    })
}

impl Query {
    /// Parses the query of an address.
    ///
    /// # Errors
    /// 400 with the server's message, also for types that are not simulated.
    pub(super) fn parse(raw: &str) -> Result<Self, Refusal> {
        let given = pairs(raw);
        let get = |name: &str| {
            let found = given.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        match get("type") {
            Some(kind) if kind.eq_ignore_ascii_case(TYPE) => {}
            None | Some("") => return Err(bad("The query has no type.")),
            Some(kind) => {
                let message = format!("The type '{kind}' is not simulated, only {TYPE} is.");
                return Err(bad(message));
            }
        }
        let order = match (get("sortAsc"), get("sortDesc")) {
            (None, None) => Order::Random,
            (Some(name), None) => Order::Ascending(Field::named(name).map_err(bad)?),
            (None, Some(name)) => Order::Descending(Field::named(name).map_err(bad)?),
            (Some(_), Some(_)) => {
                return Err(bad("Only one of sortAsc and sortDesc can be given."));
            }
        };
        let filter = get("filter").filter(|text| !text.is_empty());
        Ok(Self {
            entities: get("format").is_some_and(|format| format.eq_ignore_ascii_case("Entities")),
            order,
            filter: filter.map(Filter::parse).transpose().map_err(bad)?,
            page_size: positive("pageSize", get("pageSize"), PAGE_SIZE)?,
            page: positive("page", get("page"), 1)?,
            raw: raw.to_owned(),
        })
    }

    /// The sessions of the requested page, and its paging information. A page after the last is empty.
    pub(super) fn run<'a>(&self, sessions: Vec<Shown<'a>>, seed: u64) -> (Vec<Shown<'a>>, Paging) {
        let mut found: Vec<_> = sessions
            .into_iter()
            .filter(|shown| {
                self.filter
                    .as_ref()
                    .is_none_or(|filter| filter.matches(shown))
            })
            .collect();
        self.sort(&mut found, seed);
        let pages = found.len().div_ceil(self.page_size);
        let before = (self.page - 1).saturating_mul(self.page_size);
        let on_page = found
            .into_iter()
            .skip(before)
            .take(self.page_size)
            .collect();
        (on_page, self.paging(pages))
    }

    fn sort(&self, sessions: &mut [Shown<'_>], seed: u64) {
        let key = |field: Field, shown: &Shown<'_>| -> (Option<Value>, String) {
            (field.of(shown), shown.session.uid.clone())
        };
        match self.order {
            Order::Ascending(field) => sessions.sort_by_cached_key(|shown| key(field, shown)),
            Order::Descending(field) => {
                sessions.sort_by_cached_key(|shown| std::cmp::Reverse(key(field, shown)));
            }
            Order::Random => sessions.sort_by_cached_key(|shown| {
                let mut hasher = DefaultHasher::new();
                (seed, &shown.session.uid).hash(&mut hasher);
                hasher.finish()
            }),
        }
    }

    fn paging(&self, pages: usize) -> Paging {
        let last = pages.max(1);
        let mut links = vec![("First", 1)];
        if self.page > 1 {
            links.push(("Previous", (self.page - 1).min(last)));
        }
        if self.page < last {
            links.push(("Next", self.page + 1));
        }
        links.push(("Last", last));
        Paging {
            page: self.page,
            page_size: self.page_size,
            pages,
            links: links
                .into_iter()
                .map(|(rel, page)| (rel, self.link(page)))
                .collect(),
        }
    }

    /// The query for another page: the original with its paging parameters replaced or added.
    fn link(&self, page: usize) -> String {
        let paging = [("pageSize", self.page_size), ("page", page)];
        let mut parts: Vec<String> = Vec::new();
        let mut seen = [false; 2];
        for part in self.raw.split('&').filter(|part| !part.is_empty()) {
            let name = part.split('=').next().unwrap_or(part);
            match paging
                .iter()
                .position(|(key, _)| key.eq_ignore_ascii_case(name))
            {
                Some(at) if !seen[at] => {
                    seen[at] = true;
                    parts.push(format!("{}={}", paging[at].0, paging[at].1));
                }
                Some(_) => {}
                None => parts.push(part.to_owned()),
            }
        }
        for (at, (key, value)) in paging.iter().enumerate() {
            if !seen[at] {
                parts.push(format!("{key}={value}"));
            }
        }
        parts.join("&")
    }
}

/// Sorts by the order of the collection, which the vendor does not document.
pub(super) fn newest_first(sessions: &mut [Shown<'_>]) {
    sessions.sort_by_cached_key(|shown| {
        std::cmp::Reverse((shown.session.run.creation, shown.session.uid.clone()))
    });
}
