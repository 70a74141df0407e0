//! The URL parameters of the wall. Pure. An invalid value is reported with the valid ones, and the default
//! is used: a typo must not stop an unattended screen.

use crate::json;
use crate::prefs::Theme;
use health::inventory::Kind;
use health::words::decimal;

/// Seconds on a page unless the address says otherwise.
const ROTATE: u32 = 20;

/// The seconds on a page that can be asked for.
const ROTATES: std::ops::RangeInclusive<u32> = 5..=3_600;

/// Metres to the screen unless the address says otherwise.
const DISTANCE: f64 = 5.0;

/// The distances that can be asked for, in metres.
const DISTANCES: (f64, f64) = (0.3, 60.0);

/// Inches across the screen unless the address says otherwise.
const DIAGONAL: f64 = 55.0;

/// The diagonals that can be asked for, in inches.
const DIAGONALS: (f64, f64) = (5.0, 800.0);

/// The kinds of resources that have tiles, as `only` spells them.
const ONLY: [(&str, Kind); 3] = [
    ("groups", Kind::FailoverGroup),
    ("slicers", Kind::SlicerGroup),
    ("sessions", Kind::FailoverSession),
];

/// Where the second clock is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClockZone {
    /// Where the browser is.
    #[default]
    Local,
    /// A zone by its IANA name.
    Zone(String),
}

/// The URL parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Seconds on a page.
    pub rotate: u32,
    /// Metres from the screen to the eyes.
    pub distance: f64,
    /// Inches across the screen.
    pub diagonal: f64,
    /// Which kinds of resources; all when nothing is asked for.
    pub only: Vec<Kind>,
    /// Which connections, by id; all when nothing is asked for.
    pub connections: Vec<String>,
    /// The theme; the one chosen on this browser when nothing is asked for.
    pub theme: Option<Theme>,
    /// Where the second clock is.
    pub clock_zone: ClockZone,
    /// Whether the screen is kept on.
    pub awake: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            rotate: ROTATE,
            distance: DISTANCE,
            diagonal: DIAGONAL,
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
        self.connections.is_empty() || self.connections.iter().any(|one| one == id)
    }
}

/// Reads the parameters; every mistake is a sentence. `get` gives a parameter's value, `connections`
/// the ids that there are, and `is_zone` whether the browser knows a time zone.
pub fn read(
    get: impl Fn(&str) -> Option<String>,
    connections: &[String],
    is_zone: impl Fn(&str) -> bool,
) -> (Params, Vec<String>) {
    let (mut params, mut wrong) = (Params::default(), Vec::new());
    let mut each = |name: &str, remedy: &str, take: Take<'_>| {
        let text = get(name).unwrap_or_default();
        let values: Vec<&str> = match name {
            "only" | "connections" => text.split(',').map(str::trim).collect(),
            _ => vec![&text],
        };
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            if take(&mut params, value).is_none() {
                wrong.push(format!("{name}={}: {remedy}", cut(value)));
            }
        }
    };
    let rotates = "give whole seconds from 5 to 3600. Pages turn every 20 s.";
    each("rotate", rotates, &|params, text| {
        let seconds = text.trim().parse().ok();
        params.rotate = seconds.filter(|seconds| ROTATES.contains(seconds))?;
        Some(())
    });
    let distances = range("metres", DISTANCES, DISTANCE);
    each("distance", &distances, &|params, text| {
        params.distance = number(text, DISTANCES)?;
        Some(())
    });
    let diagonals = range("inches", DIAGONALS, DIAGONAL);
    each("diagonal", &diagonals, &|params, text| {
        params.diagonal = number(text, DIAGONALS)?;
        Some(())
    });
    let only = "choose from groups, slicers, sessions.";
    each("only", only, &|params, word| {
        let known = ONLY.into_iter().find(|(known, _)| *known == word);
        params.only.push(known?.1);
        Some(())
    });
    let there = format!("no such connection. Available: {}.", connections.join(", "));
    each("connections", &there, &|params, id| {
        let known = connections.iter().find(|known| *known == id);
        params.connections.push(known?.clone());
        Some(())
    });
    each("theme", "choose light, dark or system.", &|params, word| {
        let theme = Some(Theme::read(word)).filter(|theme| theme.word() == word);
        params.theme = Some(theme?);
        Some(())
    });
    let zones = "give a time zone as Europe/Berlin, or local. Using this computer's time.";
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
    (params, wrong)
}

/// Takes a value, or nothing where it cannot be used.
type Take<'a> = &'a dyn Fn(&mut Params, &str) -> Option<()>;

fn number(text: &str, (low, high): (f64, f64)) -> Option<f64> {
    json::number(text).filter(|number| (low..=high).contains(number))
}

fn range(unit: &str, (low, high): (f64, f64), usual: f64) -> String {
    let [low, high, usual] = [low, high, usual].map(|number| decimal(number, 1));
    format!("give {unit} from {low} to {high}. Using {usual}.")
}

/// A value as it is quoted: not longer than a strip of the wall.
fn cut(value: &str) -> String {
    const LONGEST: usize = 24;
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value
        .chars()
        .take(LONGEST - 1)
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
    fn an_address_without_parameters_is_the_usual_wall() {
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
    fn what_cannot_be_is_told_and_the_usual_takes_its_place() {
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
    fn of_a_list_what_can_be_is_taken_and_the_rest_is_told() {
        let (params, wrong) = parse(&[("only", "groups,groop"), ("connections", "live,nowhere")]);
        assert_eq!(params.only, [Kind::FailoverGroup]);
        assert_eq!(params.connections, ["live"]);
        assert_eq!(wrong.len(), 2);
        assert!(wrong[1].contains("Available: plant-a, live."), "{wrong:?}");
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_the_wall(value in "\\PC{0,80}") {
            const NAMES: [&str; 8] = ["rotate", "distance", "diagonal", "only", "connections", "theme", "tz", "awake"];
            let (params, wrong) = parse(&NAMES.map(|name| (name, value.as_str())));
            prop_assert!(ROTATES.contains(&params.rotate));
            prop_assert!(params.distance.is_finite() && params.diagonal.is_finite());
            prop_assert!(wrong.iter().all(|message| message.chars().count() < 200));
        }
    }
}
