//! The data of a slicer group in the list, and texts that the list and the group's page share. Pure.

use crate::pages::resource_list::ListConfig;
use crate::pages::resource_row::{RowContext, RowState, RowTime};
use crate::route::Route;
use chrono::{DateTime, Utc};
use health::inventory::{Facts, Kind, Resource, SlicerFacts, SlicerGroupFacts, SlicerPart};
use health::slicers::mode_word;
use vendors::uplynk::{FailoverGroup, Mode, OnAir, Slicer};

/// The text in place of a missing time of the last failover. Uplynk's 0, an absent field and null cannot be told apart,
/// so this does not claim that there was never a failover.
pub const NO_FAILOVER: &str = "none reported";

/// Maximum number of items in a row's chain.
const MAX_LINKS: usize = 8;

/// The list of slicer groups.
pub const SLICER_GROUPS: ListConfig = ListConfig {
    kind: Kind::SlicerGroup,
    keys: &["state", "group", "connection", "failover"],
    key_of: |resource, _| {
        let at = facts(resource).and_then(|facts| facts.last_failover);
        at.map(|at| at.timestamp_millis()).into()
    },
    texts,
};

fn facts(resource: &Resource) -> Option<&SlicerGroupFacts> {
    match &resource.facts {
        Facts::SlicerGroup(facts) => Some(facts),
        _ => None,
    }
}

fn texts<'a>(resource: &'a Resource, visit: &mut dyn FnMut(&'a str)) {
    let Some(facts) = facts(resource) else { return };
    facts.slicers.iter().for_each(|slicer| visit(&slicer.id));
    facts.channels.iter().flatten().for_each(|name| visit(name));
}

/// One row of the table "Slicer failover groups".
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The cell "State".
    pub state: RowState,
    /// The group's name.
    pub name: String,
    /// The number of channels, as text.
    pub channels: String,
    /// The URL of the group's page.
    pub href: String,
    /// The connection's title.
    pub connection: String,
    /// What is on air, and its state.
    pub on_air: (String, String),
    /// The mode as text.
    pub mode: String,
    /// Auto failback as text.
    pub auto_failback: &'static str,
    /// The slicers in order.
    pub chain: Vec<Link>,
    /// The number of backups that are ready, out of all backups.
    pub backups: String,
    /// The time of the last failover.
    pub failover: Option<DateTime<Utc>>,
    /// The connection's id.
    pub connection_id: String,
}

/// One slicer in a row's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The slicer's id.
    pub id: String,
    /// The mark's icon: `onair`, `warning`, `off`, `unknown` or none.
    pub mark: Option<&'static str>,
    /// The mark as text.
    pub words: &'static str,
}

/// A group's name, or its id if it has no name.
#[must_use]
pub fn name(group: &FailoverGroup) -> String {
    group
        .name
        .clone()
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| group.id.clone())
}

/// Whether this slicer is on air.
#[must_use]
pub fn is_on_air(group: &FailoverGroup, slicer: &Slicer) -> bool {
    matches!(&group.active, Some(OnAir::Slicer(id)) if *id == slicer.id)
}

/// The message for an empty list on a group's page, such as its slicers. One of three texts: there are no items, they
/// are not reported, or they are unreadable.
#[must_use]
pub fn empty_list_message(
    group: &FailoverGroup,
    field: &str,
    is_reported: bool,
    [none, unreported, unreadable]: [&'static str; 3],
) -> &'static str {
    let mut fields = group.unreadable.iter();
    if fields.any(|unreadable| unreadable.name.starts_with(field)) {
        unreadable
    } else if is_reported {
        none
    } else {
        unreported
    }
}

/// The time of a row's last failover, and its age.
#[must_use]
pub fn last_failover(row: &Row, time: RowTime) -> (String, String) {
    match row.failover {
        None if row.state.is_complete() => ("–".to_owned(), NO_FAILOVER.to_owned()),
        None => ("–".to_owned(), "not known".to_owned()),
        at => time.moment(at),
    }
}

/// Auto failback as text; it applies in prioritized mode only.
#[must_use]
pub fn failback_word(auto_failback: Option<bool>, mode: Option<&Mode>) -> &'static str {
    match (auto_failback, mode) {
        (None, _) => "–",
        (Some(_), Some(Mode::Flat)) => "not in flat mode",
        (Some(true), _) => "On",
        (Some(false), _) => "Off",
    }
}

fn link(slicer: SlicerFacts) -> Link {
    let (mark, words) = match slicer.part {
        SlicerPart::OnAir => (Some("onair"), "on air"),
        SlicerPart::OutOfFailover => (Some("off"), "not eligible"),
        SlicerPart::Ready => (None, ""),
        SlicerPart::Unhealthy => (Some("warning"), "unhealthy"),
        SlicerPart::Unknown => (Some("unknown"), "not known"),
    };
    Link {
        id: slicer.id,
        mark,
        words,
    }
}

/// The first slicers of a row, and the number of those left out, so that a large group is no taller than the others.
fn chain(mut slicers: Vec<SlicerFacts>) -> Vec<Link> {
    let rest = slicers.len().saturating_sub(MAX_LINKS - 1);
    if rest > 1 {
        slicers.truncate(MAX_LINKS - 1);
    }
    let more = (rest > 1).then(|| Link {
        id: format!("+{rest}"),
        mark: None,
        words: "more",
    });
    slicers.into_iter().map(link).chain(more).collect()
}

/// The row of a group.
#[must_use]
pub fn row(resource: &Resource, context: RowContext) -> Row {
    let RowContext { connection, state } = context;
    let facts = facts(resource).cloned().unwrap_or_default();
    let on_air = match facts.on_air {
        Some(OnAir::Slate) => ("Slate".to_owned(), "no slicer is on air".to_owned()),
        Some(OnAir::Slicer(id)) => (id, facts.on_air_state.unwrap_or_default()),
        None => ("–".to_owned(), String::new()),
    };
    Row {
        state,
        name: resource.name.clone(),
        channels: match facts.channels.as_ref().map(Vec::len) {
            Some(1) => "1 channel".to_owned(),
            Some(number) => format!("{number} channels"),
            None => "channels not reported".to_owned(),
        },
        href: Route::of(&resource.key).href(),
        connection,
        on_air,
        auto_failback: failback_word(facts.auto_failback, facts.mode.as_ref()),
        mode: facts
            .mode
            .as_ref()
            .map_or_else(|| "–".to_owned(), mode_word),
        chain: chain(facts.slicers),
        backups: match (facts.backups_ready, facts.backups) {
            (Some(ready), Some(all)) => format!("{ready} of {all}"),
            _ => "–".to_owned(),
        },
        failover: facts.last_failover,
        connection_id: resource.key.connection.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, empty_list_message, last_failover, row};
    use crate::pages::resource_row::{RowContext, RowState, RowTime};
    use crate::prefs::Zone;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::inventory::{Contents, Moment, WatchedSlicerGroup};
    use health::severity::Severity;
    use vendors::UnreadableField;
    use vendors::uplynk::{Blacklist, FailoverGroup, Mode, OnAir, Slicer, SlicerState};

    fn slicer(id: &str, order: i64) -> Slicer {
        Slicer {
            id: id.into(),
            blacklist: Some(Blacklist::Healthy),
            order: Some(order),
            state: Some(SlicerState::Slicing),
            enabled: Some(true),
            ..Slicer::default()
        }
    }

    fn group() -> FailoverGroup {
        FailoverGroup {
            id: "9852b8646dea4cd0a48f5e0ffaa4f8b3".into(),
            name: Some("My Failover Group".into()),
            mode: Some(Mode::Prioritized),
            auto_failback: Some(true),
            active: Some(OnAir::Slicer("news01".into())),
            channels: Some(Vec::new()),
            slicers: Some(vec![slicer("news02", 2), slicer("news01", 1)]),
            ..FailoverGroup::default()
        }
    }

    fn shown(group: FailoverGroup) -> Row {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let moment = Moment {
            now,
            vendor_ahead: TimeDelta::zero(),
            observed_at: Some(now),
            recent: TimeDelta::days(1),
        };
        let watched = WatchedSlicerGroup {
            group,
            read_at: Some(now),
            failure: None,
            is_listed: true,
        };
        let judged = Contents::Uplynk(vec![watched]).resources("live", &moment);
        let context = RowContext {
            connection: "Live".to_owned(),
            state: RowState {
                severity: Severity::Normal,
                word: "Normal".to_owned(),
                last_known: None,
                handling: None,
                unreadable: 0,
                is_read: true,
            },
        };
        row(&judged[0].resource, context)
    }

    #[test]
    fn the_chain_is_in_order_and_marks_the_slicer_on_air() {
        let chain = shown(group()).chain;
        let words: Vec<_> = chain
            .iter()
            .map(|link| (link.id.as_str(), link.words))
            .collect();
        assert_eq!(words, [("news01", "on air"), ("news02", "")]);
        for (number, expected) in [(8, None), (9, Some("+2 more")), (40, Some("+33 more"))] {
            let group = FailoverGroup {
                slicers: Some((0..number).map(|order| slicer("a", order)).collect()),
                ..group()
            };
            let chain = shown(group).chain;
            let last = chain.last().filter(|link| link.words == "more");
            let last = last.map(|link| format!("{} {}", link.id, link.words));
            assert_eq!((chain.len(), last.as_deref()), (8, expected));
        }
    }

    #[test]
    fn unreported_channels_and_backups_are_not_shown_as_zero() {
        let cells = |group| {
            let row = shown(group);
            (row.channels, row.backups)
        };
        let (complete, empty) = (group(), FailoverGroup::default());
        let expected = ("0 channels".to_owned(), "1 of 1".to_owned());
        assert_eq!(cells(complete), expected);
        assert_eq!(
            cells(empty),
            ("channels not reported".to_owned(), "–".to_owned())
        );
    }

    #[test]
    fn a_missing_time_of_the_last_failover_is_not_shown_as_never() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let time = RowTime {
            now,
            zone: Zone::Utc,
            is_current: true,
        };
        let cell = |at, is_read| {
            let mut row = shown(FailoverGroup {
                failover_time: at,
                ..group()
            });
            row.state.is_read = is_read;
            last_failover(&row, time).1
        };
        assert_eq!(cell(Some(now - TimeDelta::seconds(43)), true), "43 s ago");
        assert_eq!(cell(None, true), "none reported");
        assert_eq!(cell(None, false), "not known");
    }

    #[test]
    fn slate_and_flat_mode_are_shown_as_text() {
        let other = FailoverGroup {
            active: Some(OnAir::Slate),
            mode: Some(Mode::Flat),
            ..group()
        };
        let row = shown(other);
        assert_eq!(row.on_air.0, "Slate");
        assert_eq!(row.auto_failback, "not in flat mode");
    }

    #[test]
    fn an_unreadable_list_is_neither_empty_nor_unreported() {
        for (is_reported, unreadable, words) in [
            (true, None, "none"),
            (false, None, "not reported"),
            (false, Some("channels"), "unreadable"),
            (true, Some("channels[0].id"), "unreadable"),
            (true, Some("slicers"), "none"),
        ] {
            let field = |name: &str| UnreadableField {
                name: name.to_owned(),
                raw: "7".to_owned(),
            };
            let group = FailoverGroup {
                unreadable: unreadable.map(field).into_iter().collect(),
                ..FailoverGroup::default()
            };
            let all = ["none", "not reported", "unreadable"];
            let message = empty_list_message(&group, "channels", is_reported, all);
            assert_eq!(message, words, "{unreadable:?}");
        }
    }
}
