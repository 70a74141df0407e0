//! Which console this page is, and which one the gateway serves: a page that stays open for months
//! learns here that there is a newer one, and that a gateway that was gone is back.

use crate::api;
use leptos::prelude::*;

/// What is known of builds.
#[derive(Clone, Copy)]
pub struct Build {
    /// The one that this page was loaded from.
    first: RwSignal<Option<String>>,
    /// Whether the gateway serves another.
    is_old: RwSignal<bool>,
    /// Counts the answers.
    answers: RwSignal<u32>,
    under_way: RwSignal<bool>,
}

/// What is known of builds. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_build() -> Build {
    expect_context()
}

/// Learns which console this page is.
pub fn provide() -> Build {
    let build = Build {
        first: RwSignal::new(None),
        is_old: RwSignal::new(false),
        answers: RwSignal::new(0),
        under_way: RwSignal::new(false),
    };
    provide_context(build);
    build.ask();
    build
}

impl Build {
    /// Asks the gateway, unless it is being asked.
    pub fn ask(self) {
        if self.under_way.try_get_untracked() != Some(false) {
            return;
        }
        let _ = self.under_way.try_set(true);
        leptos::task::spawn_local(async move {
            let answer = api::build::build().await;
            let _ = self.under_way.try_set(false);
            let Ok(now) = answer else { return };
            match self.first.try_get_untracked().flatten() {
                None => {
                    let _ = self.first.try_set(Some(now));
                }
                Some(first) if first != now => {
                    let _ = self.is_old.try_set(true);
                }
                Some(_) => {}
            }
            let _ = self
                .answers
                .try_update(|times| *times = times.wrapping_add(1));
        });
    }

    /// Whether the gateway serves another console than this page.
    #[must_use]
    pub fn is_old(self) -> bool {
        self.is_old.get()
    }

    /// Counts the answers.
    #[must_use]
    pub fn answers(self) -> u32 {
        self.answers.get()
    }
}
