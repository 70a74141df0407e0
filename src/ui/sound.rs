//! Tones by the browser's own synthesizer: no files. Knows nothing of what they mean.

use leptos::prelude::set_timeout;
use std::cell::{Cell, OnceCell};
use std::time::Duration;
use web_sys::{AudioContext, AudioContextState, GainNode, OscillatorType};

/// One note: hertz, milliseconds, milliseconds of silence after it.
pub type Note = (f32, u32, u32);

/// How loud, of 1.
const LOUD: f32 = 0.35;

/// A rise and fall this long, in seconds, so that a note does not click.
const EDGE: f64 = 0.012;

/// How long after its last use it leaves the loudspeakers: what is only drawn anew goes on sounding.
const RESTS_AFTER: Duration = Duration::from_secs(1);

/// What plays tones.
#[derive(Debug, Clone)]
pub struct Sound(AudioContext);

thread_local! {
    /// Made once and used again: Chromium goes on holding one that was closed.
    static CONTEXT: OnceCell<Option<AudioContext>> = const { OnceCell::new() };
    /// Counts the uses.
    static USES: Cell<u32> = const { Cell::new(0) };
}

impl Sound {
    /// A synthesizer, where the browser has one.
    #[must_use]
    pub fn new() -> Option<Self> {
        USES.set(USES.get().wrapping_add(1));
        CONTEXT.with(|context| {
            if let Some(Some(rested)) = context.get() {
                let _ = rested.resume();
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

    /// Asks the browser to allow sound; only inside a user gesture.
    pub fn unblock(&self) {
        // The result is visible in `is_blocked`.
        let _ = self.0.resume();
    }

    /// Sounds no more, and leaves the loudspeakers to others, unless it is used again at once.
    pub fn rest(&self) {
        let (context, uses) = (self.0.clone(), USES.get());
        let suspend = move || {
            if USES.get() == uses {
                let _ = context.suspend();
            }
        };
        set_timeout(suspend, RESTS_AFTER);
    }

    /// Plays notes one after the other; does nothing while blocked, because all notes would sound at once
    /// later.
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
        loudness.linear_ramp_to_value_at_time(LOUD, from + EDGE)?;
        loudness.set_value_at_time(LOUD, to - EDGE)?;
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
