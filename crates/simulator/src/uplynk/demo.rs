//! The initial groups: the vendor's published sample, unchanged, a realistic set of channels, and
//! more groups on demand.

use super::model::{Channel, Group, Mode, Slate, Slicer, Thumbnail};
use super::world::World;
use crate::options::{Options, Scenario};
use chrono::{DateTime, TimeDelta, Utc};

pub(crate) const SAMPLE: &str = "9852b8646dea4cd0a48f5e0ffaa4f8b3";

/// Name, slicers, channels, mode, automatic failback, `hot_warm`.
type Line = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    Mode,
    bool,
    i64,
);

const LINES: [Line; 8] = [
    (
        "News East",
        &["news01", "news02", "news03", "news04", "news05"],
        &["News East", "News East HD", "News Extra"],
        Mode::Prioritized,
        true,
        0,
    ),
    (
        "Sports Main",
        &["sport01", "sport02", "sport03"],
        &[
            "Sports 1",
            "Sports 2",
            "Sports 3",
            "Sports 4",
            "Sports HD",
            "Sports Radio",
        ],
        Mode::Prioritized,
        true,
        2,
    ),
    (
        "Kids 24",
        &["kids01", "kids02"],
        &["Kids 24", "Kids 24 HD"],
        Mode::Prioritized,
        true,
        0,
    ),
    (
        "Movies A",
        &["film01", "film02", "film03"],
        &["Movies A", "Movies B", "Movies Classic", "Movies HD"],
        Mode::Prioritized,
        false,
        1,
    ),
    (
        "Events Pool",
        &["event01", "event02", "event03", "event04"],
        &["Events"],
        Mode::Prioritized,
        false,
        3,
    ),
    (
        "Weather Now",
        &["wx01", "wx02", "wx03"],
        &["Weather", "Weather HD"],
        Mode::Flat,
        false,
        0,
    ),
    (
        "Regional North",
        &["north01", "north02"],
        &["Regional North"],
        Mode::Prioritized,
        true,
        1,
    ),
    (
        "Music Live",
        &["music01", "music02", "music03"],
        &["Music", "Music HD"],
        Mode::Flat,
        false,
        0,
    ),
];

/// 32 hexadecimal digits, the same for the same text.
fn hex(text: &str) -> String {
    let mix = |start: u64| {
        text.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        })
    };
    format!(
        "{:016x}{:016x}",
        mix(0xCBF2_9CE4_8422_2325),
        mix(0x9E37_79B9_7F4A_7C15)
    )
}

/// A world at `now`, with its scenario started.
pub(crate) fn world(options: &Options, base_url: &str, now: DateTime<Utc>) -> World {
    let mut groups = vec![sample(now)];
    for index in 0..options.groups {
        groups.push(match LINES.get(index) {
            Some((name, slicers, channels, mode, auto_failback, hot_warm)) => {
                let mut group = group(&hex(name), name, slicers, now);
                (group.auto_failback, group.hot_warm) = (*auto_failback, *hot_warm);
                group.set_mode(*mode);
                group.channels = channels.iter().map(|desc| channel(desc)).collect();
                group.failover_time =
                    (now - TimeDelta::hours(5 + 13 * index as i64)).timestamp_millis();
                if slicers.len() > 3 {
                    group.slicers[3].enabled = false;
                }
                group
            }
            None => generated_group(index + 1, now),
        });
    }
    let mut slow = group("fault-slow", "Slow to answer", &["slow01", "slow02"], now);
    (slow.hidden, slow.steady) = (true, true);
    groups.push(slow);
    let slicers = [
        "fault-404",
        "fault-html",
        "fault-svg",
        "fault-large",
        "fault-redirect",
        "good01",
    ];
    let mut pictures = group("fault-pictures", "Pictures that go wrong", &slicers, now);
    (pictures.hidden, pictures.steady) = (true, true);
    groups.push(pictures);
    let spare = (1..=4)
        .map(|number| channel(&format!("Spare {number}")))
        .collect();
    let mut world = World {
        groups,
        spare,
        seed: options.seed,
        scenario: Scenario::Calm,
        now,
        base_url: base_url.to_owned(),
    };
    world.enter(options.scenario);
    world
}

fn channel(desc: &str) -> Channel {
    Channel {
        id: hex(&format!("channel {desc}")),
        desc: desc.to_owned(),
    }
}

fn generated_group(number: usize, now: DateTime<Utc>) -> Group {
    let slicers: Vec<String> = (1..=2 + number % 4)
        .map(|at| format!("ch{number:03}-{at:02}"))
        .collect();
    let slicers: Vec<&str> = slicers.iter().map(String::as_str).collect();
    let name = format!("Channel {number}");
    let mut group = group(&hex(&name), &name, &slicers, now);
    group.channels = vec![channel(&name)];
    group
}

/// A group with all slicers healthy and the first one on air.
pub(crate) fn group(id: &str, name: &str, slicers: &[&str], now: DateTime<Utc>) -> Group {
    let slicers: Vec<Slicer> = slicers
        .iter()
        .zip(1..)
        .map(|(slicer, order)| Slicer {
            order,
            ..Slicer::new(slicer, now)
        })
        .collect();
    Group {
        id: id.to_owned(),
        name: name.to_owned(),
        hot_warm: 0,
        mode: Mode::Prioritized,
        auto_failback: true,
        failover_time: 0,
        active: slicers
            .first()
            .map(|one| one.id.clone())
            .unwrap_or_default(),
        slate: Slate::Off,
        channels: Vec::new(),
        slicers,
        owners: Vec::new(),
        hidden: false,
        steady: false,
    }
}

/// The vendor's published sample group, "My Failover Group".
fn sample(now: DateTime<Utc>) -> Group {
    let mut group = group(SAMPLE, "My Failover Group", &["news01", "news02"], now);
    group.failover_time = 1_576_107_800_205;
    group.steady = true;
    let parts = [
        (
            "101-174-253-64.slicer.uplynk.net",
            "https://x-default-stgec.uplynk.com/ausw/slices/d7b/...000009C.jpg",
        ),
        (
            "104-174-253-63.slicer.uplynk.net",
            "https://x-default-stgec.uplynk.com/ausw/slices/d7b/...000003E.jpg",
        ),
    ];
    for (slicer, (hostname, thumbnail)) in group.slicers.iter_mut().zip(parts) {
        slicer.hostname = hostname.to_owned();
        slicer.thumbnail = Thumbnail::VendorSample(thumbnail);
    }
    let channels = [
        ("478f6d24e1a643049cdba0c544830752", "Broadcast01"),
        ("aad717c2fda649a3b213c56c94b529f4", "Broadcast02"),
    ];
    group.channels = channels
        .map(|(id, desc)| Channel {
            id: id.to_owned(),
            desc: desc.to_owned(),
        })
        .into();
    group
}
