//! Links to the action that resolves an alarm, if a single action does.

use crate::live::Watched;
use crate::route::{LEAVE_SLATE, Route};
use health::alarms::Alarm;
use health::inventory::{Facts, SlicerPart};
use health::severity::Severity;
use vendors::operation::percent_encoded;
use vendors::uplynk::OnAir;

/// The label and URL of each action that resolves an alarm, tracked.
#[must_use]
pub fn remedies(watched: Watched, alarm: &Alarm) -> Vec<(String, String)> {
    let snapshot = watched.snapshot();
    let resource = snapshot.find(&alarm.resource);
    resource.map_or_else(Vec::new, |resource| links(alarm, &resource.facts))
}

/// The remedies of an alarm, by the facts of its resource.
fn links(alarm: &Alarm, facts: &Facts) -> Vec<(String, String)> {
    let page = Route::of(&alarm.resource).href();
    match facts {
        _ if alarm.severity != Severity::Critical => Vec::new(),
        Facts::FailoverGroup(facts) => {
            let link = |id: &String| {
                let href = format!("{page}?session={}", percent_encoded(id));
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
            let href = format!("{page}?action={LEAVE_SLATE}");
            vec![(format!("Leave slate {}", alarm.name), href)]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::links;
    use health::alarms::Alarm;
    use health::inventory::{Facts, GroupFacts, Kind, SlicerFacts, SlicerGroupFacts, SlicerPart};
    use health::severity::Severity;
    use vendors::uplynk::OnAir;

    fn alarm(kind: Kind, severity: Severity) -> Alarm {
        Alarm {
            name: "News".to_owned(),
            severity,
            ..crate::live::alarm(kind, "c", "g1")
        }
    }

    #[test]
    fn only_critical_alarms_over_an_override_or_a_slate_have_remedies() {
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
                vec![("Leave slate News", "/slicers/c/g1?action=leave-slate")],
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
            let links = links(&alarm(kind, severity), &facts);
            let links: Vec<(&str, &str)> = links
                .iter()
                .map(|(words, href)| (words.as_str(), href.as_str()))
                .collect();
            assert_eq!(links, expected, "{facts:?}");
        }
    }
}
