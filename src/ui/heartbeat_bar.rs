//! The age of a heartbeat as a bar: it runs to 1.2 timeouts, with a thin mark at half of the timeout,
//! when the next heartbeat is due, and a thick one at the whole, when another session takes over.

use health::words::decimal;
use leptos::prelude::*;

/// What the bar shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeartbeatBarFacts {
    /// Seconds since the last heartbeat; `None` for never.
    pub age: Option<f64>,
    /// The FailoverTimeout in seconds; `None` when it is not known.
    pub timeout: Option<f64>,
    /// Whether the next heartbeat is known to be overdue.
    pub late: bool,
    /// Whether the FailoverTimeout is known to have passed.
    pub silent: bool,
    /// What stands below the bar.
    pub words: String,
    /// The same in a sentence, for those who do not see the bar.
    pub label: String,
}

impl HeartbeatBarFacts {
    /// The words for an age. Of a stale source it is what it was.
    #[must_use]
    pub fn worded(self, age: &str, was: bool) -> Self {
        let was = if was { "was " } else { "" };
        let label = self.label_of(&format!("{was}{age} since the last heartbeat"));
        Self {
            words: format!("{was}{age}"),
            label,
            ..self
        }
    }

    /// The words for a moment, where nobody keeps the age current.
    #[must_use]
    pub fn worded_moment(self, at: &str) -> Self {
        let label = self.label_of(&format!("last heartbeat at {at}"));
        Self {
            words: at.to_owned(),
            label,
            ..self
        }
    }

    /// The words where there was no heartbeat.
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

/// A heartbeat's age; a dash where there is none to show.
#[component]
pub fn HeartbeatBar(
    /// What it shows.
    #[prop(into)]
    facts: Signal<Option<HeartbeatBarFacts>>,
) -> impl IntoView {
    // Worded once, however many parts of it follow; the bar itself stays as it is while only its value moves.
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
            // Where the bar ends, and where a mark stands that is not passed.
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
