//! Acknowledgements and notes of alarms, and maintenance.

use super::failure::Failure;
use super::outcome::{Outcome, settled};
use super::transport::{delete, get, post};
use crate::json;
use chrono::{DateTime, Utc};
use health::alarms::{Acknowledgement, Maintenance, Note};
use protocol::{MaintenanceList, NewAcknowledgement, NewMaintenance, NewNote};
use vendors::operation::segment;

fn acknowledgement(alarm: &str) -> String {
    format!("/api/alarms/{}/acknowledgement", segment(alarm))
}

/// Sends an acknowledgement once. If no answer arrives, the inventory shows whether it took effect.
pub async fn acknowledge(alarm: &str, wanted: &NewAcknowledgement) -> Outcome {
    let answer: Result<Acknowledgement, Failure> =
        post(&acknowledgement(alarm), &json::write(wanted)).await;
    let done = "The alarm is acknowledged.".to_owned();
    compared(settled(answer, done, shown_in_the_list).await)
}

/// Turns a refusal because the alarm has changed since the user saw it into [`Outcome::Changed`].
fn compared(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused {
            failure: Failure::Refused(problem),
            ..
        } if problem.kind == "/problems/changed" => Outcome::Changed {
            message: format!("Meanwhile {}.", problem.detail.trim_end_matches('.')),
        },
        outcome => outcome,
    }
}

/// Sends a note about an alarm once.
pub async fn note(alarm: &str, wanted: &NewNote) -> Outcome {
    let path = format!("/api/alarms/{}/notes", segment(alarm));
    let answer: Result<Note, Failure> = post(&path, &json::write(wanted)).await;
    let done = "The note is saved.".to_owned();
    settled(answer, done, async || {
        "Check the list of alarms before you add the note again.".to_owned()
    })
    .await
}

/// Withdraws the acknowledgement of an alarm once, if it is still the one given at this time; `None` if there was none.
pub async fn withdraw(alarm: &str, given: Option<DateTime<Utc>>) -> Outcome {
    let seen = given.map_or(0, |at| at.timestamp_millis());
    let path = format!("{}?acknowledged_at={seen}", acknowledgement(alarm));
    let answer = delete(&path).await;
    let done = "The acknowledgement is withdrawn.".to_owned();
    compared(settled(answer, done, shown_in_the_list).await)
}

async fn shown_in_the_list() -> String {
    "The list of alarms shows whether it is acknowledged.".to_owned()
}

/// Announces maintenance once.
pub async fn announce(wanted: &NewMaintenance) -> Outcome {
    let answer: Result<Maintenance, Failure> = post("/api/maintenance", &json::write(wanted)).await;
    let same = |one: &Maintenance| {
        // The gateway trims it as well.
        let reason = wanted.reason.trim();
        (&one.scope, one.until, &*one.reason) == (&wanted.scope, wanted.until, reason)
    };
    let done = "The maintenance is announced.".to_owned();
    settled(answer, done, async || read_afterwards(same).await).await
}

/// Ends maintenance once. `done` is the sentence about its success.
pub async fn end(id: &str, done: &str) -> Outcome {
    let answer = delete(&format!("/api/maintenance/{}", segment(id))).await;
    settled(answer, done.to_owned(), async || {
        read_afterwards(|one| one.id == id).await
    })
    .await
}

async fn read_afterwards(is_it: impl Fn(&Maintenance) -> bool) -> String {
    let words = match get::<MaintenanceList>("/api/maintenance").await {
        Ok(list) if list.maintenance.iter().any(is_it) => "Read afterwards: it is announced.",
        Ok(_) => "Read afterwards: it is not announced.",
        Err(again) => return format!("The maintenance could not be read: {}.", again.line()),
    };
    words.to_owned()
}
