//! The page's `<h1>`, which is in the top bar, and the title of the tab.

use crate::on_change::on_change;
use crate::provided::provided;
use leptos::prelude::*;

/// The heading in the top bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    /// The text and the address of the list that the page belongs to.
    pub parent: Option<(&'static str, String)>,
    /// The heading.
    pub heading: String,
}

/// The heading of the open page.
#[derive(Clone, Copy)]
struct Headline(RwSignal<Title>);

/// Provides the heading, and updates the tab's title with it.
pub fn provide() -> RwSignal<Title> {
    let title = RwSignal::new(Title::default());
    provide_context(Headline(title));
    on_change(move || {
        let heading = &title.read().heading;
        // A console that cannot start has no heading.
        let between = if heading.is_empty() { "" } else { " · " };
        document().set_title(&format!("{heading}{between}Failover Console"));
    });
    title
}

/// The heading of the open page. Call it inside the owner of [`provide`].
#[must_use]
pub fn title() -> RwSignal<Title> {
    provided::<Headline>().0
}

/// Sets the heading of the page.
#[component]
pub fn Heading(
    /// The heading.
    #[prop(into)]
    text: Signal<String>,
    /// The list that the page belongs to.
    #[prop(optional)]
    parent: Option<(&'static str, String)>,
) -> impl IntoView {
    let title = title();
    on_change(move || {
        title.set(Title {
            parent: parent.clone(),
            heading: text.get(),
        });
    });
}
