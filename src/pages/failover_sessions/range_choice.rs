//! The choice of a time range for when sessions started or ended: a range relative to now, or two times.

use super::builder::Builder;
use super::ranges::{End, Limit, Range, RelativeRange, in_zone};
use super::select::{Choice, choice, labelled_select};
use super::tokens::field_label;
use crate::on_change::on_change_since;
use crate::prefs::{Prefs, Zone, use_prefs};
use crate::ui::time_zone::local_text;
use crate::ui::{error_status, times};
use leptos::prelude::*;
use vendors::veeam::Field;

/// The value of the choice of two times.
const CUSTOM: &str = "custom";

/// The value shown while the filter limits the field by conditions that are not a range.
const IN_FILTER: &str = "filter";

/// The choice for one time field.
#[derive(Clone, Copy)]
pub struct RangeChoice {
    builder: Builder,
    field: Field,
    prefs: Prefs,
    /// Whether two times are being entered that are not yet applied.
    is_entering: RwSignal<bool>,
    from: RwSignal<String>,
    to: RwSignal<String>,
    error: RwSignal<Option<String>>,
}

impl RangeChoice {
    /// A choice that follows the query that ran last.
    #[must_use]
    pub fn new(builder: Builder, field: Field) -> Self {
        let choice = Self {
            builder,
            field,
            prefs: use_prefs(),
            is_entering: RwSignal::new(false),
            from: RwSignal::new(String::new()),
            to: RwSignal::new(String::new()),
            error: RwSignal::new(None),
        };
        on_change_since(move |before| choice.follow(before));
        choice
    }

    fn limit(self) -> Limit {
        self.builder.limit(self.field)
    }

    fn chosen(self) -> &'static str {
        match self.limit() {
            _ if self.is_entering.get() => CUSTOM,
            Limit::AnyTime => "",
            Limit::Relative(range) => range.code(),
            Limit::Custom(_) => CUSTOM,
            Limit::Other => IN_FILTER,
        }
    }

    fn choices(self) -> Vec<Choice> {
        let chosen = self.chosen();
        let choice = |value, words| choice(value, words, value == chosen);
        let mut choices = vec![choice("", "any time")];
        choices.extend(RelativeRange::ALL.map(|range| choice(range.code(), range.word())));
        // Shown only while it applies: it cannot be chosen.
        if self.limit() == Limit::Other {
            choices.push(choice(IN_FILTER, "In the filter"));
        }
        choices.push(choice(CUSTOM, "Custom…"));
        choices
    }

    fn choose(self, value: &str) {
        self.is_entering.set(value == CUSTOM);
        self.error.set(None);
        // A custom range applies only once its times are entered; until then the filter stays.
        if !matches!(value, CUSTOM | IN_FILTER) {
            let range = RelativeRange::from_code(value);
            let limit = range.map_or(Limit::AnyTime, Limit::Relative);
            self.builder.set_limit(self.field, limit);
        }
    }

    /// The two times as a range. `None` with an error message if they are not a range.
    fn entered(self) -> Option<Range> {
        let zone = self.prefs.zone.get_untracked();
        let at = move |at| times::offset(zone, at);
        let (from, to) = (self.from.get_untracked(), self.to.get_untracked());
        // An unedited end keeps its moment: its local time may occur twice.
        let before = untrack(|| self.limit()).range();
        let entered = Range::custom(&from, &to, before, &at);
        self.error.set(entered.as_ref().err().cloned());
        entered.ok()
    }

    fn apply(self) {
        if let Some(range) = self.entered() {
            self.builder.set_limit(self.field, Limit::Custom(range));
        }
    }

    /// Adds the range that is entered but not yet applied. Returns whether the query can run, which it cannot with
    /// invalid times.
    pub fn add_entered(self, ranges: &mut Vec<(Field, Range)>) -> bool {
        let limit = untrack(|| self.limit());
        let is_blank = self.from.read_untracked().is_empty() && self.to.read_untracked().is_empty();
        if untrack(|| self.chosen()) != CUSTOM || (is_blank && limit == Limit::AnyTime) {
            return true;
        }
        let entered = self.entered();
        let is_new = |range: &Range| limit != Limit::Custom(*range);
        ranges.extend(entered.filter(is_new).map(|range| (self.field, range)));
        entered.is_some()
    }

    /// Updates the entered times when the applied range or the time zone changes.
    fn follow(self, before: Option<(Limit, Zone)>) -> (Limit, Zone) {
        let (limit, zone) = (self.limit(), self.prefs.zone.get());
        if before == Some((limit, zone)) {
            return (limit, zone);
        }
        let at = move |at| times::offset(zone, at);
        let unchanged = before.filter(|(old, _)| *old == limit);
        self.error.set(None);
        // A new range replaces the entered times; a new time zone only converts them.
        if unchanged.is_none() {
            self.is_entering.set(false);
        }
        let Range { from, to } = limit.range();
        for (text, end, applied) in [(self.from, End::From, from), (self.to, End::To, to)] {
            let new = match unchanged {
                Some((_, old)) => {
                    let old = move |at| times::offset(old, at);
                    text.with_untracked(|text| in_zone(text, end, applied, &old, &at))
                }
                None => applied
                    .map(|moment| local_text(moment, &at))
                    .unwrap_or_default(),
            };
            // Setting an equal text would clear an incomplete entry, for which the browser reports an empty text.
            if text.with_untracked(|text| *text != new) {
                text.set(new);
            }
        }
        (limit, zone)
    }
}

/// The select, and the fields for two times while "Custom…" is chosen.
#[must_use]
pub fn range_choice(choice: RangeChoice) -> AnyView {
    let label = field_label(choice.field);
    let input = move |end: &str, text: RwSignal<String>| {
        view! { <input type="datetime-local" step="1" aria-label=format!("{label} {end}") prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event)) /> }
    };
    let is_custom = Memo::new(move |_| choice.chosen() == CUSTOM);
    let inputs = move || {
        is_custom.get().then(|| {
            view! {
                <span class="row" role="group" aria-label=format!("{label} between")>
                    {input("from", choice.from)}
                    <small>"to"</small>
                    {input("to", choice.to)}
                    <small>{choice.prefs.zone.get().word()}</small>
                    <button type="button" class="btn" on:click=move |_| choice.apply()>"Apply"</button>
                    {error_status(choice.error)}
                </span>
            }
        })
    };
    let choices = Box::new(move || choice.choices());
    let choose = Box::new(move |value: &str| choice.choose(value));
    view! { {labelled_select(label, choices, choose)}{inputs} }.into_any()
}
