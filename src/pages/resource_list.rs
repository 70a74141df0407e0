//! The common parts of the lists of groups and of slicer groups: search, state chips, sorting, paging, and rows
//! that do not move under the pointer. Search, filters, order and page live in the URL.

use super::resource_order::{Entry, SortKey, Sorted, WORST_FIRST};
use super::resource_row::{RowContext, row_state};
use crate::live::rows::Rows;
use crate::live::{Watched, use_watched};
use crate::nav::{Nav, use_nav};
use crate::route::Route;
use crate::ui::table::filters::{page_of, state};
use crate::ui::table::search::{contains_ignore_case, lower};
use crate::ui::table::sorting::SortOrder;
use crate::ui::table::stable_rows::RowLock;
use health::inventory::{Kind, Resource};
use health::severity::Severity;
use leptos::prelude::*;

/// Rows per page: as many as fit on a tall screen, because each drawn row costs time with every refresh.
pub const PAGE_SIZE: usize = 25;

/// The configuration of the list of one kind of resource.
#[derive(Clone, Copy)]
pub struct ListConfig {
    /// The kind of resource.
    pub kind: Kind,
    /// The sortable columns.
    pub keys: &'static [&'static str],
    /// The sort key of a column other than state, name and connection.
    pub key_of: fn(&Resource, &str) -> SortKey,
    /// Further texts to search, beside name, id and connection.
    pub texts: for<'a> fn(&'a Resource, &mut dyn FnMut(&'a str)),
}

/// A list as the URL specifies it.
#[derive(Clone, Copy)]
pub struct ResourceList {
    /// The search results.
    found: Memo<Vec<Entry>>,
    /// The current sort order.
    pub order: Memo<SortOrder>,
    /// Keeps rows in place while the pointer or the focus is among them.
    pub row_lock: RowLock,
    /// Number of search results that the state chip includes.
    pub number: Signal<usize>,
    /// The current page, from 1.
    pub page: Memo<usize>,
    /// The resources on the current page.
    shown: Memo<Vec<Entry>>,
    kind: Kind,
}

fn is_in_state(severity: Severity, state: Option<&str>) -> bool {
    match state {
        Some("attention") => matches!(severity, Severity::Critical | Severity::Warning),
        Some(key) => severity.key() == key,
        None => true,
    }
}

/// Creates a list.
#[must_use]
pub fn resource_list(config: ListConfig) -> ResourceList {
    let (nav, watched) = (use_nav(), use_watched());
    let ListConfig { kind, keys, .. } = config;
    let order =
        Memo::new(move |_| SortOrder::read(nav.param("sort").as_deref(), keys, WORST_FIRST));
    let title = move |resource: &Resource| watched.snapshot().title(&resource.key.connection);
    let found = Memo::new(move |_| {
        let search = lower(&nav.param("q").unwrap_or_default());
        let only = connection_filter(nav, watched, kind);
        let mut resources = watched.of_kind(kind);
        resources.retain(|(resource, _)| {
            only.as_ref()
                .is_none_or(|only| *only == resource.key.connection)
                && (search.is_empty() || matches(config, resource, &title(resource), &search))
        });
        let entries = resources.into_iter().map(|(resource, fresh)| Entry {
            severity: resource.counts_as(fresh),
            resource,
        });
        entries.collect::<Vec<_>>()
    });
    let row_lock = RowLock::default();
    let sorted = Memo::new(move |before: Option<&Sorted>| {
        let (order, state) = (order.get(), state(nav));
        let entries = found.read();
        let filtered = entries
            .iter()
            .filter(|entry| is_in_state(entry.severity, state.as_deref()));
        let entries: Vec<_> = filtered.cloned().collect();
        let key = |resource: &Resource| match order.key {
            "state" | "group" => SortKey::Absent,
            "connection" => SortKey::from(Some(title(resource).as_str())),
            key => (config.key_of)(resource, key),
        };
        let held = row_lock.is_held();
        Sorted::of(entries, (order, state), held, before, key)
    });
    let number = Signal::derive(move || sorted.read().places.len());
    let page = Memo::new(move |_| page_of(nav.param("page").as_deref(), number.get(), PAGE_SIZE));
    let shown = Memo::new(move |_| {
        let sorted = sorted.read();
        let of_page = sorted
            .places
            .iter()
            .skip((page.get() - 1) * PAGE_SIZE)
            .take(PAGE_SIZE);
        let of_page = of_page.map(|place| sorted.entries[*place].clone());
        of_page.collect::<Vec<_>>()
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

/// The connection filter in the URL, if it names a connection with this kind of resource.
fn connection_filter(nav: Nav, watched: Watched, kind: Kind) -> Option<String> {
    let only = nav.param("connection")?;
    let snapshot = watched.snapshot();
    let state = snapshot.connection(&only)?;
    (Kind::held_by(&state.connection.system) == kind).then_some(only)
}

fn matches(config: ListConfig, resource: &Resource, title: &str, search: &str) -> bool {
    let contains = |text: &str| contains_ignore_case(text, search);
    let mut found = contains(&resource.name) || contains(&resource.key.id) || contains(title);
    (config.texts)(resource, &mut |text| found = found || contains(text));
    found
}

impl ResourceList {
    /// Number of search results that a chip would include; `None` instead of 0 while a connection has never been read.
    #[must_use]
    pub fn count(self, state: Option<&'static str>) -> Signal<Option<usize>> {
        let watched = use_watched();
        Signal::derive(move || {
            let found = self.found.read();
            let mut count = 0;
            for entry in found.iter() {
                count += usize::from(is_in_state(entry.severity, state));
            }
            (count > 0 || watched.snapshot().never_read(self.kind).is_empty()).then_some(count)
        })
    }

    /// The rows of the current page, made from its resources by `row`.
    #[must_use]
    pub fn rows<R: Clone + PartialEq + Send + Sync + 'static>(
        self,
        row: fn(&Resource, RowContext) -> R,
    ) -> Rows<R> {
        let watched = use_watched();
        Rows::follow(Memo::new(move |_| {
            let snapshot = watched.snapshot();
            let shown = self.shown.read();
            let rows = shown.iter().map(|Entry { resource, .. }| {
                let context = RowContext {
                    connection: snapshot.title(&resource.key.connection),
                    state: row_state(watched, resource),
                };
                row(resource, context)
            });
            rows.collect()
        }))
    }

    /// The number of listed groups, their order, and the connections without data.
    #[must_use]
    pub fn summary(self, watched: Watched) -> String {
        let (number, unread) = (self.number.get(), watched.snapshot().never_read(self.kind));
        let listed = match number {
            1 => "1 group".to_owned(),
            _ if self.order.get() == WORST_FIRST => format!("{number} groups, worst first"),
            _ => format!("{number} groups"),
        };
        match (number, unread.is_empty()) {
            (_, true) => listed,
            (0, false) => format!("No data from {unread} yet"),
            (_, false) => format!("{listed}; no data from {unread} yet"),
        }
    }

    /// The message in an empty table: `none` if nothing exists, or "No group matches." with a link to `all` if filters
    /// hide everything.
    #[must_use]
    pub fn empty_message(
        self,
        nav: Nav,
        watched: Watched,
        none: &'static str,
        all: &Route,
    ) -> Option<AnyView> {
        (self.number.get() == 0 && self.is_read(watched)).then(|| {
            let is_filtered = self.is_filtered(nav, watched);
            let message = if is_filtered {
                "No group matches."
            } else {
                none
            };
            let all = is_filtered.then(|| view! { <a href=all.href()>"Show all groups"</a> });
            view! { <p class="blank">{message}" "{all}</p> }.into_any()
        })
    }

    /// Whether a filter in the URL may hide groups.
    fn is_filtered(self, nav: Nav, watched: Watched) -> bool {
        let searched = nav.param("q").or_else(|| state(nav));
        searched.is_some() || connection_filter(nav, watched, self.kind).is_some()
    }

    /// Whether every connection has been read, so that an empty list means that nothing exists.
    fn is_read(self, watched: Watched) -> bool {
        let snapshot = watched.snapshot();
        let mut read = snapshot
            .connections
            .iter()
            .filter(|state| state.observed_at.is_some());
        read.any(|state| Kind::held_by(&state.connection.system) == self.kind)
            && snapshot.never_read(self.kind).is_empty()
    }
}
