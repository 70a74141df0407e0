//! Plays the sounds that `alarm_sound` chooses unless they are muted, and detects when the browser blocks them.

use super::state::Wall;
use crate::live::use_clock;
use crate::on_change::{on_change, on_change_since};
use crate::prefs::{Prefs, use_prefs};
use crate::ui::sound::Sound;
use leptos::prelude::*;

/// The wall's sound.
#[derive(Clone, Copy)]
pub struct Sounds {
    sound: StoredValue<Option<Sound>, LocalStorage>,
    blocked: RwSignal<bool>,
    prefs: Prefs,
}

/// Starts to play alarm sounds, and to unblock sound on user gestures.
#[must_use]
pub fn sounds(wall: Wall) -> Sounds {
    let (clock, prefs) = (use_clock(), use_prefs());
    let sounds = Sounds {
        sound: StoredValue::new_local(Sound::new()),
        blocked: RwSignal::new(true),
        prefs,
    };
    on_change(move || {
        let _ = clock.millis();
        sounds.update_blocked();
    });
    on_change_since(move |before: Option<Option<u32>>| {
        let tone = wall.tone.get();
        let number = tone.map(|(number, _)| number);
        if let Some((_, tone)) = tone.filter(|_| before != Some(number)) {
            let is_muted = prefs.muted.get_untracked();
            if !is_muted {
                sounds.with(|sound| sound.play(tone.notes()));
            }
        }
        number
    });
    let pressed = window_event_listener(leptos::ev::pointerdown, move |_| sounds.unblock());
    let typed = window_event_listener(leptos::ev::keydown, move |_| sounds.unblock());
    on_cleanup(move || {
        pressed.remove();
        typed.remove();
        sounds.with(Sound::rest);
    });
    sounds
}

impl Sounds {
    fn with(self, act: impl FnOnce(&Sound)) {
        let _ = self.sound.try_with_value(|sound| sound.as_ref().map(act));
    }

    fn unblock(self) {
        if self.blocked.try_get_untracked() == Some(true) {
            self.with(Sound::unblock);
        }
    }

    fn update_blocked(self) {
        let blocked = self
            .sound
            .try_with_value(|sound| sound.as_ref().is_none_or(Sound::is_blocked));
        let blocked = blocked.unwrap_or(true);
        let _ = self.blocked.try_maybe_update(|old| {
            let changed = *old != blocked;
            *old = blocked;
            (changed, ())
        });
    }

    /// Why sounds cannot be heard; `None` if they can.
    #[must_use]
    pub fn silence_reason(self) -> Option<&'static str> {
        if self.prefs.muted.get() {
            Some("Muted")
        } else if self.blocked.get() {
            Some("Sound is blocked")
        } else {
            None
        }
    }

    /// Whether the browser blocks sound that is not muted.
    #[must_use]
    pub fn is_blocked(self) -> bool {
        self.blocked.get() && !self.prefs.muted.get()
    }

    /// Whether sound is muted.
    #[must_use]
    pub fn is_muted(self) -> bool {
        self.prefs.muted.get()
    }

    /// Mutes or unmutes. This acknowledges nothing.
    pub fn mute(self, muted: bool) {
        self.prefs.muted.set(muted);
    }
}
