//! An alarm in a list: what is wrong, since when, who takes care of it, and what can be done.

use super::{Alike, ShownAlarm};
use crate::api::session::Session;
use crate::live::rows::Rows;
use crate::live::{Watched, use_watched};
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::moments::use_moments;
use crate::route::Route;
use crate::ui::{Icon, Tag};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Since};
use health::inventory::{Facts, SlicerPart};
use health::severity::Severity;
use health::words;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::operation::segment;
use vendors::uplynk::OnAir;

/// What a dialog is open for.
#[derive(Clone, PartialEq)]
pub enum AskedOfAlarm {
    /// To acknowledge an alarm.
    Acknowledge(Arc<Alarm>),
    /// To withdraw its acknowledgement.
    Withdraw(Arc<Alarm>),
    /// To write something about it.
    Note(Arc<Alarm>),
}

/// The dialog that a row of a list has asked for.
#[derive(Clone, Copy)]
pub struct AlarmDialog {
    asked: RwSignal<Option<AskedOfAlarm>>,
    /// Whether something was changed in it.
    changed: RwSignal<bool>,
}

impl Default for AlarmDialog {
    /// None yet.
    fn default() -> Self {
        Self {
            asked: RwSignal::new(None),
            changed: RwSignal::new(false),
        }
    }
}

impl AlarmDialog {
    /// The dialog, where one is open. `moved` is run after one was closed whose alarm goes to another list: the browser
    /// gives the focus back to a button that is about to go.
    pub fn view(self, moved: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
        let Self { asked, changed } = self;
        let watched = use_watched();
        let on_change = Callback::new(move |()| {
            changed.set(true);
            watched.ask_now();
        });
        let on_close = Callback::new(move |()| {
            asked.set(None);
            if changed.get_untracked() {
                changed.set(false);
                moved();
            }
        });
        let chunks = use_chunks();
        move || {
            let asked = asked.get()?;
            // With a note the alarm stays where it is, and the focus goes back to its button.
            let changed = match &asked {
                AskedOfAlarm::Note(_) => Callback::new(move |()| watched.ask_now()),
                AskedOfAlarm::Acknowledge(_) | AskedOfAlarm::Withdraw(_) => on_change,
            };
            let dialog = Dialog::Alarm { asked, changed };
            Some(chunks.dialog(Chunk::AlarmDialogs, dialog, on_close))
        }
    }
}

/// So many folded alarms are unfolded at once.
const AT_ONCE: usize = 100;

/// An alarm, with those that are folded behind it.
#[component]
pub fn AlarmEntry(
    /// Which.
    row: RwSignal<Alike>,
    /// Where its dialogs are opened.
    dialog: AlarmDialog,
) -> impl IntoView {
    let first = Signal::derive(move || row.read().first.clone());
    let others = Memo::new(move |_| row.read().others.clone());
    let is_folded = Memo::new(move |_| !others.read().is_empty());
    // What is folded is not there: a site that fails may have thousands, and each would be worded each second.
    let (open, most) = (RwSignal::new(false), RwSignal::new(AT_ONCE));
    let unfolded = Memo::new(move |_| {
        let number = if open.get() { most.get() } else { 0 };
        let others = others.read();
        others.iter().take(number).cloned().collect::<Vec<_>>()
    });
    let rows = StoredValue::new(Rows::follow(unfolded));
    let toggle =
        move |event| open.set(event_target::<web_sys::Element>(&event).has_attribute("open"));
    let further = move || {
        let left = others.read().len().saturating_sub(most.get());
        (left > 0).then(|| {
            let words = format!("Show {} more of {left}", left.min(AT_ONCE));
            view! { <p class="bar"><button type="button" class="btn" on:click=move |_| most.update(|most| *most += AT_ONCE)>{words}</button></p> }
        })
    };
    let folded = move || {
        is_folded.get().then(|| {
            let words = move || {
                let row = row.read();
                format!("{} more: {}", row.others.len(), row.first.alarm.word)
            };
            let list = rows.with_value(|rows| {
                rows.draw(move |row| view! { <AlarmRow row=row.into() dialog folded=ViewFn::default() /> })
            });
            view! {
                <details class="more" on:toggle=toggle><summary>{words}</summary><ol class="alarms" aria-label=words>{list}</ol>{further}</details>
            }
        })
    };
    view! { <AlarmRow row=first dialog folded=folded /> }
}

/// An alarm.
#[component]
fn AlarmRow(
    /// Which.
    row: Signal<ShownAlarm>,
    /// Where its dialogs are opened.
    dialog: AlarmDialog,
    /// What is folded behind it.
    #[prop(into)]
    folded: ViewFn,
) -> impl IntoView {
    let (watched, moment) = (use_watched(), use_moments());
    let severity = Signal::derive(move || row.read().alarm.severity);
    let word = Signal::derive(move || severity.get().word().to_owned());
    let label = move || row.read().label();
    let since = move || {
        let row = row.read();
        let word = match row.alarm.since {
            Since::Reported(_) => "since",
            Since::Observed(_) => "seen since",
        };
        let at = row.alarm.since.at();
        view! {
            <b>{words::span(watched.since(at))}</b>
            <small>{word}" "{moment(at)}</small>
        }
    };
    let stale = move || row.read().last_known.is_some().then_some("stale");
    let handled = move || row.read().alarm.is_handled().then_some("");
    let last_known = move || {
        let last_known = row.read().last_known.clone();
        last_known.map(|words| view! { <b class="known">{words}</b> })
    };
    let sentence = move || row.read().alarm.sentence.clone();
    let about = move || row.read().about();
    // As memos: a second that passes, or another word in the sentence, takes no button away from who is about to press it.
    let care = Memo::new(move |_| handled_words(&row.read().alarm, moment));
    let taken_care = move || {
        let words = care.get();
        let line = |words| view! { <p class="care"><Icon name="done" />{words}</p> };
        words.into_iter().map(line).collect_view()
    };
    let may_change = expect_context::<Arc<Session>>().may_change();
    let acknowledgement = may_change.then(|| {
        let is_given = move || row.read().alarm.acknowledged.is_some();
        let word = move || if is_given() { "Withdraw" } else { "Acknowledge" };
        let ask = move |_| {
            let alarm = Arc::clone(&row.read_untracked().alarm);
            let asked = if alarm.acknowledged.is_some() {
                AskedOfAlarm::Withdraw(alarm)
            } else {
                AskedOfAlarm::Acknowledge(alarm)
            };
            dialog.asked.set(Some(asked));
        };
        view! { <button type="button" class="btn" on:click=ask>{word}<span class="vh">{about}</span></button> }
    });
    // Once somebody takes care of it there is something to tell.
    let is_handled = Memo::new(move |_| row.read().alarm.is_handled());
    let note = move || {
        let ask = move |_| {
            let alarm = Arc::clone(&row.read_untracked().alarm);
            dialog.asked.set(Some(AskedOfAlarm::Note(alarm)));
        };
        (may_change && is_handled.get()).then(|| {
            view! { <button type="button" class="btn" on:click=ask>"Note"<span class="vh">{about}</span></button> }
        })
    };
    let links = Memo::new(move |_| mending(watched, &row.read().alarm));
    let mending = move || {
        let links = links.get().into_iter();
        let link =
            |(words, href): (String, String)| view! { <a class="btn mends" href=href>{words}</a> };
        links.filter(|_| may_change).map(link).collect_view()
    };
    view! {
        <li aria-label=label data-handled=handled>
            <span data-fresh=stale><Tag severity word /></span>
            <div data-fresh=stale>
                <p class="what">{sentence}" "{last_known}</p>
                <p class="dim">{move || row.read().small_line()}</p>
                {taken_care}
            </div>
            <time data-fresh=stale>{since}</time>
            <span class="row acts">
                {acknowledgement}
                {note}
                <a class="btn" href=move || Route::of(&row.read().alarm.resource).href()>"Open"<span class="vh">{about}</span></a>
                {mending}
            </span>
            {move || folded.run()}
        </li>
    }
}

impl ShownAlarm {
    /// What the entry of the list is called.
    fn label(&self) -> String {
        let (name, severity) = (&self.alarm.name, self.alarm.severity.word());
        let mut label = format!("{name}: {severity}");
        let more = [
            self.connection.as_str(),
            self.last_known.as_deref().unwrap_or_default(),
            self.alarm.care().unwrap_or_default(),
        ];
        for more in more.into_iter().filter(|words| !words.is_empty()) {
            label.push_str(", ");
            label.push_str(more);
        }
        label
    }

    /// What a button's name ends with: no other alarm's button has the same.
    fn about(&self) -> String {
        let words = format!(": {} {}", self.alarm.sentence, self.connection);
        words.trim_end().to_owned()
    }

    /// Whose it is, and what to do.
    fn small_line(&self) -> String {
        let (connection, advice) = (&self.connection, &self.alarm.advice);
        let between = if connection.is_empty() || advice.is_empty() {
            ""
        } else {
            " · "
        };
        format!("{connection}{between}{advice}")
    }
}

/// What mends it, and where that is done, tracked.
fn mending(watched: Watched, alarm: &Alarm) -> Vec<(String, String)> {
    let world = watched.world();
    let resource = world.find(&alarm.resource);
    resource.map_or_else(Vec::new, |resource| links(alarm, &resource.facts))
}

/// What mends an alarm, where the alarm itself says so, and where that is done.
fn links(alarm: &Alarm, facts: &Facts) -> Vec<(String, String)> {
    let page = Route::of(&alarm.resource).href();
    match facts {
        _ if alarm.severity != Severity::Critical => Vec::new(),
        Facts::FailoverGroup(facts) => {
            let link = |id: &String| {
                let href = format!("{page}?session={}", segment(id));
                (format!("Clear override {id}"), href)
            };
            facts.overridden.iter().map(link).collect()
        }
        Facts::SlicerGroup(facts)
            if facts.on_air == Some(OnAir::Slate)
                && facts
                    .slicers
                    .iter()
                    .any(|one| one.part == SlicerPart::Ready) =>
        {
            vec![(format!("Leave slate {}", alarm.name), page)]
        }
        _ => Vec::new(),
    }
}

/// Who has acknowledged an alarm, why and until when, and what was written about it. `moment` words a time.
#[must_use]
pub fn said_about(alarm: &Alarm, moment: impl Fn(DateTime<Utc>) -> String) -> Vec<String> {
    let acknowledged = alarm.acknowledged.iter().map(|given| {
        let until = given.until.map_or_else(
            || "until it ends".to_owned(),
            |until| format!("until {}", moment(until)),
        );
        let (by, at, reason) = (&given.by, moment(given.at), &given.reason);
        format!("Acknowledged by {by} at {at}, {until}: {reason}")
    });
    let notes = alarm.notes.iter().map(|note| {
        let (by, at, text) = (&note.by, moment(note.at), &note.text);
        format!("Note by {by} at {at}: {text}")
    });
    acknowledged.chain(notes).collect()
}

/// Who takes care of an alarm, why and until when, and what was written about it.
fn handled_words(alarm: &Alarm, moment: impl Fn(DateTime<Utc>) -> String) -> Vec<String> {
    let maintenance = alarm.maintenance.iter().map(|one| {
        let (until, by, reason) = (moment(one.until), &one.by, &one.reason);
        format!("In maintenance until {until}, by {by}: {reason}")
    });
    let maintenance: Vec<String> = maintenance.collect();
    maintenance
        .into_iter()
        .chain(said_about(alarm, moment))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::links;
    use crate::pages::alarms::ShownAlarm;
    use chrono::DateTime;
    use health::alarms::{Alarm, Since};
    use health::inventory::{
        Facts, GroupFacts, Kind, ResourceKey, SlicerFacts, SlicerGroupFacts, SlicerPart,
    };
    use health::severity::Severity;
    use std::sync::Arc;
    use vendors::uplynk::OnAir;

    fn alarm(kind: Kind, connection: &str, severity: Severity) -> Alarm {
        Alarm {
            id: "1".to_owned(),
            resource: ResourceKey {
                kind,
                connection: connection.to_owned(),
                id: "g1".to_owned(),
            },
            name: "Design Vault".to_owned(),
            severity,
            rank: 0,
            word: "Failed".into(),
            sentence: "Design Vault failed on vbr-01.".to_owned(),
            advice: "Run the plan again.".to_owned(),
            since: Since::Observed(DateTime::UNIX_EPOCH),
            acknowledged: None,
            notes: Vec::new(),
            maintenance: None,
        }
    }

    #[test]
    fn alarms_of_two_connections_are_told_apart_wherever_they_are_named() {
        let shown = |connection: &str, last_known: Option<&str>| ShownAlarm {
            alarm: Arc::new(alarm(Kind::FailoverSession, "em", Severity::Critical)),
            connection: connection.to_owned(),
            last_known: last_known.map(str::to_owned),
        };
        let one = shown("Enterprise Manager", Some("last known, 47 s ago"));
        assert_eq!(
            one.label(),
            "Design Vault: Critical, Enterprise Manager, last known, 47 s ago"
        );
        assert_eq!(
            one.about(),
            ": Design Vault failed on vbr-01. Enterprise Manager"
        );
        assert_eq!(one.small_line(), "Enterprise Manager · Run the plan again.");
        // An alarm about a connection bears its title as its name.
        let silent = shown("", None);
        assert_eq!(silent.label(), "Design Vault: Critical");
        assert_eq!(silent.about(), ": Design Vault failed on vbr-01.");
        assert_eq!(silent.small_line(), "Run the plan again.");
    }

    #[test]
    fn an_override_and_a_slate_that_hold_a_group_back_are_mended_on_its_page() {
        let group = |overridden: &[&str]| {
            let overridden = overridden.iter().map(|&id| id.to_owned()).collect();
            let facts = GroupFacts {
                overridden,
                ..GroupFacts::default()
            };
            (Kind::FailoverGroup, Facts::FailoverGroup(Box::new(facts)))
        };
        let slicers = |on_air: Option<OnAir>, parts: &[SlicerPart]| {
            let slicer = |part: &SlicerPart| SlicerFacts {
                id: "news01".to_owned(),
                part: *part,
            };
            let facts = SlicerGroupFacts {
                on_air,
                slicers: parts.iter().map(slicer).collect(),
                ..SlicerGroupFacts::default()
            };
            (Kind::SlicerGroup, Facts::SlicerGroup(Box::new(facts)))
        };
        let (sick, ready) = (SlicerPart::Unhealthy, SlicerPart::Ready);
        for (severity, (kind, facts), expected) in [
            (
                Severity::Critical,
                group(&["CRUDE 1"]),
                vec![("Clear override CRUDE 1", "/groups/c/g1?session=CRUDE%201")],
            ),
            (Severity::Warning, group(&["CRUDE 1"]), vec![]),
            (Severity::Critical, group(&[]), vec![]),
            (
                Severity::Critical,
                slicers(Some(OnAir::Slate), &[sick, ready]),
                vec![("Leave slate Design Vault", "/slicers/c/g1")],
            ),
            (
                Severity::Critical,
                slicers(Some(OnAir::Slate), &[sick]),
                vec![],
            ),
            (
                Severity::Critical,
                slicers(Some(OnAir::Slicer("news01".to_owned())), &[ready]),
                vec![],
            ),
            (Severity::Critical, slicers(None, &[ready]), vec![]),
            (
                Severity::Critical,
                (Kind::FailoverSession, Facts::None),
                vec![],
            ),
        ] {
            let links = links(&alarm(kind, "c", severity), &facts);
            let links: Vec<(&str, &str)> = links
                .iter()
                .map(|(words, href)| (words.as_str(), href.as_str()))
                .collect();
            assert_eq!(links, expected, "{facts:?}");
        }
    }
}
