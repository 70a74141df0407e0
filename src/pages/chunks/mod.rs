//! The parts of the program that a browser fetches only when they are needed: each page of the rail but the
//! Overview, and the screens that take the whole screen. What is cut, and where; `loading` fetches it.
//!
//! `cargo xtask build` cuts the program (feature `split`). Uncut, as under `trunk serve` and in tests, every
//! chunk is there from the beginning.

mod loading;

pub use loading::{Chunks, provide, use_chunks};

use super::alarms::AskedOfAlarm;
use super::alarms::acknowledge::{Acknowledge, Withdraw, WriteNote};
use super::{
    Polling, activity, connections, failover_sessions, groups, pairing, report, sign_in, slicers,
    wall,
};
use crate::api::session::Session;
use crate::route::Route;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;

/// What a chunk draws.
#[derive(Clone)]
pub enum Piece {
    /// A page inside the shell.
    Page(Route),
    /// The status wall.
    Wall {
        /// Whether the vendors' systems are simulated.
        demo: bool,
    },
    /// The screen that waits to become a wall.
    Pairing {
        /// Whether there was a session, and it has ended.
        ended: bool,
        /// Somebody is signed in now.
        done: Callback<()>,
    },
    /// The dialog over a page whose session has ended.
    SignInAgain {
        /// Who was signed in.
        user: String,
        /// After somebody has signed in.
        done: Callback<Session>,
        /// After it was closed.
        on_close: Callback<()>,
    },
    /// How the gateway reads the connection of this id, in the top bar.
    Polling(String),
    /// A dialog about an alarm.
    AlarmDialog {
        /// Which one.
        asked: AskedOfAlarm,
        /// After something was changed, or may have been.
        changed: Callback<()>,
        /// After it was closed.
        on_close: Callback<()>,
    },
}

/// A chunk of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// Signing in: the page, and the dialog. The first, because it has to be there when the gateway refuses.
    SignIn,
    /// The dialogs about alarms on the Overview.
    AlarmDialogs,
    /// Client failover groups.
    Groups,
    /// Slicer groups.
    Slicers,
    /// Failover sessions.
    FailoverSessions,
    /// The activity, and the report that it leads to.
    Activity,
    /// Connections and walls, and how a connection is read.
    Connections,
    /// The status wall, and pairing.
    Wall,
}

impl Chunk {
    /// Every chunk, in the order in which an idle page fetches them.
    const ALL: [Self; 8] = [
        Self::SignIn,
        Self::AlarmDialogs,
        Self::Groups,
        Self::Slicers,
        Self::FailoverSessions,
        Self::Activity,
        Self::Connections,
        Self::Wall,
    ];

    /// The chunk that a page is in. `None` for what is always there.
    #[must_use]
    pub fn of(route: &Route) -> Option<Self> {
        match route {
            Route::Groups | Route::Group { .. } => Some(Self::Groups),
            Route::Slicers | Route::SlicerGroup { .. } => Some(Self::Slicers),
            Route::FailoverSessions | Route::FailoverSession { .. } => Some(Self::FailoverSessions),
            Route::Activity | Route::Report => Some(Self::Activity),
            Route::Connections => Some(Self::Connections),
            Route::Wall => Some(Self::Wall),
            Route::SignIn => Some(Self::SignIn),
            Route::Overview | Route::NotFound => None,
        }
    }

    /// The heading until the page itself gives one.
    fn words(self) -> &'static str {
        match self {
            Self::AlarmDialogs => "Overview",
            Self::Groups => "Groups",
            Self::Slicers => "Slicers",
            Self::FailoverSessions => "Failover sessions",
            Self::Activity => "Activity",
            Self::Connections => "Connections",
            Self::Wall => "Status wall",
            Self::SignIn => "Sign in",
        }
    }

    async fn load(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::AlarmDialogs => in_alarm_dialogs::load().await,
            Self::Groups => in_groups::load().await,
            Self::Slicers => in_slicers::load().await,
            Self::FailoverSessions => in_failover_sessions::load().await,
            Self::Activity => in_activity::load().await,
            Self::Connections => in_connections::load().await,
            Self::Wall => in_wall::load().await,
            Self::SignIn => in_sign_in::load().await,
        }
    }

    /// What the chunk draws. `None` where it is not there.
    fn draw(self, piece: Piece) -> Option<AnyView> {
        match self {
            Self::AlarmDialogs => at_once(in_alarm_dialogs::draw(piece)),
            Self::Groups => at_once(in_groups::draw(piece)),
            Self::Slicers => at_once(in_slicers::draw(piece)),
            Self::FailoverSessions => at_once(in_failover_sessions::draw(piece)),
            Self::Activity => at_once(in_activity::draw(piece)),
            Self::Connections => at_once(in_connections::draw(piece)),
            Self::Wall => at_once(in_wall::draw(piece)),
            Self::SignIn => at_once(in_sign_in::draw(piece)),
        }
    }
}

type Drawn = Result<AnyView, SplitLoaderError>;

/// Cuts one chunk out of the program: everything that only its function reaches.
// Skipped, because the formatter moves the attribute further to the right each time.
#[rustfmt::skip]
macro_rules! chunk {
    ($home:ident, $name:ident, $piece:ident => $view:expr) => {
        mod $home {
            use super::*;

            #[cfg_attr(
                feature = "split",
                leptos::wasm_split::wasm_split(
                    $name,
                    wasm_split_path = ::leptos::wasm_split,
                    fallible,
                    preload(load)
                )
            )]
            pub(super) fn draw($piece: Piece) -> Drawn {
                Ok($view)
            }

            #[cfg(not(feature = "split"))]
            pub(super) async fn load() -> Result<(), SplitLoaderError> {
                Ok(())
            }
        }
    };
}

chunk!(in_alarm_dialogs, alarm_dialogs, piece => match piece {
    Piece::AlarmDialog { asked: AskedOfAlarm::Acknowledge(alarm), changed, on_close } => {
        view! { <Acknowledge alarm changed on_close /> }.into_any()
    }
    Piece::AlarmDialog { asked: AskedOfAlarm::Withdraw(alarm), changed, on_close } => {
        view! { <Withdraw alarm changed on_close /> }.into_any()
    }
    Piece::AlarmDialog { asked: AskedOfAlarm::Note(alarm), changed, on_close } => {
        view! { <WriteNote alarm changed on_close /> }.into_any()
    }
    // Nothing else is in this chunk.
    _ => ().into_any(),
});

chunk!(in_sign_in, sign_in, piece => match piece {
    Piece::SignInAgain { user, done, on_close } => {
        view! { <sign_in::SignInAgain user done on_close /> }.into_any()
    }
    _ => view! { <sign_in::SignIn /> }.into_any(),
});

chunk!(in_groups, groups, piece => match piece {
    Piece::Page(Route::Group { connection, group }) => {
        view! { <groups::GroupPage connection group /> }.into_any()
    }
    _ => view! { <groups::Groups /> }.into_any(),
});

chunk!(in_slicers, slicers, piece => match piece {
    Piece::Page(Route::SlicerGroup { connection, group }) => {
        view! { <slicers::SlicerGroupPage connection group /> }.into_any()
    }
    _ => view! { <slicers::Slicers /> }.into_any(),
});

chunk!(in_failover_sessions, failover_sessions, piece => match piece {
    Piece::Page(Route::FailoverSession { connection, uid }) => {
        view! { <failover_sessions::SessionPage connection uid /> }.into_any()
    }
    _ => view! { <failover_sessions::FailoverSessions /> }.into_any(),
});

chunk!(in_activity, activity, piece => match piece {
    Piece::Page(Route::Report) => view! { <report::Report /> }.into_any(),
    _ => view! { <activity::Activity /> }.into_any(),
});

chunk!(in_connections, connections, piece => match piece {
    Piece::Polling(connection) => {
        view! { <dl class="facts two"><Polling connection /></dl> }.into_any()
    }
    _ => view! { <connections::Connections /> }.into_any(),
});

chunk!(in_wall, wall, piece => match piece {
    Piece::Wall { demo } => view! { <wall::StatusWall demo /> }.into_any(),
    Piece::Pairing { ended, done } => view! { <pairing::Pairing ended done /> }.into_any(),
    // No page inside the shell is in this chunk, and no dialog.
    _ => ().into_any(),
});

/// What a cut function draws. Its future is ready at once where its chunk is there, so the page needs no
/// `Suspend`, which would let the page before it live on and read signals that are gone.
#[cfg(feature = "split")]
fn at_once(drawn: impl Future<Output = Drawn>) -> Option<AnyView> {
    use std::task::{Context, Poll, Waker};
    let drawn = std::pin::pin!(drawn);
    match drawn.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(drawn) => drawn.ok(),
        Poll::Pending => None,
    }
}

#[cfg(not(feature = "split"))]
fn at_once(drawn: Drawn) -> Option<AnyView> {
    drawn.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_has_its_own_place_and_pages_of_one_section_share_one() {
        for (place, chunk) in Chunk::ALL.into_iter().enumerate() {
            assert_eq!(chunk as usize, place, "{chunk:?}");
        }
        for path in [
            "/groups/a/b",
            "/slicers/a/b",
            "/failover-sessions/a/b",
            "/report",
        ] {
            let route = Route::parse(path);
            let section = route.section().and_then(|section| Chunk::of(&section));
            assert_eq!(Chunk::of(&route), section, "{path}");
            assert!(section.is_some(), "{path}");
        }
        assert_eq!(Chunk::of(&Route::Overview), None);
    }
}
