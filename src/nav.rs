//! The browser's address bar as a signal: links inside the console change the page without a reload.
//!
//! It replaces the router crate, which decodes a path before it writes it to the address bar, so that a page whose id
//! contains a `%` cannot be reloaded.

use crate::provided::provided;
use crate::route::Route;
use crate::subscribers::{clear_subscribers, resubscribe};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlAnchorElement, MouseEvent, UrlSearchParams};

/// The console's location.
#[derive(Clone, Copy)]
pub struct Nav {
    path: RwSignal<String>,
    search: RwSignal<String>,
    /// A short name of the unsaved changes on this page.
    unsaved: RwSignal<Option<&'static str>>,
    /// A navigation that waits for confirmation because of unsaved changes.
    pending: RwSignal<Option<Question>>,
    /// Number of questions asked so far.
    question_count: StoredValue<u32>,
}

/// A navigation away from the page that waits for the user's answer.
#[derive(Clone)]
struct Question {
    /// Identifies the question: an answer applies to its own question only.
    number: u32,
    leave: Arc<dyn Fn() + Send + Sync>,
}

/// The navigation of this console. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_nav() -> Nav {
    provided()
}

/// Starts listening to the address bar and to clicks on links.
pub fn provide() -> Nav {
    let (path, search) = current();
    let nav = Nav {
        path: RwSignal::new(path),
        search: RwSignal::new(search),
        unsaved: RwSignal::new(None),
        pending: RwSignal::new(None),
        question_count: StoredValue::new(0),
    };
    provide_context(nav);
    let back = window_event_listener(leptos::ev::popstate, move |_| nav.on_popstate());
    let click = window_event_listener(leptos::ev::click, move |event| nav.click(&event));
    let unload = window_event_listener(leptos::ev::beforeunload, move |event| {
        if nav.unsaved.get_untracked().is_some() {
            event.prevent_default();
        }
    });
    on_cleanup(move || {
        back.remove();
        click.remove();
        unload.remove();
    });
    nav
}

impl Nav {
    /// The current page.
    #[must_use]
    pub fn route(self) -> Memo<Route> {
        Memo::new(move |_| Route::parse(&self.path.read()))
    }

    /// The current path.
    #[must_use]
    pub fn path(self) -> String {
        self.path.get()
    }

    /// Whether this is the current page, untracked.
    #[must_use]
    pub fn is_at(self, route: &Route) -> bool {
        self.path
            .with_untracked(|path| Route::parse(path) == *route)
    }

    /// The query, without its `?`.
    #[must_use]
    pub fn search(self) -> String {
        self.search.read().trim_start_matches('?').to_owned()
    }

    /// The path and its query.
    #[must_use]
    pub fn here(self) -> String {
        self.path.get() + &self.search.read()
    }

    /// The decoded value of a query parameter; `None` if absent or empty.
    #[must_use]
    pub fn param(self, name: &str) -> Option<String> {
        UrlSearchParams::new_with_str(&self.search.read())
            .ok()
            .and_then(|params| params.get(name))
            .filter(|value| !value.is_empty())
    }

    /// The address of the current page with changed query parameters; `None` or an empty value removes a parameter.
    #[must_use]
    pub fn with_params(self, changes: &[(&str, Option<&str>)]) -> String {
        let path = self.path.read();
        let Ok(params) = UrlSearchParams::new_with_str(&self.search.read()) else {
            return path.clone();
        };
        for (name, value) in changes {
            match value.filter(|value| !value.is_empty()) {
                Some(value) => params.set(name, value),
                None => params.delete(name),
            }
        }
        match String::from(params.to_string()) {
            query if query.is_empty() => path.clone(),
            query => format!("{}?{query}", *path),
        }
    }

    /// Goes to the current page with changed query parameters.
    pub fn change(self, changes: &[(&str, Option<&str>)]) {
        self.go(&untrack(|| self.with_params(changes)));
    }

    /// Drops the subscribers of pages that were left, see [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.search]);
    }

    /// Sets the name of the unsaved changes on this page; `None` if there are none.
    pub fn set_unsaved(self, what: Option<&'static str>) {
        let _ = self.unsaved.try_maybe_update(|old| {
            let differs = *old != what;
            *old = what;
            (differs, ())
        });
        // Without unsaved changes the question whether to leave is obsolete.
        if what.is_none() && self.pending.try_get_untracked().flatten().is_some() {
            self.pending.set(None);
        }
    }

    /// Continues the waiting navigation after the changes were saved.
    pub fn saved(self) {
        if let Some(pending) = self.pending.get_untracked() {
            self.answer(pending.number, true);
        }
    }

    /// Whether the page has unsaved changes.
    #[must_use]
    pub fn has_unsaved(self) -> bool {
        self.unsaved.get_untracked().is_some()
    }

    /// The number of the open question whether to leave, and the name of the unsaved changes.
    #[must_use]
    pub fn leave_question(self) -> Option<(u32, &'static str)> {
        let pending = self.pending.get()?;
        Some((pending.number, self.unsaved.get()?))
    }

    /// Answers the question of [`Nav::leave_question`] with this number. The browser reports a closed dialog in a later
    /// task: a newer question that was asked meanwhile stays open.
    pub fn answer(self, number: u32, leave: bool) {
        let pending = self.pending.get_untracked();
        let Some(pending) = pending.filter(|pending| pending.number == number) else {
            return;
        };
        self.pending.set(None);
        if leave {
            (pending.leave)();
        }
    }

    /// Runs `leave`, which leaves the page; with unsaved changes only after confirmation. They stay marked as unsaved
    /// until `leave` succeeds.
    pub fn leave(self, leave: impl Fn() + Send + Sync + 'static) {
        if self.has_unsaved() {
            self.ask(Arc::new(leave));
        } else {
            leave();
        }
    }

    fn ask(self, leave: Arc<dyn Fn() + Send + Sync>) {
        let number = self.question_count.get_value();
        self.question_count.set_value(number.wrapping_add(1));
        self.pending.set(Some(Question { number, leave }));
    }

    /// Asks for confirmation if going to `href` would lose unsaved changes. Returns whether the navigation has to wait.
    fn ask_if_unsaved(self, href: &str) -> bool {
        let (path, _) = split(href);
        let must_confirm = self.has_unsaved() && self.path.with_untracked(|now| now != path);
        if must_confirm {
            let href = href.to_owned();
            self.ask(Arc::new(move || {
                self.unsaved.set(None);
                self.go(&href);
            }));
        }
        must_confirm
    }

    /// Handles the browser's Back and Forward. With unsaved changes it restores the old address and asks first.
    fn on_popstate(self) {
        let (path, search) = current();
        if self.ask_if_unsaved(&format!("{path}{search}")) {
            let back = untrack(|| self.here());
            if let Ok(history) = window().history() {
                let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&back));
            }
        } else if self.set_location((path.clone(), search)) {
            focus_main();
            let state = window().history().and_then(|history| history.state());
            let top = state.ok().and_then(|state| state.as_f64());
            if let Some(top) = top {
                restore_scroll(path, 0, top, RESTORE_FRAMES);
            }
        }
    }

    /// Goes to a path and query made by [`Route::href`] or [`Nav::with_params`].
    pub fn go(self, href: &str) {
        if self.ask_if_unsaved(href) {
            return;
        }
        let before = current();
        if let Ok(history) = window().history()
            && split(href) != (&before.0, &before.1)
        {
            // Browsers restore the scroll position of the window only, and here an element scrolls.
            let top = main_part().map_or(0, |main| main.scroll_top());
            let _ = history.replace_state(&top.into(), "");
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(href));
        }
        if self.show(href, &before) {
            focus_main();
        }
    }

    /// Goes to an address without a new history entry, for changes with every key.
    pub fn replace(self, href: &str) {
        let before = current();
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(href));
        }
        self.show(href, &before);
    }

    /// Shows the page of the browser's address, or of `href` if the address is still the one before: browsers refuse
    /// frequent changes, and some report no error. Returns whether it is another page.
    fn show(self, href: &str, before: &(String, String)) -> bool {
        let shown = current();
        let (path, search) = split(href);
        self.set_location(if shown == *before {
            (path.to_owned(), search.to_owned())
        } else {
            shown
        })
    }

    /// Updates the signals. Scrolls another page to its top, because the scrolling element stays from page to page, and
    /// returns whether it is another page.
    fn set_location(self, (path, search): (String, String)) -> bool {
        let is_other = self.path.with_untracked(|before| *before != path);
        for (signal, new) in [(self.path, path), (self.search, search)] {
            if signal.with_untracked(|old| *old != new) {
                signal.set(new);
                clear_subscribers(&signal);
            }
        }
        if is_other {
            // With a very large font the window scrolls instead of the element.
            window().scroll_to_with_x_and_y(0.0, 0.0);
            if let Some(main) = main_part() {
                main.set_scroll_top(0);
            }
        }
        is_other
    }

    /// Handles a plain click on a link to a page of the console. The browser handles all other clicks.
    fn click(self, event: &MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let Some(link) = own_link(event) else { return };
        let plain =
            link.target().is_empty() && !link.has_attribute("download") && link.hash().is_empty();
        if !plain || Route::parse(&link.pathname()) == Route::NotFound {
            return;
        }
        event.prevent_default();
        self.go(&format!("{}{}", link.pathname(), link.search()));
    }
}

/// The link to the console's own origin that an event concerns.
pub fn own_link(event: &Event) -> Option<HtmlAnchorElement> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    let link = element.closest("a[href]").ok()??;
    let link = link.dyn_into::<HtmlAnchorElement>().ok()?;
    let origin = window().location().origin().ok()?;
    (link.origin() == origin).then_some(link)
}

/// The path of an address, and its query with the `?`.
fn split(href: &str) -> (&str, &str) {
    // Checked, because the panic of the other function takes kilobytes.
    let at = href.find('?');
    at.and_then(|at| href.split_at_checked(at))
        .unwrap_or((href, ""))
}

fn current() -> (String, String) {
    let location = window().location();
    (
        location.pathname().unwrap_or_default(),
        location.search().unwrap_or_default(),
    )
}

fn focus_main() {
    // A dialog with a link to another page keeps the focus until it is removed.
    request_animation_frame(|| {
        if let Some(main) = main_part() {
            let _ = main.focus();
        }
    });
}

/// Number of frames in which a page that is shown again may reach its former height: half a second.
const RESTORE_FRAMES: u32 = 30;

/// Scrolls a page back to `top`, frame by frame as it grows, unless the user scrolls it away from `from` meanwhile.
fn restore_scroll(path: String, from: i32, top: f64, frames: u32) {
    request_animation_frame(move || {
        let here = |main: &web_sys::HtmlElement| current().0 == path && main.scroll_top() == from;
        let Some(main) = main_part().filter(here) else {
            return;
        };
        main.scroll_to_with_x_and_y(0.0, top);
        let from = main.scroll_top();
        if f64::from(from) < top && frames > 0 {
            restore_scroll(path, from, top, frames - 1);
        }
    });
}

/// The element that contains the page and scrolls.
fn main_part() -> Option<web_sys::HtmlElement> {
    let main = document().get_element_by_id("main")?;
    main.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::Nav;
    use leptos::prelude::*;

    #[test]
    fn changes_stay_unsaved_until_leaving_succeeds() {
        let owner = Owner::new();
        owner.with(|| {
            let nav = Nav {
                path: RwSignal::new("/slicers".to_owned()),
                search: RwSignal::default(),
                unsaved: RwSignal::new(None),
                pending: RwSignal::new(None),
                question_count: StoredValue::new(0),
            };
            nav.set_unsaved(Some("Your changes"));
            let attempts = StoredValue::new(0);
            nav.leave(move || attempts.update_value(|times| *times += 1));
            assert_eq!(nav.leave_question(), Some((0, "Your changes")));
            nav.answer(0, true);
            assert_eq!((attempts.get_value(), nav.leave_question()), (1, None));
            assert!(nav.has_unsaved());
        });
    }
}
