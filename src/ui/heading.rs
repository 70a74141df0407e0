//! The page's one `<h1>`, which stands in the top bar, and the title of the tab.

use crate::on_change::on_change;
use crate::provided::provided;
use leptos::prelude::*;

/// What the top bar shows as heading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    /// The list that the page belongs to: its words and where it is.
    pub parent: Option<(&'static str, String)>,
    /// The heading.
    pub heading: String,
}

/// The heading of the page that is open. Only inside [`provide`]'s owner.
#[derive(Clone, Copy)]
struct Headline(RwSignal<Title>);

/// Keeps the heading, and the tab's title in step with it.
pub fn provide() -> RwSignal<Title> {
    let title = RwSignal::new(Title::default());
    provide_context(Headline(title));
    on_change(move || {
        let heading = &title.read().heading;
        // A console that cannot start has none.
        let between = if heading.is_empty() { "" } else { " · " };
        document().set_title(&format!("{heading}{between}Failover Console"));
    });
    title
}

/// The heading of the page that is open.
#[must_use]
pub fn title() -> RwSignal<Title> {
    provided::<Headline>().0
}

/// Sets the heading for as long as the page is open.
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
