//! Tones from the browser's synthesizer, without audio files.

use leptos::prelude::set_timeout;
use std::cell::{Cell, OnceCell};
use std::time::Duration;
use web_sys::{AudioContext, AudioContextState, GainNode, OscillatorType};

/// A note: frequency in hertz, duration, and silence after it, both in milliseconds.
pub type Note = (f32, u32, u32);

/// The volume, from 0 to 1.
const VOLUME: f32 = 0.35;

/// The duration of fade-in and fade-out, in seconds, so that a note does not click.
const FADE: f64 = 0.012;

/// The delay between the last use and the suspension, so that a redraw of the page does not interrupt the sound.
const SUSPEND_DELAY: Duration = Duration::from_secs(1);

/// A synthesizer that plays tones.
#[derive(Debug, Clone)]
pub struct Sound(AudioContext);

thread_local! {
    /// Created once and reused, because Chromium never frees a closed context.
    static CONTEXT: OnceCell<Option<AudioContext>> = const { OnceCell::new() };
    /// Counts the uses.
    static USES: Cell<u32> = const { Cell::new(0) };
}

impl Sound {
    /// The synthesizer, if the browser has one.
    #[must_use]
    pub fn new() -> Option<Self> {
        USES.set(USES.get().wrapping_add(1));
        CONTEXT.with(|context| {
            if let Some(Some(suspended)) = context.get() {
                let _ = suspended.resume();
            }
            context
                .get_or_init(|| AudioContext::new().ok())
                .clone()
                .map(Self)
        })
    }

    /// Whether the browser blocks sound, as it does until the first user gesture.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.0.state() != AudioContextState::Running
    }

    /// Asks the browser to allow sound. Works only inside a user gesture.
    pub fn unblock(&self) {
        // `is_blocked` shows the result.
        let _ = self.0.resume();
    }

    /// Suspends the synthesizer and releases the loudspeakers, unless it is used again within [`SUSPEND_DELAY`].
    pub fn rest(&self) {
        let (context, uses) = (self.0.clone(), USES.get());
        let suspend = move || {
            if USES.get() == uses {
                let _ = context.suspend();
            }
        };
        set_timeout(suspend, SUSPEND_DELAY);
    }

    /// Plays notes one after the other. Does nothing while blocked: later all of them would sound at the same time.
    pub fn play(&self, notes: &[Note]) {
        if self.is_blocked() {
            return;
        }
        let mut at = self.0.current_time() + 0.02;
        for (hertz, on, off) in notes {
            let end = at + f64::from(*on) / 1_000.0;
            let _ = self.note(*hertz, at, end);
            at = end + f64::from(*off) / 1_000.0;
        }
    }

    fn note(&self, hertz: f32, from: f64, to: f64) -> Result<(), wasm_bindgen::JsValue> {
        let gain: GainNode = self.0.create_gain()?;
        let loudness = gain.gain();
        loudness.set_value_at_time(0.0, from)?;
        loudness.linear_ramp_to_value_at_time(VOLUME, from + FADE)?;
        loudness.set_value_at_time(VOLUME, to - FADE)?;
        loudness.linear_ramp_to_value_at_time(0.0, to)?;
        gain.connect_with_audio_node(&self.0.destination())?;
        let tone = self.0.create_oscillator()?;
        // A few overtones, because pure tones are hard to hear on small loudspeakers.
        tone.set_type(OscillatorType::Triangle);
        tone.frequency().set_value(hertz);
        tone.connect_with_audio_node(&gain)?;
        tone.start_with_when(from)?;
        tone.stop_with_when(to)?;
        Ok(())
    }
}
