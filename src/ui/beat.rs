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

/// A heartbeat's age; a dash where there is none to show.
#[component]
pub fn Beat(
    /// What it shows.
    #[prop(into)]
    facts: Signal<Option<BeatFacts>>,
) -> impl IntoView {
    // The bar itself stays as it is while only its value moves.
    let timeout = Memo::new(move |_| {
        let timeout = facts.read().as_ref().and_then(|facts| facts.timeout);
        timeout.filter(|timeout| *timeout > 0.0)
    });
    let is = move |holds: fn(&BeatFacts) -> bool| facts.read().as_ref().is_some_and(holds);
    let bar = move || {
        timeout.get().map(|timeout| {
            let age = move || {
                let age = facts.read().as_ref().and_then(|facts| facts.age);
                age.unwrap_or_default().min(timeout * 1.2)
            };
            view! {
                <span>
                    <meter
                        min="0"
                        max=timeout * 1.2
                        low=move || if is(|facts| facts.late) { timeout / 2.0 } else { timeout * 1.2 }
                        high=move || if is(|facts| facts.silent) { timeout } else { timeout * 1.2 }
                        optimum="0"
                        value=age
                        aria-label="Age of the last heartbeat"
                        aria-valuetext=move || facts.read().as_ref().map(BeatFacts::label)
                    ></meter>
                </span>
            }
        })
    };
    let words = move || match facts.read().as_ref() {
        None => "–".to_owned(),
        Some(BeatFacts { age: None, .. }) => "never".to_owned(),
        Some(BeatFacts {
            was: true, words, ..
        }) => format!("was {words}"),
        Some(BeatFacts { words, .. }) => words.clone(),
    };
    view! { <span class="beat">{bar} {words}</span> }
}
