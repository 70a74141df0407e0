//! Clears subscribers of signals that outlive a page. Leptos keeps every subscriber, even of pages that were left, and
//! visits all of them at each change, which would slow down a console that stays open for months.

use leptos::reactive::graph::Source;

/// Drops the subscribers of a signal that was just changed. The change makes existing ones subscribe again.
pub fn clear_subscribers(signal: &dyn Source) {
    signal.clear_subscribers();
}

/// Makes the existing subscribers read these signals again, and drops all others. For signals that change rarely.
pub fn resubscribe(signals: &[&dyn Source]) {
    for signal in signals {
        signal.mark_dirty();
        clear_subscribers(*signal);
    }
}

#[cfg(test)]
mod tests {
    use super::{clear_subscribers, resubscribe};
    use leptos::prelude::*;

    #[test]
    fn an_existing_subscriber_follows_a_signal_whose_subscribers_were_cleared() {
        let owner = Owner::new();
        owner.with(|| {
            let number = RwSignal::new(1);
            let double = Memo::new(move |_| number.get() * 2);
            let plus_one = Memo::new(move |_| double.get() + 1);
            assert_eq!(plus_one.get(), 3);
            number.set(2);
            clear_subscribers(&number);
            assert_eq!(plus_one.get(), 5);
            resubscribe(&[&number]);
            assert_eq!(plus_one.get(), 5);
            number.set(3);
            assert_eq!(plus_one.get(), 7);
        });
    }
}
