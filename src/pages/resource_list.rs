//! What the lists of groups and of slicer groups have in common: the search, the state chips, the order, the
//! pages, and rows that keep their places under the pointer. All of it lives in the URL.

use super::resource_order::{Entry, SortKey, Sorted, WORST_FIRST};
use super::resource_row::{RowContext, row_state};
use crate::live::rows::Rows;
use crate::live::{Watched, use_watched};
use crate::nav::{Nav, use_nav};
use crate::route::Route;
use crate::ui::table::filters::{page_of, state};
use crate::ui::table::search::{holds, lower};
use crate::ui::table::sorting::SortOrder;
use crate::ui::table::stable_rows::RowLock;
use health::inventory::{Kind, Resource};
use health::severity::Severity;
use leptos::prelude::*;

/// Rows a page: what a tall screen shows at once. Each row that is drawn costs with every refresh.
pub const A_PAGE: usize = 25;

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
    shown: Memo<Vec<Entry>>,
    kind: Kind,
}

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
    let title = move |resource: &Resource| watched.snapshot().title(&resource.key.connection);
    let found = Memo::new(move |_| {
        let words = lower(&nav.param("q").unwrap_or_default());
        let only = only(nav, watched, kind);
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
    let row_lock = RowLock::default();
    let sorted = Memo::new(move |before: Option<&Sorted>| {
        let (order, state) = (order.get(), state(nav));
        let entries = found.read();
        let left = entries
            .iter()
            .filter(|entry| belongs(entry.severity, state.as_deref()));
        let entries: Vec<_> = left.cloned().collect();
        let key = |resource: &Resource| match order.key {
            "state" | "group" => SortKey::Absent,
            "connection" => SortKey::from(Some(title(resource).as_str())),
            key => (of.key_of)(resource, key),
        };
        let held = row_lock.is_held();
        Sorted::of(entries, (order, state), held, before, key)
    });
    let number = Signal::derive(move || sorted.read().places.len());
    let page = Memo::new(move |_| page_of(nav.param("page").as_deref(), number.get(), A_PAGE));
    let shown = Memo::new(move |_| {
        let sorted = sorted.read();
        let of_page = sorted
            .places
            .iter()
            .skip((page.get() - 1) * A_PAGE)
            .take(A_PAGE);
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

/// The connection that the address asks for, of those with this kind of resource.
fn only(nav: Nav, watched: Watched, kind: Kind) -> Option<String> {
    let only = nav.param("connection")?;
    let snapshot = watched.snapshot();
    let state = snapshot.connection(&only)?;
    (Kind::held_by(&state.connection.system) == kind).then_some(only)
}

fn matches(of: ListOf, resource: &Resource, title: &str, words: &str) -> bool {
    let contains = |text: &str| holds(text, words);
    let mut found = contains(&resource.name) || contains(&resource.key.id) || contains(title);
    (of.texts)(resource, &mut |text| found = found || contains(text));
    found
}

impl ResourceList {
    /// How many of what the search found a chip would leave; `None` where that would be none, and there are connections
    /// of which nothing is known.
    #[must_use]
    pub fn count(self, state: Option<&'static str>) -> Signal<Option<usize>> {
        let watched = use_watched();
        Signal::derive(move || {
            let found = self.found.read();
            let mut left = 0;
            for entry in found.iter() {
                left += usize::from(belongs(entry.severity, state));
            }
            (left > 0 || watched.snapshot().never_read(self.kind).is_empty()).then_some(left)
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

    /// How many groups are listed, in which order, and whose are left out.
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
            (0, false) => format!("Nothing is known of {unread}"),
            (_, false) => format!("{listed}; nothing is known of {unread}"),
        }
    }

    /// What stands in the place of the rows where there are none: `none` where there is nothing to list, or that nothing
    /// matches, with a link to `all`.
    #[must_use]
    pub fn nothing(
        self,
        nav: Nav,
        watched: Watched,
        none: &'static str,
        all: &Route,
    ) -> Option<AnyView> {
        (self.number.get() == 0 && self.is_read(watched)).then(|| {
            let is_filtered = self.is_filtered(nav, watched);
            let words = if is_filtered {
                "No group matches."
            } else {
                none
            };
            let all = is_filtered.then(|| view! { <a href=all.href()>"Show all groups"</a> });
            view! { <p class="blank">{words}" "{all}</p> }.into_any()
        })
    }

    /// Whether the address leaves any out.
    fn is_filtered(self, nav: Nav, watched: Watched) -> bool {
        let searched = nav.param("q").or_else(|| state(nav));
        searched.is_some() || only(nav, watched, self.kind).is_some()
    }

    /// Whether every connection was read, so that an empty list is empty and not merely unread.
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
