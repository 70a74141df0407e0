//! The actions on a slicer group's page: the open dialog, what a change is sent with, and the draft order.

use super::order_rows::Row;
use super::slicer_row::focus_on;
use super::thumbnail_ages::{self, ThumbnailAge};
use crate::api::Outcome;
use crate::api::inventory::Refresh;
use crate::api::session::Session;
use crate::api::thumbnails::thumbnail_url;
use crate::api::uplynk::{SaveStep, Writer, ids, is_whole};
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

/// The dialog that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// The confirmation of an action.
    Action(Action),
    /// The position that this slicer is to have in the draft.
    MoveTo(String),
}

/// The actions of one slicer group's page.
#[derive(Clone, Copy)]
pub struct ActionContext {
    /// The group as it refreshes.
    pub live: Live<FailoverGroup>,
    /// The draft of another order.
    pub draft: RwSignal<Draft>,
    /// The step of saving the draft, while it is saved.
    pub saving: RwSignal<Option<SaveStep>>,
    /// Whether the group is in flat mode, which has no order.
    pub flat: Memo<bool>,
    /// Whether rows can be moved now.
    pub movable: Memo<bool>,
    /// Whether a row is dragged.
    pub lifted: RwSignal<bool>,
    /// The slicers whose eligibility is being changed: each change is sent once.
    pub sending: RwSignal<Vec<String>>,
    /// The dialog that is open.
    pub open: RwSignal<Option<Open>>,
    /// What was done to the draft last, for screen readers.
    pub message: RwSignal<String>,
    /// Runs after each change: for what is not part of the group, and so not refreshed with it.
    pub changes: Trigger,
    /// Since when each slicer's thumbnail has been the same.
    pub thumbnail_ages: Memo<Vec<ThumbnailAge>>,
    /// The mark of what shows the group while that is too old to be believed.
    pub stale: Memo<Option<&'static str>>,
    /// Whether this person may change anything.
    pub may: bool,
    watched: Watched,
    writer: StoredValue<Writer>,
    clock: Clock,
    notices: Notices,
    nav: Nav,
}

/// Why no row can be moved now. Rows stand for the draft only where both hold the same slicers.
fn why_fixed(
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
        Some("The order has changed: settle the conflict before moving slicers.")
    } else {
        let is_partial = !is_whole(&*group?);
        is_partial.then_some("Not all slicers can be read, so their order cannot be changed.")
    }
}

/// Why a move does nothing: the slicer is already first, or last. `None` where that is not why.
fn at_end(draft: &Draft, id: &str, to: usize) -> Option<String> {
    let at = draft.position(id)?;
    if at == 1 && to <= 1 {
        Some(format!("{id} is already first."))
    } else if at == draft.order().len() && to >= at {
        Some(format!("{id} is already last."))
    } else {
        None
    }
}

/// That a slicer cannot be moved, because the draft does not hold it any more.
#[must_use]
pub fn no_longer(id: &str) -> String {
    format!("{id} is no longer in the group.")
}

/// What was done, and of an Undo that may switch what is on air, what it does: nobody is asked before it.
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
    pub fn new(live: Live<FailoverGroup>, writer: Writer) -> Self {
        let may = provided::<Arc<Session>>().may_change();
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
            movable: Memo::new(move |_| may && why_fixed(live, draft, saving).is_none()),
            lifted: RwSignal::new(false),
            sending: RwSignal::new(Vec::new()),
            open: RwSignal::new(None),
            message: RwSignal::new(String::new()),
            changes: Trigger::new(),
            thumbnail_ages: thumbnail_ages::follow(live),
            stale: stale_mark(live.status, clock),
            may,
            writer: StoredValue::new(writer),
            clock,
            notices: use_notices(),
            nav: use_nav(),
        }
    }

    /// Why no row can be moved now, in a sentence.
    #[must_use]
    pub fn why_fixed(self) -> Option<&'static str> {
        why_fixed(self.live, self.draft, self.saving)
    }

    /// How changes are sent.
    #[must_use]
    pub fn writer(self) -> Option<Writer> {
        self.writer.try_get_value()
    }

    /// Where the gateway has the thumbnail that a slicer's vendor says is at `own`.
    #[must_use]
    pub fn thumbnail_url(self, slicer: &str, own: &str) -> Option<String> {
        let (writer, group) = (self.writer()?, self.live.value_untracked()?);
        let url = thumbnail_url(&writer.connection, &group.id, slicer, own);
        Some(url)
    }

    /// Whose system it is.
    #[must_use]
    pub fn system(self) -> String {
        self.writer().map(|writer| writer.title).unwrap_or_default()
    }

    /// How old what is shown is.
    #[must_use]
    pub fn shown(self) -> Freshness {
        self.live.status.freshness(self.clock)
    }

    /// The vendor's time, tracked.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.live.status.vendor_time(self.clock)
    }

    /// The draft is saved: who wanted to leave the page meanwhile is led on.
    pub fn saved(self) {
        if !self.saving.is_disposed() {
            self.nav.saved();
        }
    }

    /// Refreshes after a change; also after the page was left.
    pub fn changed(self) {
        self.live.status.refresh();
        self.changes.notify();
        if let Some(writer) = self.writer() {
            self.watched.refresh(Refresh::Connection(writer.connection));
        }
    }

    /// The same as [`ActionContext::move_to`] for everything but the drag itself. While a row is dragged nothing else moves
    /// one: it is dropped as the row that it was lifted as.
    pub fn move_unless_dragged(self, id: &str, to: usize) {
        if !self.lifted.get_untracked() {
            self.move_to(id, to);
        }
    }

    /// Moves a slicer of the draft to a position, from 1; says so, and gives it the focus. Says why not, where that has
    /// become impossible since.
    pub fn move_to(self, id: &str, to: usize) {
        if let Some(why) = untrack(|| self.why_fixed()) {
            let message = format!("{id} was not moved. {why}");
            return self.notices.show_outcome(Outcome::Prevented { message });
        }
        let is_gone = |draft: &Draft| draft.position(id).is_none();
        if self.draft.try_with_untracked(is_gone) == Some(true) {
            let message = no_longer(id);
            return self.notices.show_outcome(Outcome::Prevented { message });
        }
        let moved = self.draft.try_update(|draft| draft.move_to(id, to));
        let Some(moved) = moved.flatten() else {
            let end = |draft: &Draft| at_end(draft, id, to);
            if let Some(words) = self.draft.try_with_untracked(end).flatten() {
                self.message.set(words);
            }
            return;
        };
        self.message.set(moved.announcement());
        self.focus_moved(moved);
    }

    /// Gives the focus to a slicer that was moved: at once, because the next key may come before the next frame, and the
    /// row is drawn there before that; and in that frame, because a dialog that closes gives the focus back first.
    pub fn focus_moved(self, moved: Moved) {
        focus_on(moved.to);
        request_animation_frame(move || {
            let place = |draft: &Draft| draft.position(&moved.id);
            if let Some(place) = self.draft.try_with_untracked(place).flatten() {
                focus_on(place);
            }
        });
    }

    /// The slicer of the row that somebody acts on. `None` where the row shows another one than when they turned to the
    /// list: then nothing is done, and they are told.
    #[must_use]
    pub fn acted_on(self, row: &Row) -> Option<String> {
        let other = self.draft.with_untracked(|draft| {
            let other = draft.replaced_by(&row.id, row.at);
            other.map(str::to_owned)
        });
        let id = row.id.clone();
        let Some(other) = other else { return Some(id) };
        self.look();
        let message = format!(
            "the order has changed, and {id} is now where {other} was. Repeat it if you mean {id}."
        );
        self.notices.show_outcome(Outcome::Changed { message });
        None
    }

    /// Somebody turns to the list: from now on a row means the slicer that it shows now.
    pub fn look(self) {
        let _ = self.draft.try_update_untracked(Draft::look);
    }

    /// The draft follows a reading; returns whether that changed it. A changed draft waits for prioritized mode, and for a
    /// reading with every slicer.
    pub fn follow(self, group: &FailoverGroup) -> bool {
        let has_order = group.mode != Some(Mode::Flat) && is_whole(group);
        let followed = self.draft.try_maybe_update(|draft| {
            let follows = has_order || !draft.is_changed();
            let differs = follows && draft.follow(&ids(group));
            (differs, differs)
        });
        followed == Some(true)
    }

    /// The draft follows what was read while it was saved; also after the page was left.
    pub fn follow_read(self) {
        if self.draft.is_disposed() {
            return;
        }
        if let Some(group) = self.live.value_untracked() {
            self.follow(&group);
        }
    }

    /// Opens the dialog of an action.
    pub fn ask(self, action: Action) {
        self.open.set(Some(Open::Action(action)));
    }

    /// Sets a slicer's eligibility: at once, with Undo, where that is harmless; otherwise after a dialog.
    pub fn set_eligible(self, slicer: String, eligible: bool) {
        let action = Action::SetEligible(slicer.clone(), eligible);
        let now = untrack(|| self.now());
        let quiet = untrack(|| {
            let group = self.live.value()?;
            Some(action.is_quiet(&group, now, self.shown()))
        });
        if quiet != Some(true) {
            return self.ask(action);
        }
        let (Some(writer), Some(seen)) = (self.writer(), self.live.value_untracked()) else {
            return;
        };
        if self.sending.read_untracked().contains(&slicer) {
            return;
        }
        self.sending.update(|sending| sending.push(slicer.clone()));
        self.notices.dismiss_undoable();
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

    /// What undoing a change of eligibility does to `held`, which was read after it, and the Undo; `now` is the vendor's
    /// time of the change.
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
        let undo = self.undo(move || {
            let (writer, held, slicer) = (writer.clone(), held.clone(), slicer.clone());
            async move {
                let sent = writer.set_eligible(&held, &slicer, !eligible, Some(now));
                sent.await.0
            }
        });
        (effect, undo)
    }

    /// Undoes a change and shows the outcome.
    pub fn undo<F: Future<Output = Outcome> + 'static>(
        self,
        back: impl Fn() -> F + 'static,
    ) -> Undo {
        self.boxed_undo(Box::new(move || Box::pin(back())))
    }

    fn boxed_undo(self, back: Box<dyn Fn() -> LocalBoxFuture<'static, Outcome>>) -> Undo {
        Rc::new(move || {
            let running = back();
            leptos::task::spawn_local(async move {
                self.notices.show_outcome(running.await);
                self.changed();
            });
        })
    }

    /// Where results without a dialog are shown.
    #[must_use]
    pub fn notices(self) -> Notices {
        self.notices
    }
}

#[cfg(test)]
mod tests {
    use super::{at_end, with_undo};
    use crate::ui::reorder::Draft;
    use health::effect::Effect;
    use health::severity::Severity::{Normal, Warning};

    #[test]
    fn what_is_at_an_end_already_is_said_to_be_there() {
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
                at_end(&order(ids), id, to).as_deref(),
                words,
                "{ids} {id} {to}"
            );
        }
    }

    #[test]
    fn an_undo_that_may_switch_what_is_on_air_says_so() {
        let told = |notes: &[_]| {
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
        assert_eq!(told(&[(Normal, "It can take a minute.")]), saved);
        assert_eq!(
            told(&[(Warning, "This is a switch on air, away from b.")]),
            format!("{saved} Undo: This is a switch on air, away from b.")
        );
    }
}
