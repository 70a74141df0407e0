//! The preferences of this browser: theme, time zone, refresh intervals, columns, saved queries, sound and
//! notifications of the wall. Also tells the browser's other windows that a console has started, and keeps the wall's
//! known alarms until the tab is closed. This is the only user of browser storage, and it never stores a secret;
//! `index.html` reads theme and time zone for the first paint. Without storage, a preference lasts until the page is
//! closed.

use crate::json;
use crate::on_change::{on_change, on_change_since};
use crate::provided::provided;
use crate::subscribers::resubscribe;
use leptos::prelude::*;
use serde::{Serialize, Serializer};
use web_sys::Storage;

/// The colour theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The system's theme.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The time zone in which times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// The browser's own.
    Local,
}

impl Theme {
    /// The text that is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The next theme, for a button that cycles through all.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// Parses a stored theme or one from an address; [`Theme::System`] for anything else.
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
    /// The text that is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "local",
        }
    }

    /// The other zone.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Utc,
        }
    }
}

/// The preferences as signals.
#[derive(Clone, Copy)]
pub struct Prefs {
    /// The colour theme.
    pub theme: RwSignal<Theme>,
    /// The time zone.
    pub zone: RwSignal<Zone>,
    /// Seconds between polls, for kinds of pages without the default. Changed by [`Prefs::set_refresh`].
    pub refresh: RwSignal<Vec<(String, u64)>>,
    /// The column codes of the table "Cloud failover sessions"; `None` for the default columns.
    pub session_columns: RwSignal<Option<Vec<String>>>,
    /// The saved queries in their file format. Changed by [`Prefs::set_queries`].
    pub queries: RwSignal<String>,
    /// The stored queries as this tab last read or wrote them.
    stored_queries: StoredValue<String>,
    /// Whether the status wall's sound is off.
    pub muted: RwSignal<bool>,
    /// Whether the status wall shows desktop notifications for new critical alarms.
    pub notify: RwSignal<bool>,
}

const THEME: &str = "failover-console.theme";
const ZONE: &str = "failover-console.zone";
const REFRESH: &str = "failover-console.refresh";
const COLUMNS: &str = "failover-console.session-columns";
const QUERIES: &str = "failover-console.queries";
const MUTED: &str = "failover-console.muted";
const NOTIFY: &str = "failover-console.notify";
const STARTED: &str = "failover-console.begun";

/// The preferences of this browser. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_prefs() -> Prefs {
    provided()
}

/// Reads the stored preferences and stores every later change.
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
    store_changes(THEME, move || prefs.theme.get().word().to_owned());
    store_changes(ZONE, move || prefs.zone.get().word().to_owned());
    store_changes(MUTED, move || yes_or_no(prefs.muted.get()).to_owned());
    store_changes(NOTIFY, move || yes_or_no(prefs.notify.get()).to_owned());
    store_changes(COLUMNS, move || json::write(&*prefs.session_columns.read()));
    store_changes(QUERIES, move || prefs.queries.get());
    // Each tab stores the complete list, so this tab has to add its changes to the list of the last writer.
    let listener = window_event_listener_untyped("storage", move |_| prefs.reload_queries());
    on_cleanup(move || listener.remove());
    prefs
}

impl Prefs {
    /// Reads queries that another tab has stored. Call it before each change: the browser reports changes of other tabs
    /// late, and not to a page that the Back button restores.
    pub fn reload_queries(self) {
        // A browser that cannot store them returns none or old ones: keep the queries of this tab.
        if let Some(queries) = stored(QUERIES)
            && self.stored_queries.with_value(|before| *before != queries)
        {
            self.stored_queries.set_value(queries.clone());
            self.queries.set(queries);
        }
    }

    /// Saves these queries. Returns whether the browser stored them: otherwise they last until the page is closed.
    pub fn set_queries(self, queries: String) -> bool {
        let is_stored = store(QUERIES, &queries);
        if is_stored {
            self.stored_queries.set_value(queries.clone());
        }
        self.queries.set(queries);
        is_stored
    }

    /// Sets the refresh interval for one kind of page, and keeps intervals that other tabs have set for other pages.
    pub fn set_refresh(self, page: &str, seconds: u64) {
        let chosen = stored(REFRESH).map(|text| intervals(&text));
        let mut chosen = chosen.unwrap_or_else(|| self.refresh.get_untracked());
        chosen.retain(|(chosen, _)| chosen != page);
        chosen.push((page.to_owned(), seconds));
        let _ = store(REFRESH, &json::write(&Intervals(&chosen)));
        self.refresh.set(chosen);
    }

    /// Drops the subscribers of pages that were left, see [`resubscribe`].
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

/// Tells the other windows of this browser that a console has started, maybe for a different user.
pub fn announce_start() {
    // The browser reports only a changed value.
    let number = js_sys::Number::from(js_sys::Math::random());
    if let Ok(text) = number.to_string_with_radix(10) {
        let _ = store(STARTED, &String::from(text));
    }
}

/// Calls `run` whenever a console starts in another window of this browser, until the current owner is cleaned up.
pub fn on_start_elsewhere(run: impl Fn() + 'static) {
    let listener = window_event_listener(leptos::ev::storage, move |event| {
        if event.key().as_deref() == Some(STARTED) {
            run();
        }
    });
    on_cleanup(move || listener.remove());
}

/// Seconds for each kind of page, serialised as an object.
struct Intervals<'a>(&'a [(String, u64)]);

impl Serialize for Intervals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(page, seconds)| (page, seconds)))
    }
}

fn intervals(text: &str) -> Vec<(String, u64)> {
    let Ok(json::Value::Object(pages)) = json::value(text.as_bytes()) else {
        return Vec::new();
    };
    let pages = pages.iter();
    let pages = pages.filter_map(|(page, seconds)| Some((page.to_owned(), seconds.as_u64()?)));
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

/// Stores the text only when it changes in this tab: a tab that starts must not overwrite the changes of another tab.
fn store_changes(key: &'static str, text: impl Fn() -> String + 'static) {
    let text: Box<dyn Fn() -> String> = Box::new(text);
    on_change_since(move |before: Option<String>| {
        let now = text();
        // Do not store a value that came from another tab: that tab may have stored a newer one since.
        if before.is_some_and(|before| before != now) && stored(key).as_ref() != Some(&now) {
            let _ = store(key, &now);
        }
        now
    });
}

/// The text that [`keep_in_tab`] kept before the page was reloaded.
#[must_use]
pub fn kept_in_tab(key: &str) -> Option<String> {
    let storage = window().session_storage().ok().flatten()?;
    storage.get_item(key).ok().flatten()
}

/// Keeps a text until the tab is closed, if the browser has session storage.
pub fn keep_in_tab(key: &str, text: &str) {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.set_item(key, text);
    }
}

/// Stores a value. Returns whether the browser accepted it.
fn store(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Intervals, intervals};
    use crate::json;

    #[test]
    fn written_intervals_are_read_back_and_invalid_ones_are_ignored() {
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
