//! What the lists of groups and of slicer groups have in common: the search, the state chips, the order, the
//! pages, and rows that keep their places under the pointer. All of it lives in the URL.

use super::resource_row::{RowContext, row_state};
use crate::live::rows::Rows;
use crate::live::{Watched, use_watched};
use crate::nav::use_nav;
use crate::ui::table::filters::page_of;
use crate::ui::table::sorting::SortOrder;
use crate::ui::table::stable_rows::{RowLock, keep_order};
use health::inventory::{Kind, Resource};
use health::severity::Severity;
use leptos::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;

/// Rows a page: what a tall screen shows at once. Each row that is drawn costs with every refresh.
pub const A_PAGE: usize = 25;

/// What a column is sorted by; what is absent stands last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Nothing.
    Absent,
}

impl From<Option<&str>> for SortKey {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(text.to_ascii_lowercase()))
    }
}

impl From<Option<i64>> for SortKey {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Absent, Self::Number)
    }
}

/// What one kind of resource brings to its list.
#[derive(Clone, Copy)]
pub struct ListOf {
    /// Which kind.
    pub kind: Kind,
    /// The columns that can be sorted by.
    pub keys: &'static [&'static str],
    /// What a column beside state, name and connection is sorted by.
    pub key_of: fn(&Resource, &str) -> SortKey,
    /// Further texts that a search looks in, beside name, id and connection.
    pub texts: for<'a> fn(&'a Resource, &mut dyn FnMut(&'a str)),
}

/// A resource and how it counts.
#[derive(Clone, PartialEq)]
struct Entry {
    resource: Arc<Resource>,
    severity: Severity,
}

/// A list as the URL asks for it.
#[derive(Clone, Copy)]
pub struct ResourceList {
    /// What the search found.
    found: Memo<Vec<Entry>>,
    /// The order in force.
    pub order: Memo<SortOrder>,
    /// Holds the order while the pointer or the focus is among the rows.
    pub row_lock: RowLock,
    /// How many the chip leaves.
    pub number: Signal<usize>,
    /// The page that is shown, from 1.
    pub page: Memo<usize>,
    /// The resources of that page.
    pub shown: Memo<Vec<Arc<Resource>>>,
    kind: Kind,
}

/// Worst first.
const WORST_FIRST: SortOrder = SortOrder {
    key: "state",
    descending: false,
};

fn belongs(severity: Severity, state: Option<&str>) -> bool {
    match state {
        Some("attention") => matches!(severity, Severity::Critical | Severity::Warning),
        Some(key) => severity.key() == key,
        None => true,
    }
}

/// Begins a list.
#[must_use]
pub fn resource_list(of: ListOf) -> ResourceList {
    let (nav, watched) = (use_nav(), use_watched());
    let ListOf { kind, keys, .. } = of;
    let order =
        Memo::new(move |_| SortOrder::read(nav.param("sort").as_deref(), keys, WORST_FIRST));
    let title = move |resource: &Resource| {
        let state = watched
            .world()
            .connection(&resource.key.connection)
            .cloned();
        state
            .map(|state| state.connection.title.clone())
            .unwrap_or_default()
    };
    let found = Memo::new(move |_| {
        let words = nav.param("q").unwrap_or_default().to_lowercase();
        let only = nav.param("connection");
        let mut resources = watched.of_kind(kind);
        resources.retain(|(resource, _)| {
            only.as_ref()
                .is_none_or(|only| *only == resource.key.connection)
                && (words.is_empty() || matches(of, resource, &title(resource), &words))
        });
        let entries = resources.into_iter().map(|(resource, fresh)| Entry {
            severity: resource.counts_as(fresh),
            resource,
        });
        entries.collect::<Vec<_>>()
    });
    let row_lock = RowLock::new();
    let sorted = Memo::new(move |before: Option<&(SortOrder, Vec<Arc<Resource>>)>| {
        let state = nav.param("state");
        let order = order.get();
        let found = found.read();
        let entries = found
            .iter()
            .filter(|entry| belongs(entry.severity, state.as_deref()));
        let mut keyed: Vec<_> = entries
            .map(|entry| {
                let resource = &entry.resource;
                let key = match order.key {
                    "state" => (Some(entry.severity), SortKey::Absent),
                    "group" => (None, SortKey::Absent),
                    "connection" => (None, SortKey::from(Some(title(resource).as_str()))),
                    key => (None, (of.key_of)(resource, key)),
                };
                (key, Arc::clone(resource))
            })
            .collect();
        // Equal ones by name, so that they do not jump between two refreshes.
        keyed.sort_by(|(a, left), (b, right)| {
            let by = a.cmp(b).then_with(|| by_name(left, right));
            if order.descending { by.reverse() } else { by }
        });
        let mut sorted: Vec<_> = keyed.into_iter().map(|(_, resource)| resource).collect();
        let before = before.filter(|(by, _)| row_lock.is_held() && *by == order);
        if let Some((_, before)) = before {
            keep_order(&mut sorted, before, |resource| resource.key.clone());
        }
        (order, sorted)
    });
    let number = Signal::derive(move || sorted.read().1.len());
    let page = Memo::new(move |_| page_of(nav.param("page").as_deref(), number.get(), A_PAGE));
    let shown = Memo::new(move |_| {
        let sorted = sorted.read();
        let of_page = sorted.1.iter().skip((page.get() - 1) * A_PAGE).take(A_PAGE);
        of_page.cloned().collect::<Vec<_>>()
    });
    ResourceList {
        found,
        order,
        row_lock,
        number,
        page,
        shown,
        kind,
    }
}

/// By name without regard to ASCII case, and equal names by key.
fn by_name(left: &Resource, right: &Resource) -> Ordering {
    fn lower(resource: &Resource) -> impl Iterator<Item = u8> {
        resource.name.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    lower(left)
        .cmp(lower(right))
        .then_with(|| left.key.cmp(&right.key))
}

fn matches(of: ListOf, resource: &Resource, title: &str, words: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(words);
    let mut found = contains(&resource.name) || contains(&resource.key.id) || contains(title);
    (of.texts)(resource, &mut |text| found = found || contains(text));
    found
}

impl ResourceList {
    /// How many of what the search found a chip would leave.
    #[must_use]
    pub fn count(self, state: Option<&'static str>) -> Signal<usize> {
        Signal::derive(move || {
            let found = self.found.read();
            found
                .iter()
                .filter(|entry| belongs(entry.severity, state))
                .count()
        })
    }

    /// The rows of the page that is shown, drawn from the resources by `row`.
    #[must_use]
    pub fn rows<R: Clone + PartialEq + Send + Sync + 'static>(
        self,
        row: fn(&Resource, RowContext) -> R,
    ) -> Rows<R> {
        let watched = use_watched();
        Rows::follow(Memo::new(move |_| {
            let world = watched.world();
            let shown = self.shown.read();
            let rows = shown.iter().map(|resource| {
                let state = world.connection(&resource.key.connection);
                let context = RowContext {
                    connection: state
                        .map_or_else(String::new, |state| state.connection.title.clone()),
                    state: row_state(watched, resource),
                };
                row(resource, context)
            });
            rows.collect()
        }))
    }

    /// The order in force, in words that follow the number of rows.
    #[must_use]
    pub fn order_words(self) -> &'static str {
        if self.order.get() == WORST_FIRST {
            ", worst first"
        } else {
            ""
        }
    }

    /// Whether some connection was read, so that an empty list is empty and not merely unread.
    #[must_use]
    pub fn is_read(self, watched: Watched) -> bool {
        let world = watched.world();
        let mut read = world
            .connections
            .iter()
            .filter(|state| state.observed_at.is_some());
        read.any(|state| Kind::held_by(&state.connection.system) == self.kind)
    }
}
