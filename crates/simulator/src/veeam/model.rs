//! Cloud failover sessions and how far they are at a time. A session is a script that was written
//! when it began: what it shows depends on nothing but that script and the time.

use chrono::{DateTime, TimeDelta, Utc};

/// What a session or a task does, in the order in which the vendor lists it.
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

/// How it ended; `None` while it runs comes before all others.
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
    /// Published by the vendor: the same at any time.
    Published(Moment),
    /// Begins, works and ends as the clock goes on.
    Played {
        end: DateTime<Utc>,
        outcome: Outcome,
        /// May be less than 100, as on real servers.
        progress: u8,
        message: Option<String>,
    },
}

/// What a run shows at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) state: State,
    pub(super) outcome: Outcome,
    pub(super) end: Option<DateTime<Utc>>,
    pub(super) progress: u8,
    pub(super) message: Option<String>,
}

/// How long a run is Starting, and how long Stopping.
const EDGE: TimeDelta = TimeDelta::seconds(3);

impl Run {
    fn at(&self, now: DateTime<Utc>) -> Moment {
        match &self.course {
            Course::Published(moment) => moment.clone(),
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
                let (gone, left) = (now - self.creation, *end - now);
                let whole = (*end - self.creation).num_milliseconds().max(1);
                let percent = (gone.num_milliseconds() * 100 / whole).clamp(0, 99);
                Moment {
                    state: if gone < EDGE {
                        State::Starting
                    } else if left < EDGE {
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
    /// Answers to its id, but stands in no list.
    pub(super) hidden: bool,
}

/// A session as it is at one time, with the tasks that have begun by then.
#[derive(Debug, Clone)]
pub(super) struct Shown<'a> {
    pub(super) session: &'a Session,
    pub(super) moment: Moment,
    pub(super) tasks: Vec<(&'a Task, Moment)>,
}

impl Session {
    /// How it is at `now`; `None` before it began.
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

/// A time as the vendor writes it: fractions of a second without zeros at their end.
pub(super) fn written(time: DateTime<Utc>) -> String {
    let text = time.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}
