//! The actions on a slicer group's page: the open dialog, the data for sending a change, and the draft order.

use super::order_rows::Row;
use super::slicer_row::{focus_on, focused_button};
use super::thumbnail_ages::{self, ThumbnailAge};
use crate::api::Outcome;
use crate::api::inventory::Refresh;
use crate::api::session::Session;
use crate::api::thumbnails::thumbnail_url;
use crate::api::uplynk::{SaveStep, Writer, has_all_slicers, ids};
use crate::live::{Clock, Live, Watched, use_clock, use_watched};
use crate::nav::{Nav, use_nav};
use crate::pages::resource_row::stale_mark;
use crate::provided::provided;
use crate::ui::notice::{Notices, Undo, use_notices};
use crate::ui::reorder::{Draft, Moved};
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use health::effect::Effect;
use health::freshness::Freshness;
use health::slicers::Action;
use leptos::prelude::*;
use std::rc::Rc;
use std::sync::Arc;
use vendors::uplynk::{FailoverGroup, Mode};

/// The open dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// The confirmation of an action.
    Action(Action),
    /// The dialog that moves this slicer to a typed position in the draft.
    MoveTo(String),
}

/// The actions of one slicer group's page.
#[derive(Clone, Copy)]
pub struct ActionContext {
    /// The group as it refreshes.
    pub live: Live<FailoverGroup>,
    /// The draft of another order.
    pub draft: RwSignal<Draft>,
    /// The current step of saving the draft, if it is being saved.
    pub saving: RwSignal<Option<SaveStep>>,
    /// Whether the group is in flat mode, which has no order.
    pub flat: Memo<bool>,
    /// Whether rows can be moved now.
    pub movable: Memo<bool>,
    /// Whether a row is being dragged.
    pub lifted: RwSignal<bool>,
    /// The slicers with a change of eligibility in progress; prevents sending it twice.
    pub sending: RwSignal<Vec<String>>,
    /// The open dialog.
    pub open: RwSignal<Option<Open>>,
    /// The last action on the draft, announced to screen readers.
    pub message: RwSignal<String>,
    /// Notified after each change, to refresh data that is not part of the group.
    pub changes: Trigger,
    /// The age of each slicer's thumbnail.
    pub thumbnail_ages: Memo<Vec<ThumbnailAge>>,
    /// The value of `data-fresh` on elements that show the group: "stale" while its data is stale.
    pub stale: Memo<Option<&'static str>>,
    /// Whether the user may make changes.
    pub may_change: bool,
    watched: Watched,
    writer: StoredValue<Writer>,
    clock: Clock,
    notices: Notices,
    nav: Nav,
}

/// Why rows cannot be moved now. The rows match the draft only if both contain the same slicers.
fn why_immovable(
    live: Live<FailoverGroup>,
    draft: RwSignal<Draft>,
    saving: RwSignal<Option<SaveStep>>,
) -> Option<&'static str> {
    let group = live.value();
    if saving.read().is_some() {
        Some("The order is being saved.")
    } else if group.as_ref()?.mode == Some(Mode::Flat) {
        Some("Flat mode: positions do not apply, so there is no order to change.")
    } else if draft.read().theirs().is_some() {
        Some("The order has changed: resolve the conflict before moving slicers.")
    } else {
        let is_partial = !has_all_slicers(&*group?);
        is_partial.then_some("Not all slicers can be read, so their order cannot be changed.")
    }
}

/// The message if a slicer cannot move further because it is already first or last.
fn already_at_end(draft: &Draft, id: &str, to: usize) -> Option<String> {
    let at = draft.position(id)?;
    if at == 1 && to <= 1 {
        Some(format!("{id} is already first."))
    } else if at == draft.order().len() && to >= at {
        Some(format!("{id} is already last."))
    } else {
        None
    }
}

/// The message if a slicer is no longer in the draft.
#[must_use]
pub fn not_in_group(id: &str) -> String {
    format!("{id} is no longer in the group.")
}

/// The message about a change, with the warnings about its Undo, because Undo runs without a confirmation.
#[must_use]
pub fn with_undo(message: String, undo: &Effect) -> String {
    match undo.warnings() {
        none if none.is_empty() => message,
        warnings => format!("{message} Undo: {warnings}"),
    }
}

impl ActionContext {
    /// The actions of a group.
    #[must_use]
    pub fn new(live: Live<FailoverGroup>, writer: Writer, group: &str) -> Self {
        let may_change = provided::<Arc<Session>>().may_change();
        let clock = use_clock();
        let saving = RwSignal::new(None);
        let draft = RwSignal::new(Draft::default());
        let flat = Memo::new(move |_| {
            live.value()
                .is_some_and(|group| group.mode == Some(Mode::Flat))
        });
        Self {
            live,
            watched: use_watched(),
            draft,
            saving,
            flat,
            movable: Memo::new(move |_| may_change && why_immovable(live, draft, saving).is_none()),
            lifted: RwSignal::new(false),
            sending: RwSignal::new(Vec::new()),
            open: RwSignal::new(None),
            message: RwSignal::new(String::new()),
            changes: Trigger::new(),
            thumbnail_ages: thumbnail_ages::follow(live),
            stale: stale_mark(live.status, clock),
            may_change,
            clock,
            notices: use_notices().about(&writer.connection, group),
            writer: StoredValue::new(writer),
            nav: use_nav(),
        }
    }

    /// A sentence that explains why rows cannot be moved now; `None` if they can.
    #[must_use]
    pub fn why_immovable(self) -> Option<&'static str> {
        why_immovable(self.live, self.draft, self.saving)
    }

    /// The writer that sends changes.
    #[must_use]
    pub fn writer(self) -> Option<Writer> {
        self.writer.try_get_value()
    }

    /// The gateway's URL of a slicer's thumbnail, given the vendor's URL.
    #[must_use]
    pub fn thumbnail_url(self, slicer: &str, vendor_url: &str) -> Option<String> {
        let (writer, group) = (self.writer()?, self.live.value_untracked()?);
        let url = thumbnail_url(&writer.connection, &group.id, slicer, vendor_url);
        Some(url)
    }

    /// The connection's title.
    #[must_use]
    pub fn system(self) -> String {
        self.writer().map(|writer| writer.title).unwrap_or_default()
    }

    /// The freshness of the shown data.
    #[must_use]
    pub fn shown(self) -> Freshness {
        self.live.status.freshness(self.clock)
    }

    /// The vendor's time, tracked.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.live.status.vendor_time(self.clock)
    }

    /// Continues a navigation that waited for the draft to be saved.
    pub fn saved(self) {
        if !self.saving.is_disposed() {
            self.nav.saved();
        }
    }

    /// Refreshes after a change. Also works after the page was closed.
    pub fn changed(self) {
        self.live.status.refresh();
        self.changes.notify();
        if let Some(writer) = self.writer() {
            self.watched.refresh(Refresh::Connection(writer.connection));
        }
    }

    /// Like [`ActionContext::move_to`], for everything except dragging. Does nothing while a row is dragged, because
    /// the dragged row is identified by its index.
    pub fn move_unless_dragged(self, id: &str, to: usize) {
        if !self.lifted.get_untracked() {
            self.move_to(id, to);
        }
    }

    /// Moves a slicer of the draft to a position, from 1; announces the move and moves the focus with the slicer. If
    /// the move is no longer possible, shows the reason.
    pub fn move_to(self, id: &str, to: usize) {
        if let Some(why) = untrack(|| self.why_immovable()) {
            let message = format!("{id} was not moved. {why}");
            return self.notices.show_outcome(Outcome::Prevented { message });
        }
        let is_missing = |draft: &Draft| draft.position(id).is_none();
        if self.draft.try_with_untracked(is_missing) == Some(true) {
            let message = not_in_group(id);
            return self.notices.show_outcome(Outcome::Prevented { message });
        }
        let moved = self.draft.try_update(|draft| draft.move_to(id, to));
        let Some(moved) = moved.flatten() else {
            let at_end = |draft: &Draft| already_at_end(draft, id, to);
            if let Some(words) = self.draft.try_with_untracked(at_end).flatten() {
                self.message.set(words);
            }
            return;
        };
        self.message.set(moved.announcement());
        self.focus_moved(moved);
    }

    /// Focuses a slicer that was moved, or its button that was pressed, so that it can be pressed again: at once,
    /// because the next key press may come before the next frame; and again in the next frame, because a closing
    /// dialog returns the focus in between.
    pub fn focus_moved(self, moved: Moved) {
        let button = focused_button(moved.from);
        focus_on(moved.to, button);
        request_animation_frame(move || self.focus_slicer(&moved.id, button));
    }

    /// Focuses a slicer, or the button at an index in its row, if the page is still open.
    fn focus_slicer(self, id: &str, button: Option<u32>) {
        let position = self.draft.try_with_untracked(|draft| draft.position(id));
        if let Some(position) = position.flatten() {
            focus_on(position, button);
        }
    }

    /// The id of the slicer in a row that the user acts on. If the row showed another slicer when the user turned to
    /// the list, shows a message and returns `None`.
    #[must_use]
    pub fn slicer_of_row(self, row: &Row) -> Option<String> {
        let other = self.draft.with_untracked(|draft| {
            let other = draft.replaced_by(&row.id, row.at);
            other.map(str::to_owned)
        });
        let id = row.id.clone();
        let Some(other) = other else { return Some(id) };
        self.mark_seen();
        let message = format!(
            "the order has changed, and {id} is now where {other} was. Repeat it if you mean {id}."
        );
        self.notices.show_outcome(Outcome::Changed { message });
        None
    }

    /// Records that the user sees the current order: actions on a row now refer to the slicer that it currently shows.
    pub fn mark_seen(self) {
        let _ = self.draft.try_update_untracked(Draft::mark_seen);
    }

    /// Updates the draft with a reading; returns whether that changed it. A changed draft is updated only in
    /// prioritized mode, and only by a reading with all slicers.
    pub fn follow(self, group: &FailoverGroup) -> bool {
        let has_order = group.mode != Some(Mode::Flat) && has_all_slicers(group);
        let followed = self.draft.try_maybe_update(|draft| {
            let follows = has_order || !draft.is_changed();
            let followed = follows.then(|| draft.follow(&ids(group)));
            let followed = followed.unwrap_or_default();
            (followed.0, followed)
        });
        let (differs, lost) = followed.unwrap_or_default();
        for id in lost {
            let message = format!("{} Your move of it is discarded.", not_in_group(&id));
            self.notices.show_failure(message, false);
        }
        differs
    }

    /// Updates the draft with readings that arrived while it was being saved. Does nothing after the page was closed.
    pub fn follow_read(self) {
        if self.draft.is_disposed() {
            return;
        }
        if let Some(group) = self.live.value_untracked() {
            self.follow(&group);
        }
    }

    /// Opens the dialog of an action.
    pub fn open_action(self, action: Action) {
        self.open.set(Some(Open::Action(action)));
    }

    /// Sets a slicer's eligibility: at once, with Undo, if that is harmless; otherwise after a confirmation.
    pub fn set_eligible(self, slicer: String, eligible: bool) {
        let action = Action::SetEligible(slicer.clone(), eligible);
        let now = untrack(|| self.now());
        let quiet = untrack(|| {
            let group = self.live.value()?;
            Some(action.needs_no_dialog(&group, now, self.shown()))
        });
        if quiet != Some(true) {
            return self.open_action(action);
        }
        let (Some(writer), Some(seen)) = (self.writer(), self.live.value_untracked()) else {
            return;
        };
        if self.sending.read_untracked().contains(&slicer) {
            return;
        }
        self.sending.update(|sending| sending.push(slicer.clone()));
        self.notices.dismiss_completed();
        leptos::task::spawn_local(async move {
            let sent = writer.set_eligible(&seen, &slicer, eligible, Some(now));
            let (outcome, held) = sent.await;
            let ended = |sending: &mut Vec<String>| sending.retain(|one| *one != slicer);
            let _ = self.sending.try_update(ended);
            self.changed();
            match (outcome, held) {
                (Outcome::Done { message, .. }, Some(held)) => {
                    let (effect, undo) = self.undo_eligible(&writer, held, &slicer, eligible, now);
                    let message = with_undo(message, &effect);
                    self.notices.show(message, Some(undo));
                }
                (outcome, _) => self.notices.show_outcome(outcome),
            }
        });
    }

    /// The Undo of a change of eligibility, and its effect on `held`, the group as read after the change. `now` is the
    /// vendor's time of the change.
    #[must_use]
    pub fn undo_eligible(
        self,
        writer: &Writer,
        held: FailoverGroup,
        slicer: &str,
        eligible: bool,
        now: DateTime<Utc>,
    ) -> (Effect, Undo) {
        let effect = Action::SetEligible(slicer.to_owned(), !eligible).effect(&held, now);
        let (writer, slicer) = (writer.clone(), slicer.to_owned());
        let undo = self.undo(Some(slicer.clone()), move || {
            let (writer, held, slicer) = (writer.clone(), held.clone(), slicer.clone());
            async move {
                let sent = writer.set_eligible(&held, &slicer, !eligible, Some(now));
                sent.await.0
            }
        });
        (effect, undo)
    }

    /// The undo of a change. It shows the outcome, and focuses the slicer that was changed, if any.
    pub fn undo<F: Future<Output = Outcome> + 'static>(
        self,
        slicer: Option<String>,
        back: impl Fn() -> F + 'static,
    ) -> Undo {
        self.boxed_undo(slicer, Box::new(move || Box::pin(back())))
    }

    fn boxed_undo(
        self,
        slicer: Option<String>,
        back: Box<dyn Fn() -> LocalBoxFuture<'static, Outcome>>,
    ) -> Undo {
        Rc::new(move || {
            if let Some(id) = &slicer {
                self.focus_slicer(id, None);
            }
            let running = back();
            leptos::task::spawn_local(async move {
                self.notices.show_outcome(running.await);
                self.changed();
            });
        })
    }

    /// The notices, which show outcomes outside of a dialog.
    #[must_use]
    pub fn notices(self) -> Notices {
        self.notices
    }
}

#[cfg(test)]
mod tests {
    use super::{already_at_end, with_undo};
    use crate::ui::reorder::Draft;
    use health::effect::Effect;
    use health::severity::Severity::{Normal, Warning};

    #[test]
    fn a_slicer_that_cannot_move_further_is_reported_as_first_or_last() {
        let order = |ids: &str| Draft::new(ids.split(' ').map(str::to_owned).collect());
        for (ids, id, to, words) in [
            ("a b c", "a", 0, Some("a is already first.")),
            ("a b c", "a", 1, Some("a is already first.")),
            ("a b c", "c", 4, Some("c is already last.")),
            ("a b c", "c", 3, Some("c is already last.")),
            ("a b c", "b", 2, None),
            ("a b c", "d", 4, None),
            ("a", "a", 0, Some("a is already first.")),
            ("a", "a", 2, Some("a is already last.")),
        ] {
            assert_eq!(
                already_at_end(&order(ids), id, to).as_deref(),
                words,
                "{ids} {id} {to}"
            );
        }
    }

    #[test]
    fn the_message_contains_only_the_warnings_about_its_undo() {
        let message = |notes: &[_]| {
            let notes = notes
                .iter()
                .map(|(severity, words): &(_, &str)| (*severity, (*words).to_owned()));
            let undo = Effect {
                notes: notes.collect(),
                ..Effect::default()
            };
            with_undo("Order saved and verified. b is on air.".to_owned(), &undo)
        };
        let saved = "Order saved and verified. b is on air.";
        assert_eq!(message(&[(Normal, "It can take a minute.")]), saved);
        assert_eq!(
            message(&[(Warning, "This is a switch on air, away from b.")]),
            format!("{saved} Undo: This is a switch on air, away from b.")
        );
    }
}
