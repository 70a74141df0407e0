//! The browser's address bar as a signal: links inside the console change the page without a reload.
//!
//! Our own because the router crate decodes a path before it writes it to the address bar, which
//! breaks the reload of every id that holds a `%`.

use crate::provided::provided;
use crate::route::Route;
use crate::subscribers::{clear_subscribers, resubscribe};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlAnchorElement, MouseEvent, UrlSearchParams};

/// The console's location.
#[derive(Clone, Copy)]
pub struct Nav {
    path: RwSignal<String>,
    search: RwSignal<String>,
    /// What would be lost by leaving the page, in a few words.
    unsaved: RwSignal<Option<&'static str>>,
    /// A navigation that waits for confirmation because something would be lost.
    pending: RwSignal<Option<Question>>,
    /// How many questions have been asked.
    question_count: StoredValue<u32>,
}

/// What leaves the page, and waits for an answer.
#[derive(Clone)]
struct Question {
    /// Which question it is: an answer counts for its own question alone.
    number: u32,
    leave: Arc<dyn Fn() + Send + Sync>,
}

/// The navigation of this console. Only inside [`provide`]'s owner.
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
    let back = window_event_listener(leptos::ev::popstate, move |_| nav.stepped());
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
    /// The page.
    #[must_use]
    pub fn route(self) -> Memo<Route> {
        Memo::new(move |_| Route::parse(&self.path.read()))
    }

    /// The path.
    #[must_use]
    pub fn path(self) -> String {
        self.path.get()
    }

    /// Whether this is the page, untracked.
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

    /// One parameter of the query, decoded; `None` when absent or empty.
    #[must_use]
    pub fn param(self, name: &str) -> Option<String> {
        UrlSearchParams::new_with_str(&self.search.read())
            .ok()
            .and_then(|params| params.get(name))
            .filter(|value| !value.is_empty())
    }

    /// The same page with these query parameters changed; `None` or empty removes one.
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

    /// Goes to the same page with these query parameters changed.
    pub fn change(self, changes: &[(&str, Option<&str>)]) {
        self.go(&untrack(|| self.with_params(changes)));
    }

    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.search]);
    }

    /// Says what would be lost by leaving the page; `None` for nothing.
    pub fn set_unsaved(self, what: Option<&'static str>) {
        let _ = self.unsaved.try_maybe_update(|old| {
            let differs = *old != what;
            *old = what;
            (differs, ())
        });
        // There is nothing left to lose: the question whether to leave is over.
        if what.is_none() && self.pending.try_get_untracked().flatten().is_some() {
            self.pending.set(None);
        }
    }

    /// The unsaved changes are saved: continues the navigation that waited for an answer.
    pub fn saved(self) {
        if let Some(pending) = self.pending.get_untracked() {
            self.answer(pending.number, true);
        }
    }

    /// What would be lost by leaving the page.
    #[must_use]
    pub fn unsaved(self) -> Option<&'static str> {
        self.unsaved.get_untracked()
    }

    /// Whether something would be lost by leaving the page.
    #[must_use]
    pub fn has_unsaved(self) -> bool {
        self.unsaved().is_some()
    }

    /// The number of the question whether to leave, and what would be lost.
    #[must_use]
    pub fn leaving(self) -> Option<(u32, &'static str)> {
        let pending = self.pending.get()?;
        Some((pending.number, self.unsaved.get()?))
    }

    /// Answers the question of [`Nav::leaving`] with this number. The browser tells that a dialog was closed in
    /// a task of its own: by then another question may have been asked, which stays.
    pub fn answer(self, number: u32, leave: bool) {
        let pending = self.pending.get_untracked();
        let Some(pending) = pending.filter(|pending| pending.number == number) else {
            return;
        };
        self.pending.set(None);
        if leave {
            self.unsaved.set(None);
            (pending.leave)();
        }
    }

    /// Does what leaves the page; once that was answered, where something would be lost.
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

    /// Whether going there has to wait for an answer.
    fn waits(self, href: &str) -> bool {
        let path = href.split_once('?').map_or(href, |(path, _)| path);
        let waits = self.has_unsaved() && self.path.with_untracked(|now| now != path);
        if waits {
            let href = href.to_owned();
            self.ask(Arc::new(move || self.go(&href)));
        }
        waits
    }

    /// Handles back and forward. If something would be lost, the old address is restored and the user is
    /// asked first.
    fn stepped(self) {
        let (path, search) = current();
        if self.waits(&format!("{path}{search}")) {
            let back = format!(
                "{}{}",
                self.path.get_untracked(),
                self.search.get_untracked()
            );
            if let Ok(history) = window().history() {
                let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&back));
            }
        } else if self.follow() {
            focus_main();
            let state = window().history().and_then(|history| history.state());
            let top = state.ok().and_then(|state| state.as_f64());
            if let Some(top) = top {
                scroll_back(path, 0, top, FRAMES);
            }
        }
    }

    /// Goes to a path and query made by [`Route::href`] or [`Nav::with_params`].
    pub fn go(self, href: &str) {
        if self.waits(href) {
            return;
        }
        let (path, search) = current();
        if let Ok(history) = window().history()
            && href != path + &search
        {
            // What scrolls is a part of the page, whose place no browser keeps.
            let top = main_part().map_or(0, |main| main.scroll_top());
            let _ = history.replace_state(&top.into(), "");
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(href));
        }
        if self.follow() {
            focus_main();
        }
    }

    /// The same page with other query parameters, without a step in the history: for what changes
    /// with every key.
    pub fn replace(self, href: &str) {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(href));
        }
        self.follow();
    }

    /// Takes over where the browser is. Returns whether that is another page, which is read from its beginning: what
    /// scrolls stays from page to page.
    fn follow(self) -> bool {
        let (path, search) = current();
        let is_other = self.path.with_untracked(|before| *before != path);
        for (signal, new) in [(self.path, path), (self.search, search)] {
            if signal.with_untracked(|old| *old != new) {
                signal.set(new);
                clear_subscribers(&signal);
            }
        }
        if is_other {
            // The window, where everything is so large that the page as a whole scrolls.
            window().scroll_to_with_x_and_y(0.0, 0.0);
            if let Some(main) = main_part() {
                main.set_scroll_top(0);
            }
        }
        is_other
    }

    /// A plain click on a link of ours becomes a step in the history; everything else (new tab,
    /// download, another host) stays the browser's.
    fn click(self, event: &MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let link = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten())
            .and_then(|element| element.dyn_into::<HtmlAnchorElement>().ok());
        let Some(link) = link else { return };
        let ours = window()
            .location()
            .origin()
            .is_ok_and(|origin| origin == link.origin());
        let plain =
            link.target().is_empty() && !link.has_attribute("download") && link.hash().is_empty();
        if !ours || !plain || Route::parse(&link.pathname()) == Route::NotFound {
            return;
        }
        event.prevent_default();
        self.go(&format!("{}{}", link.pathname(), link.search()));
    }
}

fn current() -> (String, String) {
    let location = window().location();
    (
        location.pathname().unwrap_or_default(),
        location.search().unwrap_or_default(),
    )
}

fn focus_main() {
    // A dialog that leads to another page keeps the focus until it is gone.
    request_animation_frame(|| {
        if let Some(main) = main_part() {
            let _ = main.focus();
        }
    });
}

/// For so many frames a page that somebody comes back to is given the time to become as long as it was: half a second.
const FRAMES: u32 = 30;

/// Scrolls a page from where it stands to where it was left, once it is as long again, unless somebody scrolls it meanwhile.
fn scroll_back(path: String, from: i32, top: f64, frames: u32) {
    request_animation_frame(move || {
        let here = |main: &web_sys::HtmlElement| current().0 == path && main.scroll_top() == from;
        let Some(main) = main_part().filter(here) else {
            return;
        };
        main.scroll_to_with_x_and_y(0.0, top);
        let from = main.scroll_top();
        if f64::from(from) < top && frames > 0 {
            scroll_back(path, from, top, frames - 1);
        }
    });
}

/// Where the page stands, and what scrolls.
fn main_part() -> Option<web_sys::HtmlElement> {
    let main = document().get_element_by_id("main")?;
    main.dyn_into().ok()
}
