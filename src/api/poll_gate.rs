//! While a row is dragged, polling waits, so that frames stay short: requests and the parsing of answers
//! are delayed for a limited time, and then resumed one per frame. Actions of the user never wait.

use leptos::prelude::{request_animation_frame, window};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen_futures::JsFuture;

/// The maximum delay of a poll, in milliseconds, which limits how old data on the screen can become.
const MAX_WAIT: f64 = 3_000.0;

/// The delay after a drag before polls continue, so that its result is drawn first.
const REOPEN_DELAY: Duration = Duration::from_millis(400);

/// Whether polls may continue.
#[derive(Debug, Clone, Copy, PartialEq)]
enum PollGate {
    Open,
    /// Closed since this time, in milliseconds since the page was opened.
    Closed(f64),
    /// Closed since the first time; the drag ended at the second.
    Reopening(f64, f64),
}

impl PollGate {
    fn close(self, now: f64) -> Self {
        match self {
            // A drag that pauses for a moment counts as one drag.
            Self::Closed(since) | Self::Reopening(since, _) if !self.is_open(now) => {
                Self::Closed(since)
            }
            _ => Self::Closed(now),
        }
    }

    fn reopen(self, now: f64) -> Self {
        match self {
            Self::Closed(since) => Self::Reopening(since, now),
            other => other,
        }
    }

    fn is_open(self, now: f64) -> bool {
        match self {
            Self::Open => true,
            Self::Closed(since) => now - since >= MAX_WAIT,
            Self::Reopening(since, at) => {
                now - at >= REOPEN_DELAY.as_secs_f64() * 1_000.0 || now - since >= MAX_WAIT
            }
        }
    }
}

thread_local! {
    static GATE: Cell<PollGate> = const { Cell::new(PollGate::Open) };
    /// The waiting polls in order of arrival; each is resumed by calling its function.
    static WAITING: RefCell<VecDeque<js_sys::Function>> = const { RefCell::new(VecDeque::new()) };
}

/// Milliseconds since the page was opened.
#[must_use]
pub fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Reports the start or the end of a drag.
pub fn set_dragging(dragging: bool) {
    let gate = GATE.get();
    GATE.set(if dragging {
        gate.close(now())
    } else {
        gate.reopen(now())
    });
}

/// Waits while the gate is closed.
pub async fn wait() {
    let is_first = WAITING.with_borrow(VecDeque::is_empty);
    if is_first && GATE.get().is_open(now()) {
        return;
    }
    let turn = js_sys::Promise::new(&mut |resume, _| {
        WAITING.with_borrow_mut(|waiting| waiting.push_back(resume));
    });
    if is_first {
        request_animation_frame(next);
    }
    // This promise is never rejected.
    let _ = JsFuture::from(turn).await;
}

/// Resumes the poll that has waited longest, one per frame.
fn next() {
    if GATE.get().is_open(now())
        && let Some(resume) = WAITING.with_borrow_mut(VecDeque::pop_front)
    {
        let _ = resume.call0(&wasm_bindgen::JsValue::UNDEFINED);
    }
    if !WAITING.with_borrow(VecDeque::is_empty) {
        request_animation_frame(next);
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WAIT, PollGate};

    #[test]
    fn polls_wait_during_a_drag_and_for_a_moment_after_it() {
        let gate = PollGate::Open.close(1_000.0);
        assert!(PollGate::Open.is_open(1_000.0));
        assert!(!gate.is_open(1_000.0));
        let reopening = gate.reopen(1_500.0);
        assert!(!reopening.is_open(1_899.0));
        assert!(reopening.is_open(1_900.0));
        assert_eq!(PollGate::Open.reopen(0.0), PollGate::Open);
    }

    #[test]
    fn polls_wait_no_longer_than_the_limit_during_consecutive_drags() {
        let mut gate = PollGate::Open.close(0.0);
        for step in 1..30 {
            let now = f64::from(step) * 100.0;
            gate = gate.reopen(now).close(now + 50.0);
            assert!(!gate.is_open(now), "{now}");
        }
        assert!(gate.is_open(MAX_WAIT));
        assert!(gate.reopen(MAX_WAIT).is_open(MAX_WAIT));
        assert!(!gate.close(MAX_WAIT + 1.0).is_open(MAX_WAIT + 1.0));
    }
}
