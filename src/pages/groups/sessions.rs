//! The table "Client sessions" of one group.

use super::action_context::{ActionContext, Open};
use super::session_row::{SessionRow, row};
use crate::live::Group;
use crate::live::aveva::Election;
use crate::live::rows::Rows;
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::on_change::on_change_since;
use crate::pages::resource_order::SortKey;
use crate::pages::unreadable::left_out_note;
use crate::prefs::use_prefs;
use crate::ui::table::filters::Search;
use crate::ui::table::row_focus::follow_items;
use crate::ui::table::row_window::{LongTable, RowWindow};
use crate::ui::table::search::{contains_ignore_case, lower};
use crate::ui::table::sorting::{SortHeader, SortOrder};
use crate::ui::table::stable_rows::{StableRows, keep_order};
use chrono::{DateTime, Utc};
use health::groups::{Action, Override, override_of};
use health::sort;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::aveva::{ClientSession, Role};

/// With more sessions than this, a search field is shown.
const SEARCHABLE_ABOVE: usize = 20;

/// Up to this number of sessions, all rows are drawn.
const DRAW_ALL_UP_TO: usize = 30;

/// The sortable columns.
const KEYS: &[&str] = &["role", "session", "score", "heartbeat", "data", "override"];

/// The default order: the primary first.
const BY_ROLE: SortOrder = SortOrder {
    key: "role",
    descending: false,
};

fn key_of(session: &ClientSession, key: &str, now: DateTime<Utc>) -> SortKey {
    let heartbeat = session.heartbeat.as_ref();
    let number = match key {
        "role" => Some(match session.role {
            Some(Role::Primary) => 0,
            Some(Role::PendingPrimary) => 1,
            Some(Role::Secondary) => 2,
            _ => 3,
        }),
        "score" => heartbeat.and_then(|heartbeat| thousandths(heartbeat.score?)),
        "heartbeat" => heartbeat.and_then(|one| Some(one.heartbeat_time?.timestamp_millis())),
        "data" => heartbeat.and_then(|one| Some(one.last_data_processed_time?.timestamp_millis())),
        "override" => (override_of(session, now) != Override::None).then_some(0),
        _ => None,
    };
    number.into()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates at the largest value"
)]
fn thousandths(score: f64) -> Option<i64> {
    (!score.is_nan()).then_some((score * 1_000.0) as i64)
}

/// The sessions of a group in the table's order.
#[derive(Clone)]
struct Ordered {
    group: Arc<Group>,
    order: SortOrder,
    /// Indices into the group's list.
    places: Vec<usize>,
}

impl Ordered {
    /// The sessions that contain the search text (in lower case), sorted; equal ones by id. Sessions in `before` keep
    /// their places.
    fn of(
        group: Arc<Group>,
        order: SortOrder,
        search: &str,
        before: Option<&Self>,
        now: DateTime<Utc>,
    ) -> Self {
        let sessions = &group.detail.sessions;
        let found = |session: &ClientSession| {
            let texts = [&session.id, &session.name];
            let mut texts = texts.into_iter().flatten();
            search.is_empty() || texts.any(|text| contains_ignore_case(text, search))
        };
        let found = sessions
            .iter()
            .zip(0..)
            .filter(|(session, _)| found(session));
        let mut keyed: Vec<_> = found
            .map(|(session, place)| (key_of(session, order.key, now), &session.id, place))
            .collect();
        sort(&mut keyed, |(a, left, _), (b, right, _)| {
            let by_id = order.turned(left.cmp(right));
            a.compare(b, order).then(by_id)
        });
        let mut places: Vec<usize> = keyed.into_iter().map(|(.., place)| place).collect();
        if let Some(before) = before.filter(|before| before.order == order) {
            let old = &before.group.detail.sessions;
            let old = before.places.iter().map(|place| &old[*place].id);
            keep_order(&mut places, old, |place| &sessions[*place].id);
        }
        Self {
            group,
            order,
            places,
        }
    }
}

impl PartialEq for Ordered {
    /// Compares the group by pointer: each reading is a new group, and comparing thousands of sessions would be slow.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.group, &other.group) && self.places == other.places
    }
}

/// The sessions of a group.
#[component]
pub fn Sessions(
    /// The page's actions.
    context: ActionContext,
    /// The current primary and the order of succession.
    election: Memo<Election>,
) -> impl IntoView {
    let (nav, live) = (use_nav(), context.live);
    let (clock, prefs) = (use_clock(), use_prefs());
    let row_lock = context.row_lock;
    let order = Memo::new(move |_| SortOrder::read(nav.param("sort").as_deref(), KEYS, BY_ROLE));
    let search_text = Memo::new(move |_| lower(&nav.param("q").unwrap_or_default()));
    let ordered = Memo::new(move |before: Option<&Option<Ordered>>| {
        let before = before.and_then(Option::as_ref);
        let held = before.filter(|_| row_lock.is_held());
        let now = live.status.vendor_now();
        Some(Ordered::of(
            live.value()?,
            order.get(),
            &search_text.read(),
            held,
            now,
        ))
    });
    let count = Memo::new(move |_| live.value().map_or(0, |group| group.detail.sessions.len()));
    let found = Memo::new(move |_| ordered.read().as_ref().map_or(0, |all| all.places.len()));
    let silent = Memo::new(move |_| count.get() - election.read().succession.live());
    let version = context.sessions_version();
    let table = RowWindow::new(DRAW_ALL_UP_TO, found);
    let list = Memo::new(move |_| {
        let ordered = ordered.read();
        let Some(Ordered { group, places, .. }) = ordered.as_ref() else {
            return Vec::new();
        };
        let observation = group.observation_when_read(live.status, clock);
        let (zone, last_read) = (prefs.zone.get(), context.last_read());
        let drawn = places.get(table.rows.get().rows).unwrap_or_default();
        let drawn = drawn.iter().map(|place| &group.detail.sessions[*place]);
        let rows = drawn.map(|session| {
            row(
                session,
                version,
                &group.configuration,
                observation,
                zone,
                last_read,
            )
        });
        rows.collect()
    });
    let rows = Rows::follow(list);
    let ids = Memo::new(move |_| list.read().iter().map(|row| row.id.clone()).collect());
    follow_items(table.view_port, ids);
    on_change_since(move |before: Option<(SortOrder, String)>| {
        let query = (order.get(), search_text.get());
        if before.is_some_and(|before| before != query) {
            table.back_to_top();
        }
        query
    });
    let is_searchable =
        Memo::new(move |_| count.get() > SEARCHABLE_ABOVE || !search_text.read().is_empty());
    let search = move || {
        is_searchable.get().then(|| {
            let found = move || match (search_text.read().is_empty(), found.get()) {
                (true, _) => String::new(),
                (false, found) => format!("{found} of {} sessions match", count.get()),
            };
            view! { <div class="bar"><Search label="Search sessions" placeholder="Id or name" /><span role="status">{found}</span></div> }
        })
    };
    let summary = move || {
        let words = match (count.get(), silent.get()) {
            (0, _) => "none".to_owned(),
            (all, 0) => format!("{all} live"),
            (all, silent) => format!("{} live, {silent} silent", all - silent),
        };
        match (context.stale.get(), count.get()) {
            (Some(_), 1..) => format!("last known {words}"),
            _ => words,
        }
    };
    let left_out = Memo::new(move |_| live.value().map(|group| group.detail.left_out));
    let none = move || {
        let words = match (count.get(), found.get()) {
            (0, _) if left_out.get().is_some_and(|left_out| left_out.count() > 0) => {
                "No session could be read."
            }
            (0, _) => "No adapter has registered a session in this group.",
            (_, 0) => "No session matches.",
            _ => return None,
        };
        Some(view! { <p class="blank">{words}</p> })
    };
    let button = move |action: Action, open| context.button(action, action.name(), open);
    let can_act = context.offers(Action::DeleteSession);
    let draw = move |place, row| view! { <SessionRow row at=Signal::derive(move || table.row_index(place)) context can_act /> };
    let actions = can_act.then(|| view! { <th scope="col">"Actions"</th> });
    let head = view! {
        <SortHeader name="Session" key="session" order />
        <SortHeader name="Role" key="role" order />
        <SortHeader name="Score" key="score" order />
        <SortHeader name="Heartbeat" key="heartbeat" order />
        <SortHeader name="Last data processed" key="data" order />
        <SortHeader name="Override" key="override" order />
        {actions}
    }
    .into_any();
    view! {
        <section class="panel" aria-labelledby="sessions">
            <header>
                <h2 id="sessions">"Sessions"</h2>
                <p>{summary}</p>
                <span class="end row">
                    {button(Action::AddSession, Open::AddSession)}
                    {button(Action::PutSession, Open::PutSession(None))}
                </span>
            </header>
            {search}
            <LongTable table caption="Client sessions" head>
                <StableRows row_lock>{table.before()}{rows.draw_numbered(draw)}{table.after()}</StableRows>
            </LongTable>
            {none}
            {move || left_out.get().and_then(left_out_note)}
        </section>
    }
}
