//! What somebody turned to before they pressed it. A refresh may give a button under the pointer or the focus another
//! row or another action: what is pressed then is not what was meant.

use leptos::prelude::*;

/// What a button read when the pointer or the focus came to it: its name, which says the action and what it acts on.
#[derive(Clone, Copy)]
pub struct Intent(StoredValue<Option<String>>);

impl Default for Intent {
    /// Of a button that nobody has turned to.
    fn default() -> Self {
        Self(StoredValue::new(None))
    }
}

impl Intent {
    /// The pointer came to the button. On a touch screen that is the touch itself.
    pub fn point(self, name: String) {
        self.0.set_value(Some(name));
    }

    /// The focus came to the button: by a key, or after the pointer, which has seen it before.
    pub fn focus(self, name: String) {
        self.0.update_value(|before| {
            before.get_or_insert(name);
        });
    }

    /// The pointer or the focus has left it. Also after the button is gone.
    pub fn leave(self) {
        let _ = self.0.try_update_value(Option::take);
    }

    /// The button was pressed: why that is not carried out, in a sentence, where it read something else when somebody
    /// turned to it. Pressed again it means what it reads now, or what the press makes of it.
    #[must_use]
    pub fn why_not_meant(self, name: String) -> Option<String> {
        let before = self.0.try_update_value(Option::take).flatten();
        let before = before.filter(|before| *before != name)?;
        let why = format!(
            "the button read “{before}” when you turned to it, and now reads “{name}”. Press it again if you mean that."
        );
        self.0.set_value(Some(name));
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::Intent;
    use leptos::prelude::Owner;

    #[test]
    fn a_button_that_changed_since_one_turned_to_it_is_pressed_twice() {
        let of = |name: &str| name.to_owned();
        Owner::new().with(|| {
            let intent = Intent::default();
            let is_meant = |name| intent.why_not_meant(of(name)).is_none();
            assert!(is_meant("Clear a"), "nobody had turned to it");
            intent.point(of("Override a"));
            // With the press the focus comes, when the button has changed already.
            intent.focus(of("Clear a"));
            let why = intent.why_not_meant(of("Clear a"));
            assert_eq!(
                why.as_deref(),
                Some(
                    "the button read “Override a” when you turned to it, and now reads “Clear a”. Press it again if you mean that."
                )
            );
            assert!(is_meant("Clear a"), "it was read again");
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
