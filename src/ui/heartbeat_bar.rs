//! The age of a heartbeat as a bar of 1.2 timeouts. A thin mark at half the timeout shows when the next heartbeat is
//! due, and a thick one at the full timeout when another session takes over.

use health::words::decimal;
use leptos::prelude::*;

/// The values of the bar.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeartbeatBarFacts {
    /// Seconds since the last heartbeat; `None` if there was none.
    pub age: Option<f64>,
    /// The FailoverTimeout in seconds; `None` if unknown.
    pub timeout: Option<f64>,
    /// Whether the next heartbeat is known to be overdue.
    pub late: bool,
    /// Whether the FailoverTimeout is known to have passed.
    pub silent: bool,
    /// The text below the bar.
    pub words: String,
    /// The same as a phrase for screen readers.
    pub label: String,
}

impl HeartbeatBarFacts {
    /// Sets the texts from an age, which a stale source shows as past (`was`).
    #[must_use]
    pub fn with_age(self, age: &str, was: bool) -> Self {
        let was = if was { "was " } else { "" };
        let label = self.label_of(&format!("{was}{age} since the last heartbeat"));
        Self {
            words: format!("{was}{age}"),
            label,
            ..self
        }
    }

    /// Sets the texts from a time, for a row whose age is not updated.
    #[must_use]
    pub fn with_time(self, at: &str) -> Self {
        let label = self.label_of(&format!("last heartbeat at {at}"));
        Self {
            words: at.to_owned(),
            label,
            ..self
        }
    }

    /// The values if there was no heartbeat.
    #[must_use]
    pub fn never() -> Self {
        Self {
            words: "never".to_owned(),
            label: "no heartbeat yet".to_owned(),
            ..Self::default()
        }
    }

    fn label_of(&self, words: &str) -> String {
        match self.timeout {
            None => words.to_owned(),
            Some(timeout) => format!("{words}, timeout {} s", decimal(timeout, 0)),
        }
    }
}

/// The age of a heartbeat; a dash if there are no values.
#[component]
pub fn HeartbeatBar(
    /// The values to show.
    #[prop(into)]
    facts: Signal<Option<HeartbeatBarFacts>>,
) -> impl IntoView {
    // Memos compute the texts once for all parts, and keep the bar's element while only its value changes.
    let facts = Memo::new(move |_| facts.get());
    let timeout = Memo::new(move |_| {
        let timeout = facts.read().as_ref().and_then(|facts| facts.timeout);
        timeout.filter(|timeout| *timeout > 0.0)
    });
    let is = move |holds: fn(&HeartbeatBarFacts) -> bool| facts.read().as_ref().is_some_and(holds);
    let bar = move || {
        timeout.get().map(|timeout| {
            let age = move || {
                let age = facts.read().as_ref().and_then(|facts| facts.age);
                decimal(age.unwrap_or_default().min(timeout * 1.2), 3)
            };
            // The end of the bar, and the place of a mark that is not passed.
            let end = timeout * 1.2;
            let mark = move |at: f64| decimal(at, 3);
            view! {
                <span>
                    <meter
                        min="0"
                        max=mark(end)
                        low=move || mark(if is(|facts| facts.late) { timeout / 2.0 } else { end })
                        high=move || mark(if is(|facts| facts.silent) { timeout } else { end })
                        optimum="0"
                        value=age
                        aria-label="Age of the last heartbeat"
                        aria-valuetext=move || facts.read().as_ref().map(|facts| facts.label.clone())
                    ></meter>
                </span>
            }
        })
    };
    let words = move || {
        facts
            .read()
            .as_ref()
            .map_or_else(|| "–".to_owned(), |facts| facts.words.clone())
    };
    view! { <span class="beat">{bar} {words}</span> }
}
