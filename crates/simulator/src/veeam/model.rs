//! Cloud failover sessions and their progress. A session's course is fixed when it starts: its state
//! depends only on that course and the time.

use chrono::{DateTime, TimeDelta, Utc};

/// The state of a session or a task, in the vendor's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Starting,
    Stopping,
    Working,
    Stopped,
}

impl State {
    pub(super) const ALL: [Self; 4] =
        [Self::Starting, Self::Stopping, Self::Working, Self::Stopped];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Stopping => "Stopping",
            Self::Working => "Working",
            Self::Stopped => "Stopped",
        }
    }
}

/// The result, in the vendor's order; `None` while the run continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    None,
    Success,
    Warning,
    Failed,
}

impl Outcome {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Success, Self::Warning, Self::Failed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Success => "Success",
            Self::Warning => "Warning",
            Self::Failed => "Failed",
        }
    }
}

/// The course of a session or a task, from its creation to its end.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) creation: DateTime<Utc>,
    pub(super) course: Course,
}

#[derive(Debug, Clone)]
pub(super) enum Course {
    /// A sample published by the vendor: constant over time.
    VendorSample(Moment),
    /// Starts, works and ends as the clock advances.
    Played {
        end: DateTime<Utc>,
        outcome: Outcome,
        /// May be less than 100, as on real servers.
        progress: u8,
        message: Option<String>,
    },
}

/// The state of a run at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) state: State,
    pub(super) outcome: Outcome,
    pub(super) end: Option<DateTime<Utc>>,
    pub(super) progress: u8,
    pub(super) message: Option<String>,
}

/// The duration of the states Starting and Stopping.
const TRANSITION: TimeDelta = TimeDelta::seconds(3);

impl Run {
    fn at(&self, now: DateTime<Utc>) -> Moment {
        match &self.course {
            Course::VendorSample(moment) => moment.clone(),
            Course::Played {
                end,
                outcome,
                progress,
                message,
            } if *end <= now => Moment {
                state: State::Stopped,
                outcome: *outcome,
                end: Some(*end),
                progress: *progress,
                message: message.clone(),
            },
            Course::Played { end, .. } => {
                let (passed, left) = (now - self.creation, *end - now);
                let total = (*end - self.creation).num_milliseconds().max(1);
                let percent = (passed.num_milliseconds() * 100 / total).clamp(0, 99);
                Moment {
                    state: if passed < TRANSITION {
                        State::Starting
                    } else if left < TRANSITION {
                        State::Stopping
                    } else {
                        State::Working
                    },
                    outcome: Outcome::None,
                    end: None,
                    progress: u8::try_from(percent).unwrap_or(99),
                    message: None,
                }
            }
        }
    }
}

/// The backup server that a session ran on.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) uid: String,
    pub(super) name: String,
}

/// One virtual machine of a session.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) vm: String,
    pub(super) point_uid: String,
    pub(super) point_name: String,
    pub(super) run: Run,
}

/// One run of a failover plan.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// The bare GUID, in lower case.
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) server: Server,
    pub(super) run: Run,
    pub(super) tasks: Vec<Task>,
    /// Available by id, but not listed.
    pub(super) hidden: bool,
}

/// A session at one time, with the tasks that have started by then.
#[derive(Debug, Clone)]
pub(super) struct Shown<'a> {
    pub(super) session: &'a Session,
    pub(super) moment: Moment,
    pub(super) tasks: Vec<(&'a Task, Moment)>,
}

impl Session {
    /// The session at `now`; `None` before it started.
    pub(super) fn at(&self, now: DateTime<Utc>) -> Option<Shown<'_>> {
        (self.run.creation <= now).then(|| Shown {
            session: self,
            moment: self.run.at(now),
            tasks: self
                .tasks
                .iter()
                .filter(|task| task.run.creation <= now)
                .map(|task| (task, task.run.at(now)))
                .collect(),
        })
    }
}

/// Formats a time as the vendor does: fractions of a second without trailing zeros.
pub(super) fn format_time(time: DateTime<Utc>) -> String {
    let text = time.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}
