//! Who has read a signal. Leptos remembers everything that ever read one, also what was on a page that has been left,
//! and goes through all of it at every change. In a console that is open for months a signal of its own must forget.

use leptos::reactive::graph::Source;

/// Forgets who has read a signal, right after it was changed: whoever is still there reads it anew because of that.
pub fn forget(signal: &dyn Source) {
    signal.clear_subscribers();
}

/// Has everybody who is there read these signals anew, and forgets the others. For signals that change seldom.
pub fn renew(signals: &[&dyn Source]) {
    for signal in signals {
        signal.mark_dirty();
        forget(*signal);
    }
}

#[cfg(test)]
mod tests {
    use super::{forget, renew};
    use leptos::prelude::*;

    #[test]
    fn whoever_is_still_there_goes_on_following_a_signal_that_forgets() {
        let owner = Owner::new();
        owner.with(|| {
            let number = RwSignal::new(1);
            let double = Memo::new(move |_| number.get() * 2);
            let plus_one = Memo::new(move |_| double.get() + 1);
            assert_eq!(plus_one.get(), 3);
            number.set(2);
            forget(&number);
            assert_eq!(plus_one.get(), 5);
            renew(&[&number]);
            assert_eq!(plus_one.get(), 5);
            number.set(3);
            assert_eq!(plus_one.get(), 7);
        });
    }
}
