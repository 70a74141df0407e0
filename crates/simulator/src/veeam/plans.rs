//! The failover plans of the demo, and the generation of their runs: machines, durations, failures
//! and messages.

use super::model::{Course, Outcome, Run, Server, Session, Task};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use rand::rngs::SmallRng;
use rand::{Rng, RngCore};

/// A failover plan: its name, the index of its backup server, and its machines in starting order.
pub(super) struct Plan {
    pub(super) name: &'static str,
    server: usize,
    pub(super) machines: &'static [&'static str],
}

/// Name and UID of the demo's backup servers.
const SERVERS: [(&str, &str); 3] = [
    ("vbr-north-01", "5d1c9a04-72be-4f0e-9a53-c1e0b7a4d201"),
    ("vbr-north-02", "9b7f3e52-0c46-4d8a-8e1f-6a2d94c7b302"),
    ("vbr-south-01", "e3a85c17-b94d-4627-a7d0-2f58e6b1c403"),
];

pub(super) const LEDGER: Plan = Plan {
    name: "Ledger Core DR",
    server: 0,
    machines: &[
        "ledger-db-01",
        "ledger-db-02",
        "ledger-app-01",
        "ledger-app-02",
        "ledger-app-03",
    ],
};
pub(super) const SHOP: Plan = Plan {
    name: "Web Shop DR",
    server: 1,
    machines: &[
        "shop-db-01",
        "shop-db-02",
        "shop-cache-01",
        "shop-web-01",
        "shop-web-02",
    ],
};
pub(super) const HISTORIAN: Plan = Plan {
    name: "Plant Historian",
    server: 0,
    machines: &["hist-db-01", "hist-web-01", "hist-collect-01"],
};
pub(super) const MAIL: Plan = Plan {
    name: "Mail Relay",
    server: 2,
    machines: &["relay-01", "relay-02"],
};
pub(super) const BADGE: Plan = Plan {
    name: "Badge Access",
    server: 2,
    machines: &["badge-db-01", "badge-app-01", "badge-door-03"],
};
pub(super) const VAULT: Plan = Plan {
    name: "Design Vault",
    server: 0,
    machines: &["vault-db-01", "pdm-01", "cad-01", "cad-07"],
};
/// Characters that XML, JSON, a filter or an address must escape.
pub(super) const AWKWARD: Plan = Plan {
    name: "R&D \"Prüfstand\" Süd; Halle <3>, West",
    server: 2,
    machines: &[
        "prüf-db-01",
        "r&d-app \"alt\"",
        "mess,rechner;02",
        "<tmp>-03",
    ],
};

pub(super) const PLANS: [&Plan; 7] = [&LEDGER, &SHOP, &HISTORIAN, &MAIL, &BADGE, &VAULT, &AWKWARD];

/// Failure messages of machines.
const REASONS: [&str; 5] = [
    "The replica has no snapshot newer than its parent.",
    "Not enough memory on the target host.",
    "Host \"esx-süd-02\" & datastore <vault;01> disagree, see log",
    "No restore point within the last 24 h",
    "VMware Tools heartbeat timed out",
];

/// The result of a run.
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) lasts: TimeDelta,
    pub(super) progress: u8,
    pub(super) message: Option<String>,
    /// Machines that fail or warn, by their position in the plan.
    pub(super) affected: Vec<usize>,
}

impl Ending {
    pub(super) fn success(seconds: i64) -> Self {
        Self {
            outcome: Outcome::Success,
            lasts: TimeDelta::seconds(seconds),
            progress: 100,
            message: None,
            affected: Vec::new(),
        }
    }

    pub(super) fn warning(seconds: i64, message: &str, affected: usize) -> Self {
        Self {
            outcome: Outcome::Warning,
            message: Some(message.to_owned()),
            affected: vec![affected],
            ..Self::success(seconds)
        }
    }

    pub(super) fn failed(
        seconds: i64,
        message: Option<&str>,
        progress: u8,
        affected: &[usize],
    ) -> Self {
        Self {
            outcome: Outcome::Failed,
            progress,
            message: message.map(str::to_owned),
            affected: affected.to_vec(),
            ..Self::success(seconds)
        }
    }

    /// A random result; `failing` and `warning` are the percentages of failures and warnings.
    pub(super) fn random(plan: &Plan, failing: u32, warning: u32, rng: &mut SmallRng) -> Self {
        let count = plan.machines.len();
        let seconds = rng.random_range(35..110) * count as i64;
        let first = rng.random_range(0..count);
        let machine = plan.machines[first];
        let percent = rng.random_range(0..100);
        if percent < failing {
            let second = (first + 1) % count;
            let (message, progress, affected) = match rng.random_range(0..5) {
                0 => (None, 0, vec![first]),
                1 => (
                    Some("Cloud gateway not reachable".to_owned()),
                    0,
                    (0..count).collect(),
                ),
                2 => (
                    Some(format!(
                        "No restore point within the last 24 h for {machine}"
                    )),
                    60,
                    vec![first],
                ),
                3 => (Some(REASONS[2].to_owned()), 100, vec![first]),
                _ => {
                    let other = plan.machines[second];
                    let message =
                        format!("2 of {count} machines did not start: {machine}, {other}");
                    (Some(message), 100, vec![first, second])
                }
            };
            Self::failed(seconds, message.as_deref(), progress, &affected)
        } else if percent < failing + warning {
            let message = match rng.random_range(0..4) {
                0 => format!("Re-IP rule did not match for {machine}"),
                1 => format!("VMware Tools heartbeat timed out on {machine}"),
                2 => format!("Start delay exceeded by {machine}"),
                _ => format!("One disk of {machine} is 14 h older than the others"),
            };
            Self::warning(seconds, &message, first)
        } else {
            Self::success(seconds)
        }
    }
}

/// A random GUID.
pub(super) fn guid(rng: &mut SmallRng) -> String {
    let (a, b) = (rng.next_u64(), rng.next_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        0x8000 | (b >> 48 & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}

/// One run of a plan that starts at `creation`. Machines start one after the other and overlap.
pub(super) fn run(
    plan: &Plan,
    creation: DateTime<Utc>,
    ending: Ending,
    rng: &mut SmallRng,
) -> Session {
    let uid = guid(rng);
    // The server's database stores milliseconds.
    let creation = creation.trunc_subsecs(3);
    let count = plan.machines.len() as i32;
    let slice =
        (ending.lasts - TimeDelta::seconds(8)).max(TimeDelta::seconds(count.into())) / count;
    let mut begin = creation + TimeDelta::seconds(4);
    let tasks = plan
        .machines
        .iter()
        .enumerate()
        .map(|(at, machine)| {
            let affected = ending.affected.contains(&at);
            let later = TimeDelta::milliseconds(rng.random_range(0..900));
            let start = (begin + later).trunc_subsecs(3);
            begin += slice;
            let long = slice * rng.random_range(60..98) / 100;
            let outcome = if affected {
                ending.outcome
            } else {
                Outcome::Success
            };
            // Occasionally a machine fails without a message, or ends with its progress still at 0.
            let has_message = affected && rng.random_range(0..4) > 0;
            let reason = REASONS[rng.random_range(0..REASONS.len())];
            let no_progress = outcome == Outcome::Failed || rng.random_range(0..40) == 0;
            let point = creation
                .date_naive()
                .and_hms_opt(4, 0, 0)
                .unwrap_or_default()
                - TimeDelta::days(1)
                + TimeDelta::seconds(rng.random_range(0..900));
            Task {
                vm: (*machine).to_owned(),
                point_uid: guid(rng),
                point_name: format!("{machine}@{}", point.format("%Y-%m-%d %H:%M:%S")),
                run: Run {
                    creation: start,
                    course: Course::Played {
                        end: (start + long).trunc_subsecs(3),
                        outcome,
                        progress: if no_progress { 0 } else { 100 },
                        message: has_message.then(|| reason.to_owned()),
                    },
                },
            }
        })
        .collect();
    let (name, server_uid) = SERVERS[plan.server];
    Session {
        uid,
        name: plan.name.to_owned(),
        server: Server {
            uid: server_uid.to_owned(),
            name: name.to_owned(),
        },
        run: Run {
            creation,
            course: Course::Played {
                end: creation + ending.lasts,
                outcome: ending.outcome,
                progress: ending.progress,
                message: ending.message,
            },
        },
        tasks,
        hidden: false,
    }
}
