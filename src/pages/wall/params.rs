//! The URL parameters of the wall. Pure. An invalid value is reported with the valid ones, and the default is used,
//! because a typing error must not stop an unattended screen.

use crate::json;
use crate::prefs::Theme;
use health::inventory::Kind;
use health::words::decimal;

/// The default number of seconds per page.
const DEFAULT_ROTATE: u32 = 20;

/// The valid numbers of seconds per page.
const ROTATE_RANGE: std::ops::RangeInclusive<u32> = 5..=3_600;

/// The default viewing distance in metres.
const DEFAULT_DISTANCE: f64 = 5.0;

/// The valid viewing distances in metres.
const DISTANCE_RANGE: (f64, f64) = (0.3, 60.0);

/// The default screen diagonal in inches.
const DEFAULT_DIAGONAL: f64 = 55.0;

/// The valid screen diagonals in inches.
const DIAGONAL_RANGE: (f64, f64) = (5.0, 800.0);

/// The kinds of resources that have tiles, by their values of `only`.
const ONLY: [(&str, Kind); 3] = [
    ("groups", Kind::FailoverGroup),
    ("slicers", Kind::SlicerGroup),
    ("sessions", Kind::FailoverSession),
];

/// The time zone of the second clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClockZone {
    /// The browser's time zone.
    #[default]
    Local,
    /// A time zone by its IANA name.
    Zone(String),
}

/// The URL parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// The number of seconds per page.
    pub rotate: u32,
    /// The viewing distance in metres.
    pub distance: f64,
    /// The screen diagonal in inches.
    pub diagonal: f64,
    /// The kinds of resources to show; empty for all.
    pub only: Vec<Kind>,
    /// The ids of the connections to show; empty for all.
    pub connections: Vec<String>,
    /// The theme; `None` for the one chosen in this browser.
    pub theme: Option<Theme>,
    /// The time zone of the second clock.
    pub clock_zone: ClockZone,
    /// Whether the screen is kept on.
    pub awake: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            rotate: DEFAULT_ROTATE,
            distance: DEFAULT_DISTANCE,
            diagonal: DEFAULT_DIAGONAL,
            only: Vec::new(),
            connections: Vec::new(),
            theme: None,
            clock_zone: ClockZone::Local,
            awake: true,
        }
    }
}

impl Params {
    /// Whether resources of this kind have tiles.
    #[must_use]
    pub fn shows_kind(&self, kind: Kind) -> bool {
        self.only.is_empty() || self.only.contains(&kind)
    }

    /// Whether this connection is on the wall.
    #[must_use]
    pub fn shows_connection(&self, id: &str) -> bool {
        self.connections.is_empty() || self.connections.iter().any(|shown| shown == id)
    }
}

/// Reads the parameters. Returns a sentence for each error. `get` returns a parameter's value, `connections` are the
/// existing ids, and `is_zone` is whether the browser knows a time zone.
pub fn read(
    get: impl Fn(&str) -> Option<String>,
    connections: &[String],
    is_zone: impl Fn(&str) -> bool,
) -> (Params, Vec<String>) {
    let (mut params, mut errors) = (Params::default(), Vec::new());
    let mut each = |name: &str, remedy: &str, apply: Apply<'_>| {
        let text = get(name).unwrap_or_default();
        let values: Vec<&str> = match name {
            "only" | "connections" => text.split(',').map(str::trim).collect(),
            _ => vec![&text],
        };
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            if apply(&mut params, value).is_none() {
                errors.push(format!("{name}={}: {remedy}", shortened(value)));
            }
        }
    };
    let rotates = "give whole seconds from 5 to 3600. Pages turn every 20 s.";
    each("rotate", rotates, &|params, text| {
        let seconds = text.trim().parse().ok();
        params.rotate = seconds.filter(|seconds| ROTATE_RANGE.contains(seconds))?;
        Some(())
    });
    let distances = range("metres", DISTANCE_RANGE, DEFAULT_DISTANCE);
    each("distance", &distances, &|params, text| {
        params.distance = number(text, DISTANCE_RANGE)?;
        Some(())
    });
    let diagonals = range("inches", DIAGONAL_RANGE, DEFAULT_DIAGONAL);
    each("diagonal", &diagonals, &|params, text| {
        params.diagonal = number(text, DIAGONAL_RANGE)?;
        Some(())
    });
    let only = "choose from groups, slicers, sessions.";
    each("only", only, &|params, word| {
        let known = ONLY.into_iter().find(|(known, _)| *known == word);
        params.only.push(known?.1);
        Some(())
    });
    let available = format!("no such connection. Available: {}.", connections.join(", "));
    each("connections", &available, &|params, id| {
        let known = connections.iter().find(|known| *known == id);
        params.connections.push(known?.clone());
        Some(())
    });
    each("theme", "choose light, dark or system.", &|params, word| {
        let theme = Some(Theme::read(word)).filter(|theme| theme.word() == word);
        params.theme = Some(theme?);
        Some(())
    });
    let zones = "give a time zone such as Europe/Berlin, or local. Using this computer's time.";
    each("tz", zones, &|params, zone| {
        if zone != "local" {
            is_zone(zone).then_some(())?;
            params.clock_zone = ClockZone::Zone(zone.to_owned());
        }
        Some(())
    });
    let awake = "use yes or no. The screen is kept on.";
    each("awake", awake, &|params, word| {
        params.awake = match word {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        Some(())
    });
    (params, errors)
}

/// Applies a value to the parameters; `None` if it is invalid.
type Apply<'a> = &'a dyn Fn(&mut Params, &str) -> Option<()>;

fn number(text: &str, (low, high): (f64, f64)) -> Option<f64> {
    json::number(text).filter(|number| (low..=high).contains(number))
}

fn range(unit: &str, (low, high): (f64, f64), default: f64) -> String {
    let [low, high, default] = [low, high, default].map(|number| decimal(number, 1));
    format!("give {unit} from {low} to {high}. Using {default}.")
}

/// A value shortened to fit in the warning above the tiles.
fn shortened(value: &str) -> String {
    const MAX_LENGTH: usize = 24;
    if value.chars().count() <= MAX_LENGTH {
        return value.to_owned();
    }
    value
        .chars()
        .take(MAX_LENGTH - 1)
        .chain(std::iter::once('…'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(pairs: &[(&str, &str)]) -> (Params, Vec<String>) {
        let get = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let known = ["plant-a".to_owned(), "live".to_owned()];
        read(get, &known, |zone| zone == "Europe/Berlin")
    }

    #[test]
    fn an_address_without_parameters_has_the_defaults() {
        assert_eq!(parse(&[]), (Params::default(), Vec::new()));
    }

    #[test]
    fn every_parameter_is_read() {
        let (params, wrong) = parse(&[
            ("rotate", "7"),
            ("distance", "2.5"),
            ("diagonal", "85"),
            ("only", "groups, sessions"),
            ("connections", "live"),
            ("theme", "dark"),
            ("tz", "Europe/Berlin"),
            ("awake", "no"),
        ]);
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(
            params,
            Params {
                rotate: 7,
                distance: 2.5,
                diagonal: 85.0,
                only: vec![Kind::FailoverGroup, Kind::FailoverSession],
                connections: vec!["live".to_owned()],
                theme: Some(Theme::Dark),
                clock_zone: ClockZone::Zone("Europe/Berlin".to_owned()),
                awake: false,
            }
        );
        assert!(params.shows_kind(Kind::FailoverGroup) && !params.shows_kind(Kind::SlicerGroup));
        assert!(params.shows_connection("live") && !params.shows_connection("plant-a"));
    }

    #[test]
    fn an_invalid_value_is_reported_and_replaced_by_the_default() {
        for (name, value) in [
            ("rotate", "0"),
            ("rotate", "4"),
            ("rotate", "3601"),
            ("rotate", "20s"),
            ("rotate", "-5"),
            ("distance", "0"),
            ("distance", "61"),
            ("distance", "NaN"),
            ("distance", "inf"),
            ("distance", "5m"),
            ("diagonal", "4"),
            ("diagonal", "1e9"),
            ("only", "group"),
            ("connections", "plant-z"),
            ("theme", "Dark"),
            ("tz", "Mars/Olympus"),
            ("awake", "false"),
        ] {
            let (params, wrong) = parse(&[(name, value)]);
            assert_eq!(params, Params::default(), "{name}={value}");
            assert_eq!(wrong.len(), 1, "{name}={value}");
            assert!(
                wrong[0].starts_with(&format!("{name}={value}: ")),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn valid_items_of_a_list_apply_and_invalid_ones_are_reported() {
        let (params, wrong) = parse(&[("only", "groups,groop"), ("connections", "live,nowhere")]);
        assert_eq!(params.only, [Kind::FailoverGroup]);
        assert_eq!(params.connections, ["live"]);
        assert_eq!(wrong.len(), 2);
        assert!(wrong[1].contains("Available: plant-a, live."), "{wrong:?}");
    }

    proptest! {
        #[test]
        fn any_value_leaves_valid_parameters_and_short_errors(value in "\\PC{0,80}") {
            const NAMES: [&str; 8] = ["rotate", "distance", "diagonal", "only", "connections", "theme", "tz", "awake"];
            let (params, wrong) = parse(&NAMES.map(|name| (name, value.as_str())));
            prop_assert!(ROTATE_RANGE.contains(&params.rotate));
            prop_assert!(params.distance.is_finite() && params.diagonal.is_finite());
            prop_assert!(wrong.iter().all(|message| message.chars().count() < 200));
        }
    }
}
