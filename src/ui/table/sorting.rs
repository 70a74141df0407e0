//! Sorting a table by its headers. The order is in the URL, and each header is a button.

use crate::nav::use_nav;
use crate::ui::icon::Icon;
use leptos::prelude::*;
use std::cmp::Ordering;

/// The order of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortOrder {
    /// The column's key in the URL.
    pub key: &'static str,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

impl SortOrder {
    /// Parses `sort=key` or `sort=-key`. Anything else is the default order.
    #[must_use]
    pub fn read(text: Option<&str>, keys: &[&'static str], default: Self) -> Self {
        let text = text.unwrap_or_default();
        let (descending, name) = text
            .strip_prefix('-')
            .map_or((false, text), |name| (true, name));
        keys.iter()
            .find(|key| **key == name)
            .map_or(default, |key| Self { key, descending })
    }

    /// The value in the URL.
    #[must_use]
    pub fn write(self) -> String {
        if self.descending {
            format!("-{}", self.key)
        } else {
            self.key.to_owned()
        }
    }

    /// Reverses a comparison for a descending order.
    #[must_use]
    pub fn turned(self, ascending: Ordering) -> Ordering {
        if self.descending {
            ascending.reverse()
        } else {
            ascending
        }
    }

    /// The order after a click on the header of `key`.
    #[must_use]
    pub fn after(self, key: &'static str) -> Self {
        Self {
            key,
            descending: self.key == key && !self.descending,
        }
    }
}

/// A column header that sorts the table.
#[component]
pub fn SortHeader(
    /// The column's name.
    name: &'static str,
    /// The column's key.
    key: &'static str,
    /// The current order.
    #[prop(into)]
    order: Signal<SortOrder>,
) -> impl IntoView {
    let nav = use_nav();
    let sorted = move || order.get().key == key;
    let aria = move || {
        sorted().then(|| {
            if order.get().descending {
                "descending"
            } else {
                "ascending"
            }
        })
    };
    let arrow = move || {
        sorted().then(|| {
            let name = if order.get().descending {
                "sortd"
            } else {
                "sorta"
            };
            view! { <Icon name /> }
        })
    };
    let click = move |_| {
        let next = order.get_untracked().after(key).write();
        nav.go(&nav.with_params(&[("sort", Some(&next)), ("page", None)]));
    };
    view! {
        <th scope="col" aria-sort=aria>
            <button type="button" on:click=click>
                {name}
                {arrow}
            </button>
        </th>
    }
}

#[cfg(test)]
mod tests {
    use super::SortOrder;

    const KEYS: &[&str] = &["state", "group"];
    const DEFAULT: SortOrder = SortOrder {
        key: "state",
        descending: false,
    };

    #[test]
    fn an_order_is_read_back_from_the_url_and_invalid_text_gives_the_default() {
        for (text, key, descending) in [
            ("group", "group", false),
            ("-group", "group", true),
            ("-state", "state", true),
        ] {
            let order = SortOrder::read(Some(text), KEYS, DEFAULT);
            assert_eq!(order, SortOrder { key, descending });
            assert_eq!(order.write(), text);
        }
        for text in [None, Some(""), Some("-"), Some("colour"), Some("--group")] {
            assert_eq!(SortOrder::read(text, KEYS, DEFAULT), DEFAULT);
        }
    }

    #[test]
    fn a_second_click_reverses_the_order() {
        let once = DEFAULT.after("group");
        assert_eq!(
            once,
            SortOrder {
                key: "group",
                descending: false
            }
        );
        assert_eq!(
            once.after("group"),
            SortOrder {
                key: "group",
                descending: true
            }
        );
        assert_eq!(once.after("group").after("state"), DEFAULT);
    }
}
