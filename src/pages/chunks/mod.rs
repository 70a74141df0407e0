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
    Polling, activity, connections, failover_sessions, groups, maintenance, pairing, report,
    sign_in, slicers, wall,
};
use crate::api::aveva::Writer;
use crate::api::session::Session;
use crate::route::Route;
use health::alarms::Scope;
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
    /// One session of a client failover group, by its id, on the group's page.
    GroupSession(Box<groups::ActionContext>, String),
    /// How the gateway reads the connection of this id, in the top bar.
    Polling(String),
    /// What was imported on the page of failover sessions.
    Imported(failover_sessions::Imported),
    /// A dialog over a page, and what is run after it was closed.
    Dialog(Box<Dialog>, Callback<()>),
}

/// A dialog that a chunk draws.
#[derive(Clone)]
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

    async fn load(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::AlarmDialogs => in_alarm_dialogs::load().await,
            Self::Groups => in_groups::load().await,
            Self::Group => in_group::load().await,
            Self::GroupSession => in_group_session::load().await,
            Self::GroupDialogs => in_group_dialogs::load().await,
            Self::Slicers => in_slicers::load().await,
            Self::SlicerGroup => in_slicer_group::load().await,
            Self::SlicerDialogs => in_slicer_dialogs::load().await,
            Self::FailoverSessions => in_failover_sessions::load().await,
            Self::FailoverSession => in_failover_session::load().await,
            Self::SessionTools => in_session_tools::load().await,
            Self::Activity => in_activity::load().await,
            Self::Report => in_report::load().await,
            Self::Connections => in_connections::load().await,
            Self::Pairing => in_pairing::load().await,
            Self::Wall => in_wall::load().await,
            Self::SignIn => in_sign_in::load().await,
        }
    }

    /// What the chunk draws. `None` where it is not there.
    fn draw(self, piece: Piece) -> Option<AnyView> {
        match self {
            Self::AlarmDialogs => at_once(in_alarm_dialogs::draw(piece)),
            Self::Groups => at_once(in_groups::draw(piece)),
            Self::Group => at_once(in_group::draw(piece)),
            Self::GroupSession => at_once(in_group_session::draw(piece)),
            Self::GroupDialogs => at_once(in_group_dialogs::draw(piece)),
            Self::Slicers => at_once(in_slicers::draw(piece)),
            Self::SlicerGroup => at_once(in_slicer_group::draw(piece)),
            Self::SlicerDialogs => at_once(in_slicer_dialogs::draw(piece)),
            Self::FailoverSessions => at_once(in_failover_sessions::draw(piece)),
            Self::FailoverSession => at_once(in_failover_session::draw(piece)),
            Self::SessionTools => at_once(in_session_tools::draw(piece)),
            Self::Activity => at_once(in_activity::draw(piece)),
            Self::Report => at_once(in_report::draw(piece)),
            Self::Connections => at_once(in_connections::draw(piece)),
            Self::Pairing => at_once(in_pairing::draw(piece)),
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

chunk!(in_sign_in, sign_in, piece => match piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::SignInAgain { user, done } => {
            view! { <sign_in::SignInAgain user done on_close /> }.into_any()
        }
        _ => ().into_any(),
    },
    _ => view! { <sign_in::SignIn /> }.into_any(),
});

chunk!(in_groups, groups, _piece => view! { <groups::Groups /> }.into_any());

chunk!(in_group, group, piece => match piece {
    Piece::Page(Route::Group { connection, group }) => {
        view! { <groups::GroupPage connection group /> }.into_any()
    }
    _ => ().into_any(),
});

chunk!(in_group_session, group_session, piece => match piece {
    Piece::GroupSession(context, id) => view! { <groups::SessionPanel context=*context id /> }.into_any(),
    _ => ().into_any(),
});

chunk!(in_group_dialogs, group_dialogs, piece => match piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::CreateGroup { writers, changed } => {
            view! { <groups::GroupForm writers changed on_close /> }.into_any()
        }
        Dialog::Group { context, open } => groups::dialogs::dialog(context, open, on_close),
        _ => ().into_any(),
    },
    _ => ().into_any(),
});

chunk!(in_slicers, slicers, _piece => view! { <slicers::Slicers /> }.into_any());

chunk!(in_slicer_group, slicer_group, piece => match piece {
    Piece::Page(Route::SlicerGroup { connection, group }) => {
        view! { <slicers::SlicerGroupPage connection group /> }.into_any()
    }
    _ => ().into_any(),
});

chunk!(in_slicer_dialogs, slicer_dialogs, piece => match piece {
    Piece::Dialog(dialog, on_close) => match *dialog {
        Dialog::Slicers { context, action } => {
            slicers::actions::dialog(context, action, on_close)
        }
        _ => ().into_any(),
    },
    _ => ().into_any(),
});

chunk!(in_failover_sessions, failover_sessions, _piece => {
    view! { <failover_sessions::FailoverSessions /> }.into_any()
});

chunk!(in_failover_session, failover_session, piece => match piece {
    Piece::Page(Route::FailoverSession { connection, uid }) => {
        view! { <failover_sessions::SessionPage connection uid /> }.into_any()
    }
    _ => ().into_any(),
});

chunk!(in_session_tools, session_tools, piece => match piece {
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

chunk!(in_activity, activity, _piece => view! { <activity::Activity /> }.into_any());

chunk!(in_report, report, _piece => view! { <report::Report /> }.into_any());

chunk!(in_connections, connections, piece => match piece {
    Piece::Polling(connection) => {
        view! { <dl class="facts two"><Polling connection /></dl> }.into_any()
    }
    _ => view! { <connections::Connections /> }.into_any(),
});

chunk!(in_pairing, pairing, piece => match piece {
    Piece::Pairing { ended, done } => view! { <pairing::Pairing ended done /> }.into_any(),
    _ => ().into_any(),
});

chunk!(in_wall, wall, piece => match piece {
    Piece::Wall { demo } => view! { <wall::StatusWall demo /> }.into_any(),
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
