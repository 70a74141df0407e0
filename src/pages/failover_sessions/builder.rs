//! The query being built: tokens and text are two views of one filter. It runs on request, and the URL
//! holds the query that runs.

use super::query::QueryParams;
use super::ranges::{RelativeRange, RelativeRanges};
use super::tokens::Tree;
use crate::nav::Nav;
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
    /// The ranges that are counted back from now.
    pub relative: RwSignal<RelativeRanges>,
    /// What the server said about the filter that ran last, when it refused it.
    pub refused: RwSignal<Option<String>>,
    nav: Nav,
}

fn parsed(text: &str) -> Result<Option<Filter>, FilterError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Filter::parse(text).map(Some)
}

impl Builder {
    /// A builder that follows the URL.
    #[must_use]
    pub fn new(params: Memo<QueryParams>, nav: Nav) -> Self {
        let builder = Self {
            tree: RwSignal::new(Tree::default()),
            typed: RwSignal::new(String::new()),
            error: RwSignal::new(None),
            relative: RwSignal::new(RelativeRanges::default()),
            refused: RwSignal::new(None),
            nav,
        };
        let take = move |params: &QueryParams| {
            builder.type_in(params.filter.clone());
            builder.relative.set(params.relative);
        };
        take(&params.get_untracked());
        let filter = Memo::new(move |_| {
            let params = params.read();
            (params.filter.clone(), params.relative)
        });
        Effect::new(move |before: Option<()>| {
            // Read and not only tracked: an unread memo does not update.
            let _ = filter.read();
            if before.is_some() {
                take(&params.get_untracked());
            }
        });
        builder
    }

    /// The text is edited by hand: the tokens follow as soon as it can be read.
    pub fn type_in(self, text: String) {
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
    pub fn edit<T>(self, change: impl FnOnce(&mut Tree) -> T) -> Option<T> {
        let done = self.tree.try_update(change);
        let filter = self.tree.with_untracked(Tree::to_filter);
        self.typed
            .set(filter.map(|filter| filter.to_string()).unwrap_or_default());
        self.error.set(None);
        done
    }

    /// The relative range of a time field.
    #[must_use]
    pub fn relative_range(self, field: Field) -> Option<RelativeRange> {
        let relative = self.relative.get();
        match field {
            Field::EndTime => relative.ended,
            _ => relative.started,
        }
    }

    /// Sets the relative range of a time field.
    pub fn set_relative_range(self, field: Field, range: Option<RelativeRange>) {
        self.relative.update(|relative| match field {
            Field::EndTime => relative.ended = range,
            _ => relative.started = range,
        });
    }

    /// Runs it: the URL says what runs.
    pub fn run(self) {
        if self.error.with_untracked(Option::is_some) {
            return;
        }
        let relative = self.relative.get_untracked();
        let [started, ended] = RelativeRanges::PARAMS;
        let code = |range: Option<RelativeRange>| range.map(RelativeRange::code);
        let typed = self.typed.get_untracked();
        let nav = self.nav;
        let href = untrack(|| {
            nav.with_params(&[
                ("filter", Some(typed.trim())),
                (started, code(relative.started)),
                (ended, code(relative.ended)),
                ("page", None),
                ("recent", None),
                ("session", None),
            ])
        });
        nav.go(&href);
    }
}
