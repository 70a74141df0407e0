//! The footer of the results: counts, and navigation by the server's own page links.

use super::export_view::Export;
use super::session_row::ColumnChooser;
use crate::live::Live;
use crate::nav::use_nav;
use leptos::prelude::*;
use vendors::veeam::{MediaType, Page, Paging, Query};

/// The number of a page that the server's link leads to.
fn linked(paging: Option<&Paging>, rel: &str) -> Option<u32> {
    let mut links = paging?.links.iter();
    let link = links.find(|link| {
        link.rel
            .as_deref()
            .is_some_and(|one| one.eq_ignore_ascii_case(rel))
    })?;
    let (_, query) = link.href.as_deref()?.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, page) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("page"))?;
    page.parse().ok().filter(|page| *page > 0)
}

/// How many there are, the pages by the server's own links, columns and export.
#[component]
pub fn Pagination(
    /// The page that is shown.
    live: Live<Page>,
    /// What was asked.
    query: Query,
    /// The connection's id.
    connection: String,
    /// The media type it is asked in.
    wire: MediaType,
) -> impl IntoView {
    let nav = use_nav();
    let number = query.page;
    let paging = Memo::new(move |_| live.value().and_then(|page| page.paging.clone()));
    let summary = move || {
        let page = live.value().unwrap_or_default();
        let sessions = match page.sessions.len() {
            1 => "1 session".to_owned(),
            count => format!("{count} sessions"),
        };
        match &page.paging {
            Some(paging) => format!(
                "{sessions} on page {} of {}",
                paging.page,
                paging.pages.max(1)
            ),
            None => sessions,
        }
    };
    // The links say where to go; the numbers only where a server sends none.
    let target = move |rel: &'static str| {
        let paging = paging.read();
        let last = paging.as_ref().map_or(number, |paging| paging.pages.max(1));
        let by_number = match rel {
            "First" => (number > 1).then_some(1),
            "Previous" => (number > 1).then(|| number - 1),
            "Next" => (number < last).then(|| number + 1),
            _ => (number < last).then_some(last),
        };
        let has_links = paging
            .as_ref()
            .is_some_and(|paging| !paging.links.is_empty());
        let by_link = linked(paging.as_ref(), rel).filter(|page| *page != number);
        if has_links { by_link } else { by_number }
    };
    let button = move |rel: &'static str| {
        let go = move |_| {
            if let Some(page) = untrack(|| target(rel)) {
                nav.go(&untrack(|| {
                    nav.with_params(&[("page", Some(&page.to_string()))])
                }));
            }
        };
        view! { <button type="button" class="btn" disabled=move || target(rel).is_none() on:click=go>{rel}</button> }
    };
    view! {
        <div class="bar">
            <span role="status">{summary}</span>
            <ColumnChooser />
            <span class="end"></span>
            <Export live query connection wire />
            {button("First")}{button("Previous")}{button("Next")}{button("Last")}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::linked;
    use vendors::veeam::{Link, Paging};

    #[test]
    fn the_servers_links_say_which_page_comes_next() {
        let link = |rel: &str, href: &str| Link {
            rel: Some(rel.to_owned()),
            href: Some(href.to_owned()),
            ..Link::default()
        };
        let paging = Paging {
            page: 2,
            size: 10,
            pages: 3,
            links: vec![
                link(
                    "First",
                    "/api/query?type=CloudFailoverSession&pageSize=10&page=1",
                ),
                link("next", "/api/query?Page=3&pageSize=10"),
                link("Last", "/api/query"),
                link("Previous", "/api/query?page=zero"),
            ],
        };
        for (rel, page) in [
            ("First", Some(1)),
            ("Next", Some(3)),
            ("Last", None),
            ("Previous", None),
            ("Other", None),
        ] {
            assert_eq!(linked(Some(&paging), rel), page, "{rel}");
        }
        assert_eq!(linked(None, "Next"), None);
    }
}
