//! The rail: links to the pages, and the numbers of open alarms. They may differ from the numbers in the chips of a
//! list, which count resources by state, including acknowledged ones.

use crate::nav::use_nav;
use crate::pages::alarms;
use crate::route::Route;
use crate::ui::Icon;
use health::inventory::Kind;
use leptos::prelude::*;

/// The rail.
#[component]
pub fn Rail() -> impl IntoView {
    view! {
        <nav class="rail" aria-label="Main">
            <a class="mark" href=Route::Overview.href()><Icon name="mark" /><span>"Failover Console"</span></a>
            <ul>
                <Entry to=Route::Overview icon="overview" words="Overview" />
                <Entry to=Route::Groups icon="groups" words="Groups" kind=Kind::FailoverGroup />
                <Entry to=Route::Slicers icon="slicers" words="Slicers" kind=Kind::SlicerGroup />
                <Entry to=Route::FailoverSessions icon="sessions" words="Failover sessions" short="Sessions" kind=Kind::FailoverSession />
                <Entry to=Route::Activity icon="activity" words="Activity" />
            </ul>
            <ul class="foot">
                <Entry to=Route::Wall icon="wall" words="Wall" />
                <Entry to=Route::Connections icon="plug" words="Connections" kind=Kind::Connection />
            </ul>
        </nav>
    }
}

#[component]
fn Entry(
    to: Route,
    icon: &'static str,
    words: &'static str,
    /// A shorter label for the bar on a phone.
    #[prop(optional)]
    short: Option<&'static str>,
    /// The kind of resource whose alarms are counted.
    #[prop(optional, into)]
    kind: Option<Kind>,
) -> impl IntoView {
    let route = use_nav().route();
    let href = to.href();
    let count = kind.map(alarms::count);
    let current = move || (route.read().section().as_ref() == Some(&to)).then_some("page");
    let badge = move || {
        count
            .map(|count| count.get())
            .filter(|count| count.number > 0)
            .map(|count| {
                let name = count.worst.key();
                let words = if count.number == 1 {
                    " open alarm"
                } else {
                    " open alarms"
                };
                view! {
                    <span class="n" data-s=count.worst.key() title="Open alarms">
                        <Icon name />
                        {count.number}
                        <span class="vh">{words}</span>
                    </span>
                }
            })
    };
    let label = match short {
        Some(short) => view! { <span class="desk">{words}</span><span class="phone" aria-hidden="true">{short}</span> }.into_any(),
        None => view! { <span>{words}</span> }.into_any(),
    };
    view! {
        <li>
            <a href=href aria-current=current title=words>
                <Icon name=icon />
                {label}
                {badge}
            </a>
        </li>
    }
}
