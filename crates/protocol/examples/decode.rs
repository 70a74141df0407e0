//! `decode inventory|sessions COUNT`: builds a response with 1,000 items and decodes it COUNT times. `cargo xtask check`
//! counts the instructions of one decode.

use chrono::{DateTime, Utc};
use health::Severity;
use health::groups::Members;
use health::inventory::{Facts, GroupFacts, Kind, Observed, Resource, ResourceKey};
use health::verdict::Verdict;
use protocol::Inventory;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use vendors::aveva::{Base, TimeSpan, sessions};
use vendors::call::Answer;
use vendors::from_json;

const ITEMS: u32 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [case, count] = &arguments[..] else {
        return ExitCode::from(2);
    };
    let (Some(decode), Ok(count)) = (decoder(case), count.parse::<u32>()) else {
        return ExitCode::from(2);
    };
    if (0..count).all(|_| black_box(decode())) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Decodes the response of a case and returns whether every item was read.
fn decoder(case: &str) -> Option<Box<dyn Fn() -> bool>> {
    Some(match case {
        "inventory" => {
            let body = serde_json::to_vec(&inventory()).ok()?;
            Box::new(move || {
                from_json::read::<Inventory>(&body)
                    .is_ok_and(|inventory| inventory.resources.len() == ITEMS as usize)
            })
        }
        "sessions" => {
            let answer = Answer {
                status: 200,
                body: session_list().into_bytes(),
                ..Answer::default()
            };
            let call = sessions(&Base::default(), "tankfarm-opcua").list();
            Box::new(move || {
                call.read(&answer)
                    .is_ok_and(|list| list.items.len() == ITEMS as usize)
            })
        }
        _ => return None,
    })
}

fn inventory() -> Inventory {
    Inventory {
        revision: "1".to_owned(),
        now: DateTime::<Utc>::UNIX_EPOCH,
        build: String::new(),
        whole: true,
        connections: None,
        resources: (0..ITEMS).map(group).collect(),
        times: Vec::new(),
        removed: Vec::new(),
        activity: 0,
        alerts_fail: false,
        alarms: None,
        maintenance: None,
    }
}

fn group(number: u32) -> Resource {
    let primary = format!("adapter-{number}-a");
    Resource {
        key: ResourceKey {
            kind: Kind::FailoverGroup,
            connection: "plant-a".to_owned(),
            id: format!("group-{number}"),
        },
        name: format!("Group {number}"),
        verdict: Verdict::new(Severity::Normal, "Normal", "A standby is ready.".to_owned()),
        observed: Observed::WithConnection,
        failure: None,
        unreadable: Vec::new(),
        also_on: Vec::new(),
        facts: Facts::FailoverGroup(Box::new(GroupFacts {
            description: None,
            primary: Some(primary.clone()),
            pending: None,
            members: Some(Members {
                primary: 1,
                standby: 1,
                ..Members::default()
            }),
            failover_timeout: Some(TimeSpan::from_seconds(60)),
            last_data: Some(DateTime::<Utc>::UNIX_EPOCH),
            heartbeat: None,
            sessions: vec![primary, format!("adapter-{number}-b")],
            overridden: Vec::new(),
            late: Vec::new(),
            stale: Vec::new(),
            ahead: Vec::new(),
        })),
    }
}

fn session_list() -> String {
    let mut list = "[".to_owned();
    for number in 0..ITEMS {
        let separator = if number == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            list,
            r#"{separator}{{"Id":"adapter-{number}","Name":"Adapter {number}","Role":"Secondary","AdditionalData":{{"Site":"A"}},"Heartbeat":{{"FailoverScore":{},"HeartbeatTime":"2026-01-15T14:32:0{}Z","LastDataProcessedTime":"2026-01-15T14:31:59Z"}}}}"#,
            number % 100,
            number % 10
        );
    }
    list + "]"
}
