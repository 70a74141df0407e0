//! A hand that holds something has the browser for itself: what polls ask and what they read waits for it,
//! at most so long, and comes afterwards frame by frame. What a person does never waits.

use leptos::prelude::{request_animation_frame, window};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen_futures::JsFuture;

/// How long a poll waits for a hand, in milliseconds: what is shown grows older by no more than that.
const PATIENCE: f64 = 3_000.0;

/// What a hand has done is drawn before polls go on.
const LET_GO: Duration = Duration::from_millis(400);

/// Whether polls may go on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hand {
    Free,
    /// Since when, in milliseconds since the page was opened.
    Holds(f64),
    /// Since when, and since when it has let go.
    LetGo(f64, f64),
}

impl Hand {
    fn take(self, now: f64) -> Self {
        match self {
            // A hand that lets go for a moment only is the same hand.
            Self::Holds(since) | Self::LetGo(since, _) if !self.is_free(now) => Self::Holds(since),
            _ => Self::Holds(now),
        }
    }

    fn let_go(self, now: f64) -> Self {
        match self {
            Self::Holds(since) => Self::LetGo(since, now),
            other => other,
        }
    }

    fn is_free(self, now: f64) -> bool {
        match self {
            Self::Free => true,
            Self::Holds(since) => now - since >= PATIENCE,
            Self::LetGo(since, at) => {
                now - at >= LET_GO.as_secs_f64() * 1_000.0 || now - since >= PATIENCE
            }
        }
    }
}

thread_local! {
    static HAND: Cell<Hand> = const { Cell::new(Hand::Free) };
    /// Who waits, in the order of their coming; each is told by the call of a function.
    static WAITING: RefCell<VecDeque<js_sys::Function>> = const { RefCell::new(VecDeque::new()) };
}

fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// A hand takes something, or lets it go.
pub fn hold(held: bool) {
    let hand = HAND.get();
    HAND.set(if held {
        hand.take(now())
    } else {
        hand.let_go(now())
    });
}

/// Waits for a hand, if there is one.
pub async fn moment() {
    let nobody_waits = WAITING.with_borrow(VecDeque::is_empty);
    if nobody_waits && HAND.get().is_free(now()) {
        return;
    }
    let turn = js_sys::Promise::new(&mut |told, _| {
        WAITING.with_borrow_mut(|waiting| waiting.push_back(told));
    });
    if nobody_waits {
        request_animation_frame(next);
    }
    // A promise that is only ever kept.
    let _ = JsFuture::from(turn).await;
}

/// Tells the one who waits longest, one in a frame.
fn next() {
    if HAND.get().is_free(now())
        && let Some(told) = WAITING.with_borrow_mut(VecDeque::pop_front)
    {
        let _ = told.call0(&wasm_bindgen::JsValue::UNDEFINED);
    }
    if !WAITING.with_borrow(VecDeque::is_empty) {
        request_animation_frame(next);
    }
}

#[cfg(test)]
mod tests {
    use super::{Hand, PATIENCE};

    #[test]
    fn polls_wait_while_a_hand_holds_something_and_for_a_moment_after_it() {
        let hand = Hand::Free.take(1_000.0);
        assert!(Hand::Free.is_free(1_000.0));
        assert!(!hand.is_free(1_000.0));
        let let_go = hand.let_go(1_500.0);
        assert!(!let_go.is_free(1_899.0));
        assert!(let_go.is_free(1_900.0));
        assert_eq!(Hand::Free.let_go(0.0), Hand::Free);
    }

    #[test]
    fn nothing_waits_longer_than_the_patience_even_for_a_hand_that_takes_again_and_again() {
        let mut hand = Hand::Free.take(0.0);
        for step in 1..30 {
            let now = f64::from(step) * 100.0;
            hand = hand.let_go(now).take(now + 50.0);
            assert!(!hand.is_free(now), "{now}");
        }
        assert!(hand.is_free(PATIENCE));
        assert!(hand.let_go(PATIENCE).is_free(PATIENCE));
        assert!(!hand.take(PATIENCE + 1.0).is_free(PATIENCE + 1.0));
    }
}
