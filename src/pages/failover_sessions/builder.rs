//! The query being built: tokens and text are two views of one filter. The filter runs on request, everything
//! else at once, and the URL holds the query that runs.

use super::pasted;
use super::query::{QueryParams, parsed, write_sort};
use super::ranges::{Limit, Range, RelativeRanges, no_range, replaced};
use super::tokens::Tree;
use crate::nav::Nav;
use crate::on_change::on_change_since;
use crate::ui::notice::{Notices, use_notices};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use vendors::veeam::{Field, Filter, FilterError};

/// The query being built.
#[derive(Clone, Copy)]
pub struct Builder {
    /// The filter as tokens.
    pub tree: RwSignal<Tree>,
    /// The filter as text.
    pub typed: RwSignal<String>,
    /// Why the text is no filter.
    pub error: RwSignal<Option<FilterError>>,
    /// What the server said about the filter that ran last, when it refused it.
    pub refused: RwSignal<Option<String>>,
    /// What may not be meant in a query that was pasted; empty for nothing.
    pub warnings: RwSignal<String>,
    /// How often something was run: what is counted back from now is counted anew each time.
    pub runs: RwSignal<u32>,
    /// When the first page of a list was asked for last: from then on relative ranges are counted back.
    pub asked_at: RwSignal<Option<DateTime<Utc>>>,
    /// Whether it is not what ran last.
    pub waiting: Memo<bool>,
    /// The filter that is about to run without what is built giving way to it.
    kept: StoredValue<Option<String>>,
    params: Memo<QueryParams>,
    nav: Nav,
    notices: Notices,
}

/// Whether two texts are one filter, however they are written.
fn is_same(a: &str, b: &str) -> bool {
    let normal = |text| Some(parsed(text).ok()?.and_then(Filter::normalised));
    a.trim() == b.trim() || normal(a).is_some_and(|a| Some(a) == normal(b))
}

/// A filter with other conditions in place of those by which it gives a time field a range. Where that changes nothing,
/// it stays as it is written; a text that is no filter stays while there is nothing to put in its place.
fn ranged(text: &str, field: Field, conditions: &[Filter]) -> String {
    let filter = match parsed(text) {
        Ok(filter) => filter,
        Err(_) if conditions.is_empty() => return text.to_owned(),
        Err(_) => None,
    };
    let ranged = replaced(filter.as_ref(), field, conditions);
    if ranged == filter.and_then(Filter::normalised) {
        return text.to_owned();
    }
    ranged.map(|filter| filter.to_string()).unwrap_or_default()
}

/// The parameter of a time field's relative range.
fn range_param(field: Field) -> &'static str {
    let [started, ended] = RelativeRanges::PARAMS;
    if field == Field::EndTime {
        ended
    } else {
        started
    }
}

impl Builder {
    /// A builder that follows the URL.
    #[must_use]
    pub fn new(params: Memo<QueryParams>, nav: Nav) -> Self {
        let typed = RwSignal::new(String::new());
        let builder = Self {
            tree: RwSignal::new(Tree::default()),
            typed,
            error: RwSignal::new(None),
            refused: RwSignal::new(None),
            warnings: RwSignal::new(String::new()),
            runs: RwSignal::new(0),
            asked_at: RwSignal::new(None),
            waiting: Memo::new(move |_| !is_same(&typed.read(), &params.read().filter)),
            kept: StoredValue::new(None),
            params,
            nav,
            notices: use_notices(),
        };
        builder.reset();
        let filter = Memo::new(move |_| params.read().filter.clone());
        on_change_since(move |before: Option<()>| {
            let filter = filter.get();
            let kept = builder.kept.try_update_value(Option::take).flatten();
            if before.is_some() && kept != Some(filter) {
                builder.reset();
            }
        });
        builder
    }

    /// What is built is what runs.
    pub fn reset(self) {
        self.type_in(self.params.with_untracked(|params| params.filter.clone()));
    }

    /// A person types or pastes. Of a whole query its filter stays here, to be run; its order and its page size hold at
    /// once, as where they are chosen.
    pub fn enter(self, text: String) {
        let pasted = if parsed(&text).is_err() {
            pasted::read(&text)
        } else {
            None
        };
        match pasted {
            None => self.type_in(text),
            Some(Err(why)) => {
                self.type_in(text);
                self.warnings.set(why);
            }
            Some(Ok(query)) => {
                self.type_in(query.filter);
                self.warnings.set(query.warnings);
                let sort = query.sort.map(write_sort);
                let size = query.size.map(|size| size.to_string());
                let given = [("sort", sort), ("size", size)];
                let mut changes: Vec<_> = given
                    .iter()
                    .filter_map(|(name, value)| Some((*name, Some(value.as_deref()?))))
                    .collect();
                if !changes.is_empty() {
                    changes.push(("page", None));
                    self.nav.change(&changes);
                }
            }
        }
    }

    /// The text is edited: the tokens follow as soon as it can be read.
    pub fn type_in(self, text: String) {
        self.warnings.set(String::new());
        match parsed(&text) {
            Ok(filter) => {
                self.error.set(None);
                if !self.tree.with_untracked(|tree| tree.says(filter.as_ref())) {
                    self.tree.set(Tree::from_filter(filter.as_ref()));
                }
            }
            Err(error) => self.error.set(Some(error)),
        }
        self.typed.set(text);
    }

    /// A token is edited: the text follows.
    pub fn edit<T: Default>(self, change: impl FnOnce(&mut Tree) -> T) -> T {
        let done = self.tree.try_update(change);
        let filter = self.tree.with_untracked(Tree::to_filter);
        self.typed
            .set(filter.map(|filter| filter.to_string()).unwrap_or_default());
        self.error.set(None);
        self.warnings.set(String::new());
        done.unwrap_or_default()
    }

    /// What limits a time field in what ran last.
    #[must_use]
    pub fn limit(self, field: Field) -> Limit {
        let params = self.params.read();
        let relative = match field {
            Field::EndTime => params.relative.ended,
            _ => params.relative.started,
        };
        if let Some(range) = relative {
            return Limit::Relative(range);
        }
        let filter = params.query.as_ref().ok();
        let filter = filter.and_then(|query| query.filter.as_ref());
        match Range::of(filter, field) {
            Some(range) => Limit::Custom(range),
            None if no_range(filter, field).is_empty() => Limit::AnyTime,
            None => Limit::Other,
        }
    }

    /// Limits a time field in place of what limits it now, and runs what ran with that. What is being built gets the
    /// same conditions, and goes on waiting.
    pub fn set_limit(self, field: Field, limit: Limit) {
        let ran = self.params.with_untracked(|params| params.filter.clone());
        let conditions = limit.range().conditions(field);
        let runs = ranged(&ran, field, &conditions);
        self.tell_replaced(&ran, field, limit == Limit::AnyTime);
        if self.waiting.get_untracked() && runs != ran {
            self.kept.set_value(Some(runs.clone()));
        }
        if self.error.with_untracked(Option::is_none) {
            let typed = self.typed.get_untracked();
            let text = ranged(&typed, field, &conditions);
            if text != typed {
                self.type_in(text);
            }
        }
        let code = match limit {
            Limit::Relative(range) => Some(range.code()),
            _ => None,
        };
        self.go(&[("filter", Some(&runs)), (range_param(field), code)]);
    }

    /// Says which conditions go that the choice of a range did not show: what is built, where that can be read, has them
    /// as well.
    fn tell_replaced(self, ran: &str, field: Field, is_any_time: bool) {
        let typed = self.typed.get_untracked();
        let of = |text: &str| {
            let filter = parsed(text).ok().flatten();
            no_range(filter.as_ref(), field)
        };
        let of = [ran, &typed].map(of);
        if let Some(gone) = of.iter().find(|gone| !gone.is_empty()) {
            let done = if is_any_time {
                "Removed from"
            } else {
                "Replaced in"
            };
            self.notices
                .show(format!("{done} the filter: {gone}"), None);
        }
    }

    /// Runs what is built, with these ranges in place of what limits their fields: the URL says what runs.
    pub fn run(self, ranges: &[(Field, Range)]) {
        if self.error.with_untracked(Option::is_some) {
            return;
        }
        let typed = self.typed.get_untracked();
        let mut text = typed.clone();
        for (field, range) in ranges {
            self.tell_replaced(&typed, *field, false);
            text = ranged(&text, *field, &range.conditions(*field));
        }
        if text != typed {
            self.type_in(text.clone());
        }
        let mut changes = vec![("filter", Some(text.trim()))];
        changes.extend(ranges.iter().map(|(field, _)| (range_param(*field), None)));
        self.go(&changes);
    }

    /// Goes to the first page of another query.
    fn go(self, changes: &[(&str, Option<&str>)]) {
        let first = ["page", "recent", "session"].map(|name| (name, None));
        self.runs.update(|runs| *runs = runs.wrapping_add(1));
        self.nav.change(&[changes, &first].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::{is_same, ranged};
    use vendors::veeam::{Field, Filter};

    #[test]
    fn a_range_takes_the_place_of_the_one_before_and_leaves_the_rest_as_it_is_written() {
        let since = [Filter::parse("CreationTime>=2026-01-02").expect("a filter")];
        let custom = "CreationTime>=2026-01-01;CreationTime<2026-01-03";
        for (text, conditions, expected) in [
            ("", &[][..], ""),
            (custom, &[], ""),
            (
                "Result==Failed;CreationTime>=2026-01-01",
                &[],
                "Result==Failed",
            ),
            ("EndTime>=2026-01-01", &[], "EndTime>=2026-01-01"),
            ("(Result==Failed)", &[], "(Result==Failed)"),
            ("Colour==red", &[], "Colour==red"),
            (custom, &since[..], "CreationTime>=2026-01-02T00:00:00Z"),
            ("Colour==red", &since, "CreationTime>=2026-01-02T00:00:00Z"),
        ] {
            let ranged = ranged(text, Field::CreationTime, conditions);
            assert_eq!(ranged.replace('"', ""), expected, "{text}");
        }
    }

    #[test]
    fn a_filter_waits_unless_it_is_what_ran_however_it_is_written() {
        for (typed, ran, same) in [
            ("", "", true),
            (" ", "", true),
            ("Result==Failed", "Result==Failed", true),
            ("(Result==Failed)", "Result==Failed", true),
            ("Result==\"Failed\"", "Result==Failed", true),
            ("Result==Failed", "", false),
            ("", "Result==Failed", false),
            ("Result==Failed;State==Working", "Result==Failed", false),
            ("Result==Fail", "Result==Failed", false),
            ("Colour==red", "Colour==red", true),
            ("Colour==red", "", false),
            ("Colour==red", "Colour==blue", false),
        ] {
            assert_eq!(is_same(typed, ran), same, "{typed:?} after {ran:?}");
        }
    }
}
