//! The footer of the results: counts, and navigation by the server's own page links.

use super::export_view::export_buttons;
use super::found::FoundSessions;
use super::model::count_of_sessions;
use super::session_row::column_chooser;
use crate::nav::use_nav;
use leptos::prelude::*;
use vendors::veeam::{Page, Paging};

/// The number of sessions, the page and the number of pages.
fn summary(page: &Page, number: u32, is_open_ended: bool) -> String {
    let sessions = count_of_sessions(page.sessions.len());
    match &page.paging {
        Some(paging) => {
            let number = if paging.page == 0 {
                number
            } else {
                paging.page
            };
            match paging.last() {
                Some(last) => format!("{sessions} on page {number} of {}", last.max(1)),
                None => format!("{sessions} on page {number}, number of pages unknown"),
            }
        }
        None if is_open_ended => {
            format!("{sessions} on page {number}; the server does not say whether there are more")
        }
        None => sessions,
    }
}

/// The summary, the page buttons, the column chooser and the export.
#[must_use]
pub fn pagination(found: FoundSessions) -> AnyView {
    let nav = use_nav();
    let FoundSessions {
        number,
        size,
        recent,
        ..
    } = found;
    let is_open_ended = Memo::new(move |_| {
        let page = found.page();
        !recent && page.is_some_and(|page| page.is_open_ended(size))
    });
    // Empty until the page is loaded.
    let summary = move || {
        let page = found.page()?;
        Some(summary(&page, number, is_open_ended.get()))
    };
    // Page numbers are used only if the server sends no links.
    let target = move |rel: &'static str| {
        let page = found.page();
        let paging = page.as_ref().and_then(|page| page.paging.as_ref());
        let known = paging.and_then(Paging::last);
        let assumed = number.saturating_add(u32::from(is_open_ended.get()));
        let last = known.unwrap_or(assumed);
        let by_number = match rel {
            "First" => (number > 1).then_some(1),
            "Previous" => (number > 1).then(|| number - 1),
            "Next" => (number < last).then(|| number + 1),
            _ => known.filter(|last| number < *last),
        };
        let has_links = paging.is_some_and(|paging| !paging.links.is_empty());
        let by_link = paging.and_then(|paging| paging.linked(rel));
        let by_link = by_link.filter(|page| *page != number);
        if has_links { by_link } else { by_number }
    };
    let button = move |rel: &'static str| {
        let go = move |_| {
            if let Some(page) = untrack(|| target(rel)) {
                nav.change(&[("page", Some(&page.to_string()))]);
            }
        };
        // Not `disabled`, which would take the focus from the pressed button on the last page and while a page loads.
        let disabled = move || target(rel).is_none().then_some("true");
        view! { <button type="button" class="btn" aria-disabled=disabled on:click=go>{rel}</button> }
    };
    view! {
        <div class="bar">
            <span role="status">{summary}</span>
            {column_chooser()}
            <div class="row end">
                <div class="row">{export_buttons(found)}</div>
                <div class="row">{["First", "Previous", "Next", "Last"].map(button)}</div>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::summary;
    use vendors::veeam::{Link, Page, Paging, Session};

    #[test]
    fn the_number_of_pages_comes_only_from_the_server() {
        let paging = |page, pages, last: Option<&str>| {
            let links = last.map(|href| Link {
                rel: Some("Last".to_owned()),
                href: Some(href.to_owned()),
                ..Link::default()
            });
            Some(Paging {
                page,
                pages,
                links: links.into_iter().collect(),
                ..Paging::default()
            })
        };
        for (paging, is_open_ended, words) in [
            (paging(2, Some(8), None), false, "1 session on page 2 of 8"),
            (paging(1, Some(0), None), false, "1 session on page 1 of 1"),
            (
                paging(2, None, Some("/api/query?page=8")),
                false,
                "1 session on page 2 of 8",
            ),
            (
                paging(0, None, None),
                false,
                "1 session on page 3, number of pages unknown",
            ),
            (
                None,
                true,
                "1 session on page 3; the server does not say whether there are more",
            ),
            (None, false, "1 session"),
        ] {
            let page = Page {
                sessions: vec![Session::default()],
                paging,
                ..Page::default()
            };
            assert_eq!(summary(&page, 3, is_open_ended), words);
        }
    }
}
