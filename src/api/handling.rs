//! What people do about alarms: acknowledging one, and maintenance.

use super::failure::Failure;
use super::outcome::{self, Outcome};
use super::transport::{delete, get, post};
use health::alarms::{Acknowledgement, Maintenance};
use protocol::{MaintenanceList, NewAcknowledgement, NewMaintenance};
use serde::Serialize;
use vendors::operation::segment;

fn acknowledgement(alarm: &str) -> String {
    format!("/api/alarms/{}/acknowledgement", segment(alarm))
}

fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

/// Acknowledges an alarm once. Whether it came to that, the inventory shows.
pub async fn acknowledge(alarm: &str, wanted: &NewAcknowledgement) -> Outcome {
    let answer: Result<Acknowledgement, Failure> =
        post(&acknowledgement(alarm), &json(wanted)).await;
    told(
        answer.map(|_| "The alarm is acknowledged.".to_owned()),
        "The list of alarms shows whether it is acknowledged.",
    )
}

/// Withdraws the acknowledgement of an alarm once.
pub async fn withdraw(alarm: &str) -> Outcome {
    let answer = delete(&acknowledgement(alarm)).await;
    told(
        answer.map(|()| "The acknowledgement is withdrawn.".to_owned()),
        "The list of alarms shows whether it is still acknowledged.",
    )
}

/// Announces maintenance once; reads the list if no response came.
pub async fn announce(wanted: &NewMaintenance) -> Outcome {
    match post::<Maintenance>("/api/maintenance", &json(wanted)).await {
        Ok(_) => Outcome::Done {
            message: "The maintenance is announced.".to_owned(),
            undoable: false,
        },
        Err(failure) if outcome::is_unknown(&failure) => {
            let same = |one: &Maintenance| {
                (&one.scope, one.until, &one.reason)
                    == (&wanted.scope, wanted.until, &wanted.reason)
            };
            let message = read_afterwards(|list| list.iter().any(same)).await;
            Outcome::Unknown { failure, message }
        }
        Err(failure) => Outcome::refused(failure),
    }
}

/// Ends maintenance once; reads the list if no response came.
pub async fn end(id: &str) -> Outcome {
    match delete(&format!("/api/maintenance/{}", segment(id))).await {
        Ok(()) => Outcome::Done {
            message: "The maintenance has ended.".to_owned(),
            undoable: false,
        },
        Err(failure) if outcome::is_unknown(&failure) => {
            let message = read_afterwards(|list| list.iter().any(|one| one.id == id)).await;
            Outcome::Unknown { failure, message }
        }
        Err(failure) => Outcome::refused(failure),
    }
}

async fn read_afterwards(is_among: impl Fn(&[Maintenance]) -> bool) -> String {
    match get::<MaintenanceList>("/api/maintenance").await {
        Ok(list) if is_among(&list.maintenance) => "it is announced.".to_owned(),
        Ok(_) => "it is not announced.".to_owned(),
        Err(again) => format!("the maintenance could not be read: {}.", again.line()),
    }
}

fn told(answer: Result<String, Failure>, unknown: &str) -> Outcome {
    match answer {
        Ok(message) => Outcome::Done {
            message,
            undoable: false,
        },
        Err(failure) if outcome::is_unknown(&failure) => Outcome::Unknown {
            failure,
            message: unknown.to_owned(),
        },
        Err(failure) => Outcome::refused(failure),
    }
}
