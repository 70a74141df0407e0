//! The parts of the program that a browser fetches only when they are needed: each page of the rail but the
//! Overview, and the screens that take the whole screen. What is cut, and where; `loading` fetches it.
//!
//! `cargo xtask build` cuts the program (feature `split`). Uncut, as under `trunk serve` and in tests, every
//! chunk is there from the beginning.

mod loading;

pub use loading::{Chunks, provide, use_chunks};

use super::alarms::AlarmAction;
use super::alarms::acknowledge::{Acknowledge, Withdraw, WriteNote};
use super::{
    activity, connections, failover_sessions, groups, maintenance, pairing, report, sign_in,
    slicers, wall,
};
use crate::api::aveva::Writer;
use crate::api::session::Session;
use crate::client_view::once;
use crate::route::Route;
use health::alarms::Scope;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use vendors::Connection;

/// What a chunk draws.
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
    /// One session of a client failover group, by its id, on the group's page.
    GroupSession(Box<groups::ActionContext>, String),
    /// How the gateway reads a connection, in the top bar.
    Source(Connection),
    /// What was imported on the page of failover sessions.
    Imported(failover_sessions::Imported),
    /// A dialog over a page, and what is run after it was closed.
    Dialog(Box<Dialog>, Callback<()>),
}

/// A dialog that a chunk draws.
pub enum Dialog {
    /// Signs in again over a page whose session has ended.
    SignInAgain {
        /// Who was signed in.
        user: String,
        /// After somebody has signed in.
        done: Callback<Session>,
    },
    /// About an alarm.
    Alarm {
        /// Which one.
        action: AlarmAction,
        /// After something was changed, or may have been.
        changed: Callback<()>,
    },
    /// About maintenance.
    Maintenance {
        /// What of it.
        action: maintenance::MaintenanceAction,
        /// What it is announced for; chosen in the dialog where there is none.
        scope: Option<Scope>,
        /// What that is called.
        name: String,
    },
    /// Creates a client failover group.
    CreateGroup {
        /// The connections that it may be created on.
        writers: Vec<Writer>,
        /// After something was changed, or may have been.
        changed: Callback<()>,
    },
    /// Changes a client failover group or one of its sessions.
    Group {
        /// The actions of the group's page.
        context: groups::ActionContext,
        /// What of it.
        open: groups::Open,
    },
    /// Imports a response into the page of failover sessions.
    Import(failover_sessions::Imported),
    /// About saved queries.
    Queries(failover_sessions::OpenQueries),
    /// Changes a slicer group.
    Slicers {
        /// The actions of the group's page.
        context: slicers::ActionContext,
        /// What of it.
        action: health::slicers::Action,
    },
}

/// A chunk of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// Signing in: the page, and the dialog. The first, because it has to be there when the gateway refuses.
    SignIn,
    /// The dialogs about alarms and maintenance.
    AlarmDialogs,
    /// The list of client failover groups.
    Groups,
    /// One client failover group.
    Group,
    /// One session of a client failover group in full.
    GroupSession,
    /// The dialogs about client failover groups.
    GroupDialogs,
    /// The list of slicer groups.
    Slicers,
    /// One slicer group.
    SlicerGroup,
    /// The dialogs about slicer groups.
    SlicerDialogs,
    /// Failover sessions, found by a query.
    FailoverSessions,
    /// One failover session.
    FailoverSession,
    /// Beside the list of failover sessions: dialogs about saved queries, and imported responses.
    SessionTools,
    /// The activity.
    Activity,
    /// The report that the activity leads to.
    Report,
    /// Connections and walls, and how a connection is read.
    Connections,
    /// The screen that waits to become a wall.
    Pairing,
    /// The status wall.
    Wall,
}

impl Chunk {
    /// Every chunk, in the order in which an idle page fetches them.
    const ALL: [Self; 17] = [
        Self::SignIn,
        Self::AlarmDialogs,
        Self::Groups,
        Self::Group,
        Self::GroupSession,
        Self::GroupDialogs,
        Self::Slicers,
        Self::SlicerGroup,
        Self::SlicerDialogs,
        Self::FailoverSessions,
        Self::FailoverSession,
        Self::SessionTools,
        Self::Activity,
        Self::Report,
        Self::Connections,
        Self::Pairing,
        Self::Wall,
    ];

    /// The chunk that a page is in. `None` for what is always there.
    #[must_use]
    pub fn of(route: &Route) -> Option<Self> {
        match route {
            Route::Groups => Some(Self::Groups),
            Route::Group { .. } => Some(Self::Group),
            Route::Slicers => Some(Self::Slicers),
            Route::SlicerGroup { .. } => Some(Self::SlicerGroup),
            Route::FailoverSessions => Some(Self::FailoverSessions),
            Route::FailoverSession { .. } => Some(Self::FailoverSession),
            Route::Activity => Some(Self::Activity),
            Route::Report => Some(Self::Report),
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
            Self::Groups | Self::Group | Self::GroupSession | Self::GroupDialogs => "Groups",
            Self::Slicers | Self::SlicerGroup | Self::SlicerDialogs => "Slicers",
            Self::FailoverSessions | Self::FailoverSession | Self::SessionTools => {
                "Failover sessions"
            }
            Self::Activity | Self::Report => "Activity",
            Self::Connections => "Connections",
            Self::Pairing | Self::Wall => "Status wall",
            Self::SignIn => "Sign in",
        }
    }

    /// Fetches it. Boxed, so that the program waits for all chunks by the same code.
    fn load(self) -> Pin<Box<dyn Future<Output = Result<(), SplitLoaderError>>>> {
        match self {
            Self::AlarmDialogs => Box::pin(in_alarm_dialogs::load()),
            Self::Groups => Box::pin(in_groups::load()),
            Self::Group => Box::pin(in_group::load()),
            Self::GroupSession => Box::pin(in_group_session::load()),
            Self::GroupDialogs => Box::pin(in_group_dialogs::load()),
            Self::Slicers => Box::pin(in_slicers::load()),
            Self::SlicerGroup => Box::pin(in_slicer_group::load()),
            Self::SlicerDialogs => Box::pin(in_slicer_dialogs::load()),
            Self::FailoverSessions => Box::pin(in_failover_sessions::load()),
            Self::FailoverSession => Box::pin(in_failover_session::load()),
            Self::SessionTools => Box::pin(in_session_tools::load()),
            Self::Activity => Box::pin(in_activity::load()),
            Self::Report => Box::pin(in_report::load()),
            Self::Connections => Box::pin(in_connections::load()),
            Self::Pairing => Box::pin(in_pairing::load()),
            Self::Wall => Box::pin(in_wall::load()),
            Self::SignIn => Box::pin(in_sign_in::load()),
        }
    }

    /// What the chunk draws. `None` where it is not there: the future of a cut function is ready at once where its chunk is,
    /// so the page needs no `Suspend`, which would let the page before it live on and read signals that are gone.
    fn draw(self, piece: Piece) -> Option<AnyView> {
        let piece = Box::new(piece);
        let mut drawn: Pin<Box<dyn Future<Output = Drawn>>> = match self {
            Self::AlarmDialogs => Box::pin(in_alarm_dialogs::draw(piece)),
            Self::Groups => Box::pin(in_groups::draw(piece)),
            Self::Group => Box::pin(in_group::draw(piece)),
            Self::GroupSession => Box::pin(in_group_session::draw(piece)),
            Self::GroupDialogs => Box::pin(in_group_dialogs::draw(piece)),
            Self::Slicers => Box::pin(in_slicers::draw(piece)),
            Self::SlicerGroup => Box::pin(in_slicer_group::draw(piece)),
            Self::SlicerDialogs => Box::pin(in_slicer_dialogs::draw(piece)),
            Self::FailoverSessions => Box::pin(in_failover_sessions::draw(piece)),
            Self::FailoverSession => Box::pin(in_failover_session::draw(piece)),
            Self::SessionTools => Box::pin(in_session_tools::draw(piece)),
            Self::Activity => Box::pin(in_activity::draw(piece)),
            Self::Report => Box::pin(in_report::draw(piece)),
            Self::Connections => Box::pin(in_connections::draw(piece)),
            Self::Pairing => Box::pin(in_pairing::draw(piece)),
            Self::Wall => Box::pin(in_wall::draw(piece)),
            Self::SignIn => Box::pin(in_sign_in::draw(piece)),
        };
        match drawn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(drawn) => drawn.ok(),
            Poll::Pending => None,
        }
    }
}

type Drawn = Result<AnyView, SplitLoaderError>;

/// Cuts one chunk out of the program: everything that only its function reaches. Uncut, that function is asynchronous, too.
// Skipped, because the formatter moves the attribute further to the right each time.
#[rustfmt::skip]
macro_rules! chunk {
    ($home:ident, $name:ident, $piece:ident => $view:expr) => {
        mod $home {
            use super::*;

            #[cfg(feature = "split")]
            #[leptos::wasm_split::wasm_split(
                $name,
                wasm_split_path = ::leptos::wasm_split,
                fallible,
                preload(load)
            )]
            pub(super) fn draw($piece: Box<Piece>) -> Drawn {
                Ok($view)
            }

            #[cfg(not(feature = "split"))]
            pub(super) async fn draw($piece: Box<Piece>) -> Drawn {
                Ok($view)
            }

            #[cfg(not(feature = "split"))]
            pub(super) async fn load() -> Result<(), SplitLoaderError> {
                Ok(())
            }
        }
    };
}

chunk!(in_alarm_dialogs, alarm_dialogs, piece => match *piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::Alarm { action: AlarmAction::Acknowledge(alarm), changed } => {
            view! { <Acknowledge alarm changed on_close /> }.into_any()
        }
        Dialog::Alarm { action: AlarmAction::Withdraw(alarm), changed } => {
            view! { <Withdraw alarm changed on_close /> }.into_any()
        }
        Dialog::Alarm { action: AlarmAction::Note(alarm), changed } => {
            view! { <WriteNote alarm changed on_close /> }.into_any()
        }
        Dialog::Maintenance { action, scope, name } => {
            maintenance::dialog(action, scope, name, on_close)
        }
        // Nothing else is in this chunk.
        _ => ().into_any(),
    },
    _ => ().into_any(),
});

chunk!(in_sign_in, sign_in, piece => match *piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::SignInAgain { user, done } => {
            view! { <sign_in::SignInAgain user done on_close /> }.into_any()
        }
        _ => ().into_any(),
    },
    _ => once(view! { <sign_in::SignIn /> }),
});

chunk!(in_groups, groups, _piece => once(view! { <groups::Groups /> }));

chunk!(in_group, group, piece => match *piece {
    Piece::Page(Route::Group { connection, group }) => {
        once(view! { <groups::GroupPage connection group /> })
    }
    _ => ().into_any(),
});

chunk!(in_group_session, group_session, piece => match *piece {
    Piece::GroupSession(context, id) => view! { <groups::SessionPanel context=*context id /> }.into_any(),
    _ => ().into_any(),
});

chunk!(in_group_dialogs, group_dialogs, piece => match *piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::CreateGroup { writers, changed } => {
            view! { <groups::GroupForm writers changed on_close /> }.into_any()
        }
        Dialog::Group { context, open } => groups::dialogs::dialog(context, open, on_close),
        _ => ().into_any(),
    },
    _ => ().into_any(),
});

chunk!(in_slicers, slicers, _piece => once(view! { <slicers::Slicers /> }));

chunk!(in_slicer_group, slicer_group, piece => match *piece {
    Piece::Page(Route::SlicerGroup { connection, group }) => {
        once(view! { <slicers::SlicerGroupPage connection group /> })
    }
    _ => ().into_any(),
});

chunk!(in_slicer_dialogs, slicer_dialogs, piece => match *piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::Slicers { context, action } => {
            slicers::actions::dialog(context, action, on_close)
        }
        _ => ().into_any(),
    },
    _ => ().into_any(),
});

chunk!(in_failover_sessions, failover_sessions, _piece => {
    once(view! { <failover_sessions::FailoverSessions /> })
});

chunk!(in_failover_session, failover_session, piece => match *piece {
    Piece::Page(Route::FailoverSession { connection, uid }) => {
        once(view! { <failover_sessions::SessionPage connection uid /> })
    }
    _ => ().into_any(),
});

chunk!(in_session_tools, session_tools, piece => match *piece {
    Piece::Imported(imported) => {
        view! { <failover_sessions::ImportedResponse imported /> }.into_any()
    }
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::Import(imported) => {
            view! { <failover_sessions::Importing imported on_close /> }.into_any()
        }
        Dialog::Queries(open) => failover_sessions::saved_view::dialog(open, on_close),
        _ => ().into_any(),
    },
    _ => ().into_any(),
});

chunk!(in_activity, activity, _piece => once(view! { <activity::Activity /> }));

chunk!(in_report, report, _piece => once(view! { <report::Report /> }));

chunk!(in_connections, connections, piece => match *piece {
    Piece::Source(connection) => connections::source(connection),
    _ => once(view! { <connections::Connections /> }),
});

chunk!(in_pairing, pairing, piece => match *piece {
    Piece::Pairing { ended, done } => once(view! { <pairing::Pairing ended done /> }),
    _ => ().into_any(),
});

chunk!(in_wall, wall, piece => match *piece {
    Piece::Wall { demo } => once(view! { <wall::StatusWall demo /> }),
    // No page inside the shell is in this chunk, and no dialog.
    _ => ().into_any(),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_has_its_own_place_and_each_page_is_in_one() {
        for (place, chunk) in Chunk::ALL.into_iter().enumerate() {
            assert_eq!(chunk as usize, place, "{chunk:?}");
        }
        for (path, chunk) in [
            ("/groups", Chunk::Groups),
            ("/groups/a/b", Chunk::Group),
            ("/slicers/a/b", Chunk::SlicerGroup),
            ("/failover-sessions/a/b", Chunk::FailoverSession),
            ("/report", Chunk::Report),
        ] {
            assert_eq!(Chunk::of(&Route::parse(path)), Some(chunk), "{path}");
        }
        assert_eq!(Chunk::of(&Route::Overview), None);
    }
}
