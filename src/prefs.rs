//! The preferences of this browser: theme, time zone, how often each page refreshes, columns, queries by
//! name, silence and notifications of the wall; and that a console has begun, which tells its other windows. What a wall
//! knows of alarms is kept until the tab is closed. The only user of browser storage, and never of a secret; `index.html`
//! reads theme and zone for what it paints first. Without storage, a choice lasts until the page is closed.

use crate::json;
use crate::on_change::{on_change, on_change_since};
use crate::provided::provided;
use crate::subscribers::resubscribe;
use leptos::prelude::*;
use serde::{Serialize, Serializer};
use serde_json::Value;
use web_sys::Storage;

/// The colour theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The time zone that times are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// The browser's own.
    Local,
}

impl Theme {
    /// As it is kept and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one after this, for a button that goes round.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// As it was kept or written; the system's for anything else.
    #[must_use]
    pub fn read(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

impl Zone {
    /// As it is shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "local",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Utc,
        }
    }
}

/// The choices as signals.
#[derive(Clone, Copy)]
pub struct Prefs {
    /// The colour theme.
    pub theme: RwSignal<Theme>,
    /// The time zone.
    pub zone: RwSignal<Zone>,
    /// Seconds between two polls, by the kind of page; a page that is not named has the default. [`Prefs::set_refresh`]
    /// changes them.
    pub refresh: RwSignal<Vec<(String, u64)>>,
    /// The columns of the table "Cloud failover sessions", by code; `None` for the usual ones.
    pub session_columns: RwSignal<Option<Vec<String>>>,
    /// The queries that are kept by name, as their own file format. [`Prefs::set_queries`] changes them.
    pub queries: RwSignal<String>,
    /// The queries that the browser stored when this tab last looked.
    stored_queries: StoredValue<String>,
    /// Whether the status wall is silent.
    pub muted: RwSignal<bool>,
    /// Whether the status wall notifies of new critical alarms.
    pub notify: RwSignal<bool>,
}

const THEME: &str = "failover-console.theme";
const ZONE: &str = "failover-console.zone";
const REFRESH: &str = "failover-console.refresh";
const COLUMNS: &str = "failover-console.session-columns";
const QUERIES: &str = "failover-console.queries";
const MUTED: &str = "failover-console.muted";
const NOTIFY: &str = "failover-console.notify";
const BEGUN: &str = "failover-console.begun";

/// The choices of this browser. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_prefs() -> Prefs {
    provided()
}

/// Reads the choices and keeps them from now on.
pub fn provide() -> Prefs {
    let theme = Theme::read(&stored(THEME).unwrap_or_default());
    let zone = if stored(ZONE).as_deref() == Some("local") {
        Zone::Local
    } else {
        Zone::Utc
    };
    let queries = stored(QUERIES).unwrap_or_default();
    let prefs = Prefs {
        theme: RwSignal::new(theme),
        zone: RwSignal::new(zone),
        // Values from another version, or edited by hand, must not stop the console.
        refresh: RwSignal::new(stored(REFRESH).map_or_else(Vec::new, |text| intervals(&text))),
        session_columns: RwSignal::new(
            stored(COLUMNS)
                .and_then(|text| json::read(text.as_bytes()).ok())
                .flatten(),
        ),
        queries: RwSignal::new(queries.clone()),
        stored_queries: StoredValue::new(queries),
        muted: RwSignal::new(stored(MUTED).as_deref() == Some("yes")),
        notify: RwSignal::new(stored(NOTIFY).as_deref() == Some("yes")),
    };
    provide_context(prefs);
    on_change(move || {
        let theme = prefs.theme.get();
        if let Some(root) = document().document_element() {
            let _ = match theme {
                Theme::System => root.remove_attribute("data-theme"),
                _ => root.set_attribute("data-theme", theme.word()),
            };
        }
    });
    keep(THEME, move || prefs.theme.get().word().to_owned());
    keep(ZONE, move || prefs.zone.get().word().to_owned());
    keep(MUTED, move || yes_or_no(prefs.muted.get()).to_owned());
    keep(NOTIFY, move || yes_or_no(prefs.notify.get()).to_owned());
    keep(COLUMNS, move || json::write(&*prefs.session_columns.read()));
    keep(QUERIES, move || prefs.queries.get());
    // Another tab saves its whole list: what this one saves is added to that.
    let elsewhere = window_event_listener_untyped("storage", move |_| prefs.read_queries_again());
    on_cleanup(move || elsewhere.remove());
    prefs
}

impl Prefs {
    /// Takes over the queries that another tab has saved. The browser tells other tabs of a change after a while, and does
    /// not tell a page that the button Back brings back. So the queries are read again before each change of them.
    pub fn read_queries_again(self) {
        // A browser that stores nothing has none, or still the ones from before, and what was chosen lasts.
        if let Some(queries) = stored(QUERIES)
            && self.stored_queries.with_value(|before| *before != queries)
        {
            self.stored_queries.set_value(queries.clone());
            self.queries.set(queries);
        }
    }

    /// Keeps these queries. Whether the browser stored them: otherwise they last until the page is closed.
    pub fn set_queries(self, queries: String) -> bool {
        let is_stored = store(QUERIES, &queries);
        if is_stored {
            self.stored_queries.set_value(queries.clone());
        }
        self.queries.set(queries);
        is_stored
    }

    /// Chooses the interval of one kind of page. Another tab may have chosen that of another since.
    pub fn set_refresh(self, page: &str, seconds: u64) {
        let chosen = stored(REFRESH).map(|text| intervals(&text));
        let mut chosen = chosen.unwrap_or_else(|| self.refresh.get_untracked());
        chosen.retain(|(chosen, _)| chosen != page);
        chosen.push((page.to_owned(), seconds));
        let _ = store(REFRESH, &json::write(&Intervals(&chosen)));
        self.refresh.set(chosen);
    }

    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[
            &self.theme,
            &self.zone,
            &self.refresh,
            &self.session_columns,
            &self.queries,
            &self.muted,
            &self.notify,
        ]);
    }
}

/// Tells the other windows of this browser that a console has begun: maybe of somebody else, who has just signed in.
pub fn tell_begun() {
    // They are told of what becomes another text.
    let number = js_sys::Number::from(js_sys::Math::random());
    if let Ok(text) = number.to_string_with_radix(10) {
        let _ = store(BEGUN, &String::from(text));
    }
}

/// Runs it whenever a console has begun in another window of this browser, until the current owner is cleaned up.
pub fn when_begun_elsewhere(run: impl Fn() + 'static) {
    let elsewhere = window_event_listener(leptos::ev::storage, move |event| {
        if event.key().as_deref() == Some(BEGUN) {
            run();
        }
    });
    on_cleanup(move || elsewhere.remove());
}

/// Seconds by the kind of page, as an object.
struct Intervals<'a>(&'a [(String, u64)]);

impl Serialize for Intervals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(page, seconds)| (page, seconds)))
    }
}

fn intervals(text: &str) -> Vec<(String, u64)> {
    let Ok(Value::Object(pages)) = json::value(text.as_bytes()) else {
        return Vec::new();
    };
    let pages = pages.into_iter();
    let pages = pages.filter_map(|(page, seconds)| Some((page, seconds.as_u64()?)));
    pages.collect()
}

fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Stores the text whenever it has become another one in this tab, and only then: a tab that has just started, or looks
/// at its choices again, would otherwise put back what another tab has changed meanwhile.
fn keep(key: &'static str, text: impl Fn() -> String + 'static) {
    let text: Box<dyn Fn() -> String> = Box::new(text);
    on_change_since(move |before: Option<String>| {
        let now = text();
        // What another tab has stored is taken over, and not stored once more: it may have stored something else since.
        if before.is_some_and(|before| before != now) && stored(key).as_ref() != Some(&now) {
            let _ = store(key, &now);
        }
        now
    });
}

/// What [`keep_in_tab`] kept before the page was loaded anew.
#[must_use]
pub fn kept_in_tab(key: &str) -> Option<String> {
    let storage = window().session_storage().ok().flatten()?;
    storage.get_item(key).ok().flatten()
}

/// Keeps a text until the tab is closed, or not where the browser keeps nothing.
pub fn keep_in_tab(key: &str, text: &str) {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.set_item(key, text);
    }
}

/// Whether the browser stored it.
fn store(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Intervals, intervals};
    use crate::json;

    #[test]
    fn intervals_are_read_as_they_are_written_and_what_is_none_is_left_out() {
        let chosen = [("groups".to_owned(), 10), ("wall".to_owned(), 5)];
        let text = json::write(&Intervals(&chosen));
        assert_eq!(text, r#"{"groups":10,"wall":5}"#);
        assert_eq!(intervals(&text), chosen);
        assert_eq!(intervals(r#"{"groups":"soon","wall":5}"#), chosen[1..]);
        for text in ["", "[5]", "{"] {
            assert_eq!(intervals(text), []);
        }
    }
}
