//! The query being built: tokens and text are two views of one filter. The filter runs on request, all other choices
//! apply at once. The URL holds the query that runs.

use super::pasted;
use super::query::{QueryParams, parse_filter, write_sort};
use super::ranges::{Limit, Range, RelativeRanges, other_conditions, replace_conditions};
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
    /// The syntax error in the text.
    pub error: RwSignal<Option<FilterError>>,
    /// The server's message if it rejected the filter that ran last.
    pub refused: RwSignal<Option<String>>,
    /// Possible mistakes in a pasted query; empty for none.
    pub warnings: RwSignal<String>,
    /// Number of runs: each run resolves relative ranges again.
    pub runs: RwSignal<u32>,
    /// The time of the last request for the first page: relative ranges count back from it.
    pub queried_at: RwSignal<Option<DateTime<Utc>>>,
    /// Whether the filter differs from the one that ran last.
    pub is_pending: Memo<bool>,
    /// A filter that is about to run and must not replace the one being built.
    skip_reset_for: StoredValue<Option<String>>,
    params: Memo<QueryParams>,
    nav: Nav,
    notices: Notices,
}

/// Whether two texts are the same filter, apart from notation.
fn is_same_filter(a: &str, b: &str) -> bool {
    let normal = |text| Some(parse_filter(text).ok()?.and_then(Filter::normalised));
    a.trim() == b.trim() || normal(a).is_some_and(|a| Some(a) == normal(b))
}

/// A filter text whose conditions on a time field are replaced by `conditions`. If that changes nothing, the text stays
/// as it is written. A text that is not a valid filter stays if there are no new conditions.
fn with_range(text: &str, field: Field, conditions: &[Filter]) -> String {
    let filter = match parse_filter(text) {
        Ok(filter) => filter,
        Err(_) if conditions.is_empty() => return text.to_owned(),
        Err(_) => None,
    };
    let result = replace_conditions(filter.as_ref(), field, conditions);
    if result == filter.and_then(Filter::normalised) {
        return text.to_owned();
    }
    result.map(|filter| filter.to_string()).unwrap_or_default()
}

/// The URL parameter for a time field's relative range.
fn range_param(field: Field) -> &'static str {
    let [started, ended] = RelativeRanges::PARAMS;
    if field == Field::EndTime {
        ended
    } else {
        started
    }
}

impl Builder {
    /// A builder that is reset whenever the filter in the URL changes.
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
            queried_at: RwSignal::new(None),
            is_pending: Memo::new(move |_| !is_same_filter(&typed.read(), &params.read().filter)),
            skip_reset_for: StoredValue::new(None),
            params,
            nav,
            notices: use_notices(),
        };
        builder.reset();
        let filter = Memo::new(move |_| params.read().filter.clone());
        on_change_since(move |before: Option<()>| {
            let filter = filter.get();
            let skipped = builder
                .skip_reset_for
                .try_update_value(Option::take)
                .flatten();
            if before.is_some() && skipped != Some(filter) {
                builder.reset();
            }
        });
        builder
    }

    /// Replaces the filter being built by the one in the URL.
    pub fn reset(self) {
        self.set_text(self.params.with_untracked(|params| params.filter.clone()));
    }

    /// Handles typed or pasted text. If it is a complete query, its filter can then be run, and its order and page size
    /// apply at once.
    pub fn enter(self, text: String) {
        let pasted = if parse_filter(&text).is_err() {
            pasted::read(&text)
        } else {
            None
        };
        match pasted {
            None => self.set_text(text),
            Some(Err(why)) => {
                self.set_text(text);
                self.warnings.set(why);
            }
            Some(Ok(query)) => {
                self.set_text(query.filter);
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

    /// Sets the text. The tokens follow if it is a valid filter.
    pub fn set_text(self, text: String) {
        self.warnings.set(String::new());
        match parse_filter(&text) {
            Ok(filter) => {
                self.error.set(None);
                if !self
                    .tree
                    .with_untracked(|tree| tree.matches(filter.as_ref()))
                {
                    self.tree.set(Tree::from_filter(filter.as_ref()));
                }
            }
            Err(error) => self.error.set(Some(error)),
        }
        self.typed.set(text);
    }

    /// Changes the tokens. The text follows.
    pub fn edit<T: Default>(self, change: impl FnOnce(&mut Tree) -> T) -> T {
        let result = self.tree.try_update(change);
        self.follow_tokens();
        result.unwrap_or_default()
    }

    /// Replaces the text by the tokens, and shows a notice with a text that they do not contain because of an error.
    fn follow_tokens(self) {
        let filter = self.tree.with_untracked(Tree::to_filter);
        let text = filter.map(|filter| filter.to_string()).unwrap_or_default();
        let typed = self
            .typed
            .try_update(|typed| std::mem::replace(typed, text));
        if self.error.with_untracked(Option::is_some) {
            let words = format!("Replaced the filter text: {}", typed.unwrap_or_default());
            self.notices.show(words, None);
        }
        self.error.set(None);
        self.warnings.set(String::new());
    }

    /// The limit on a time field in the query that ran last.
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
            None if other_conditions(filter, field).is_empty() => Limit::AnyTime,
            None => Limit::Other,
        }
    }

    /// Replaces the limit on a time field and runs the last query with it. The filter being built gets the same
    /// conditions, but does not run.
    pub fn set_limit(self, field: Field, limit: Limit) {
        let ran = self.params.with_untracked(|params| params.filter.clone());
        let conditions = limit.range().conditions(field);
        let filter = with_range(&ran, field, &conditions);
        self.notify_replaced(&ran, field, limit == Limit::AnyTime);
        if self.is_pending.get_untracked() && filter != ran {
            self.skip_reset_for.set_value(Some(filter.clone()));
        }
        if self.error.with_untracked(Option::is_none) {
            let typed = self.typed.get_untracked();
            let text = with_range(&typed, field, &conditions);
            if text != typed {
                self.set_text(text);
            }
        }
        let code = match limit {
            Limit::Relative(range) => Some(range.code()),
            _ => None,
        };
        self.go(&[("filter", Some(&filter)), (range_param(field), code)]);
    }

    /// Shows a notice with the conditions that a chosen range replaces although the range form did not show them. They
    /// are in the filter that ran or in the one being built.
    fn notify_replaced(self, ran: &str, field: Field, is_any_time: bool) {
        let typed = self.typed.get_untracked();
        let hidden = |text: &str| {
            let filter = parse_filter(text).ok().flatten();
            other_conditions(filter.as_ref(), field)
        };
        let hidden = [ran, &typed].map(hidden);
        if let Some(removed) = hidden.iter().find(|text| !text.is_empty()) {
            let action = if is_any_time {
                "Removed from"
            } else {
                "Replaced in"
            };
            self.notices
                .show(format!("{action} the filter: {removed}"), None);
        }
    }

    /// Runs the filter being built, with these ranges as the limits of their fields.
    pub fn run(self, ranges: &[(Field, Range)]) {
        if self.error.with_untracked(Option::is_some) {
            return;
        }
        let typed = self.typed.get_untracked();
        let mut text = typed.clone();
        for (field, range) in ranges {
            self.notify_replaced(&typed, *field, false);
            text = with_range(&text, *field, &range.conditions(*field));
        }
        if text != typed {
            self.set_text(text.clone());
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
    use super::{is_same_filter, with_range};
    use vendors::veeam::{Field, Filter};

    #[test]
    fn a_new_range_replaces_the_old_one_and_keeps_the_rest_as_written() {
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
            let result = with_range(text, Field::CreationTime, conditions);
            assert_eq!(result.replace('"', ""), expected, "{text}");
        }
    }

    #[test]
    fn filters_that_differ_only_in_notation_are_the_same() {
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
            assert_eq!(is_same_filter(typed, ran), same, "{typed:?} after {ran:?}");
        }
    }
}
