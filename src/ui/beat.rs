//! The age of a heartbeat as a bar: it runs to 1.2 timeouts, with a thin mark at half of the timeout,
//! when the next beat is due, and a thick one at the whole, when another session takes over.

use leptos::prelude::*;

/// What a beat shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BeatFacts {
    /// Seconds since the last heartbeat; `None` for never.
    pub age: Option<f64>,
    /// The FailoverTimeout in seconds; `None` when it is not known.
    pub timeout: Option<f64>,
    /// Whether the next heartbeat is known to be overdue.
    pub late: bool,
    /// Whether the FailoverTimeout is known to have passed.
    pub silent: bool,
    /// The age in words.
    pub words: String,
    /// Whether the source is stale: then the age is what it was.
    pub was: bool,
}

impl BeatFacts {
    fn label(&self) -> String {
        let was = if self.was { "was " } else { "" };
        match (self.age, self.timeout) {
            (None, _) => "no heartbeat yet".to_owned(),
            (_, None) => format!("{was}{} since the last heartbeat", self.words),
            (_, Some(timeout)) => {
                format!(
                    "{was}{} since the last heartbeat, timeout {timeout:.0} s",
                    self.words
                )
            }
        }
    }
}

/// A heartbeat's age.
#[component]
pub fn Beat(
    /// What it shows.
    #[prop(into)]
    facts: Signal<BeatFacts>,
) -> impl IntoView {
    let timeout = move || facts.read().timeout.filter(|timeout| *timeout > 0.0);
    let bar = move || {
        timeout().map(|timeout| {
            let age = move || facts.read().age.unwrap_or_default().min(timeout * 1.2);
            view! {
                <span>
                    <meter
                        min="0"
                        max=timeout * 1.2
                        low=move || if facts.read().late { timeout / 2.0 } else { timeout * 1.2 }
                        high=move || if facts.read().silent { timeout } else { timeout * 1.2 }
                        optimum="0"
                        value=age
                        aria-label="Age of the last heartbeat"
                        aria-valuetext=move || facts.read().label()
                    ></meter>
                </span>
            }
        })
    };
    let words = move || {
        let facts = facts.read();
        match (facts.age, facts.was) {
            (None, _) => "never".to_owned(),
            (_, true) => format!("was {}", facts.words),
            _ => facts.words.clone(),
        }
    };
    view! { <span class="beat">{bar} {words}</span> }
}
