//! Protects against presses of a button that has just changed. A refresh may give a button under the pointer or the
//! focus another row or another action, which the user does not intend.

use leptos::prelude::*;

/// The name of a button, which contains its action and its target, when the pointer or the focus reached it.
#[derive(Clone, Copy)]
pub struct Intent(StoredValue<Option<String>>);

impl Default for Intent {
    /// Neither pointer nor focus is on the button.
    fn default() -> Self {
        Self(StoredValue::new(None))
    }
}

impl Intent {
    /// Handles the pointer reaching the button. On a touch screen that is the touch itself.
    pub fn point(self, name: String) {
        self.0.set_value(Some(name));
    }

    /// Handles the focus reaching the button, by a key or after the pointer, which has noted the name before.
    pub fn focus(self, name: String) {
        self.0.update_value(|before| {
            before.get_or_insert(name);
        });
    }

    /// Handles the pointer or the focus leaving the button. Works after the button was removed.
    pub fn leave(self) {
        let _ = self.0.try_update_value(Option::take);
    }

    /// Handles a press. Returns a sentence, and the press must be ignored, if the name has changed since the pointer or
    /// the focus reached the button. The next press is accepted for the current name, or for the one that the press
    /// itself causes.
    #[must_use]
    pub fn reject_if_changed(self, name: String) -> Option<String> {
        let before = self.0.try_update_value(Option::take).flatten();
        let before = before.filter(|before| *before != name)?;
        let why =
            format!("the button changed from “{before}” to “{name}”. Press it again to confirm.");
        self.0.set_value(Some(name));
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::Intent;
    use leptos::prelude::Owner;

    #[test]
    fn a_button_that_changed_under_the_pointer_needs_a_second_press() {
        let of = |name: &str| name.to_owned();
        Owner::new().with(|| {
            let intent = Intent::default();
            let is_meant = |name| intent.reject_if_changed(of(name)).is_none();
            assert!(is_meant("Clear a"), "neither pointer nor focus was on it");
            intent.point(of("Override a"));
            // The press also moves the focus to the button, which has already changed.
            intent.focus(of("Clear a"));
            let why = intent.reject_if_changed(of("Clear a"));
            assert_eq!(
                why.as_deref(),
                Some(
                    "the button changed from “Override a” to “Clear a”. Press it again to confirm."
                )
            );
            assert!(is_meant("Clear a"), "the second press");
            assert!(is_meant("Override a"), "the press itself changed it");
            intent.focus(of("Override a"));
            assert!(!is_meant("Override b"), "the row is another one");
            assert!(!is_meant("Override c"), "and again");
            intent.leave();
            assert!(is_meant("Override d"));
            intent.focus(of("Override a"));
            intent.point(of("Override b"));
            assert!(is_meant("Override b"), "the pointer came later");
        });
    }
}
