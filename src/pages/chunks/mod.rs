//! Chunks: the parts of the program that a browser fetches only when they are needed, such as each page except the
//! Overview, the dialogs and the status wall. This file defines the chunks; `loading` fetches them.
//!
//! `cargo xtask build` splits the program (feature `split`). Without that feature, as under `trunk serve` and in tests,
//! every chunk is part of the program and always loaded.

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

/// A view that a chunk draws.
pub enum Piece {
    /// A page inside the shell.
    Page(Route),
    /// The status wall.
    Wall {
        /// Whether the vendors' systems are simulated.
        demo: bool,
    },
    /// The screen that pairs a wall.
    Pairing {
        /// Whether the screen had a session that has ended.
        ended: bool,
        /// Called once the screen is paired.
        done: Callback<()>,
    },
    /// One session of a client failover group, by its id, on the group's page.
    GroupSession(Box<groups::ActionContext>, String),
    /// The details of a connection, in the top bar.
    Source(Connection),
    /// The imported response on the page of failover sessions.
    Imported(failover_sessions::Imported),
    /// A dialog over a page, and the callback that runs after it has closed.
    Dialog(Box<Dialog>, Callback<()>),
}

/// A dialog that a chunk draws.
pub enum Dialog {
    /// Signs in again over a page whose session has ended.
    SignInAgain {
        /// The user who was signed in.
        user: String,
        /// Called after a successful sign-in.
        done: Callback<Session>,
    },
    /// Acts on an alarm.
    Alarm {
        /// The action, with its alarm.
        action: AlarmAction,
        /// Called after a change was made or may have been made.
        changed: Callback<()>,
    },
    /// Announces or ends maintenance.
    Maintenance {
        /// The action.
        action: maintenance::MaintenanceAction,
        /// The scope of new maintenance; `None` to choose it in the dialog.
        scope: Option<Scope>,
        /// The display name of the scope.
        name: String,
    },
    /// Creates a client failover group.
    CreateGroup {
        /// The connections to choose from.
        writers: Vec<Writer>,
        /// Called after a change was made or may have been made.
        changed: Callback<()>,
    },
    /// Changes a client failover group or one of its sessions.
    Group {
        /// The actions of the group's page.
        context: groups::ActionContext,
        /// The dialog to open.
        open: groups::Open,
    },
    /// Imports a response into the page of failover sessions.
    Import(failover_sessions::Imported),
    /// Saves or manages queries.
    Queries(failover_sessions::OpenQueries),
    /// Changes a slicer group.
    Slicers {
        /// The actions of the group's page.
        context: slicers::ActionContext,
        /// The action to confirm.
        action: health::slicers::Action,
    },
}

/// A chunk of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// Signing in: the page and the dialog. Loaded first, because it is needed when the gateway refuses a request.
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
    /// The list of failover sessions, with its query.
    FailoverSessions,
    /// One failover session.
    FailoverSession,
    /// Additions to the list of failover sessions: dialogs about saved queries, and imported responses.
    SessionTools,
    /// The activity.
    Activity,
    /// The report, opened from the activity.
    Report,
    /// Connections and walls, and the details of a connection in the top bar.
    Connections,
    /// The screen that pairs a wall.
    Pairing,
    /// The status wall.
    Wall,
}

impl Chunk {
    /// All chunks, in the order in which an idle page loads them.
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

    /// The chunk of a page; `None` for pages that are always loaded.
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

    /// The heading while the page is loading.
    fn loading_heading(self) -> &'static str {
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

    /// Fetches the chunk. Boxed, so that all chunks are awaited by the same code.
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

    /// Draws a piece; `None` if the chunk is not loaded. The future of a split function is ready at once if its chunk
    /// is loaded, so no `Suspend` is needed, which would keep the previous page alive and reading disposed signals.
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

/// Splits one chunk from the program: all code that only its function reaches. Without splitting, that function is
/// asynchronous, too.
// Skipped, because rustfmt indents the attribute further on each run.
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
        // No other dialog is in this chunk.
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
    // Neither a page inside the shell nor a dialog is in this chunk.
    _ => ().into_any(),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chunk_has_its_own_index_and_each_page_its_chunk() {
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
