//! The protocol between the gateway and the console, as serde types that both use. It contains no logic.
//!
//! For compatibility with neighbouring versions, the console ignores unknown fields, and optional fields and those
//! marked `or default` may be missing. Resources and alarms are the types of `health`, which makes them.

mod activity;
mod alerts;
mod connection;
mod handling;
mod inventory;
mod problem;
mod report;
mod session;
mod walls;

#[cfg(test)]
mod read_as_written;

pub use activity::{ACTIVITY_FILTERS, Activity, ActivityEntry, ActivityKind};
pub use alerts::{AlertTargetState, AlertTargets, UndeliveredAlert};
pub use connection::{Configured, ConnectionState, Connections, LastError, ReadFailure};
pub use handling::{MaintenanceList, NewAcknowledgement, NewMaintenance, NewNote, SeenAlarm};
pub use inventory::Inventory;
pub use problem::Problem;
pub use report::{GroupReport, PlanReport, Report};
pub use session::{Credentials, Session, SignInMethods};
pub use walls::{NewWall, Pairing, Wall, Walls};

use serde::{Deserialize, Serialize};
use vendors::from_json;

/// The `Via` header of relayed responses, which are a vendor's and not the gateway's. A proxy may add to it.
pub const VIA: &str = "1.1 failover-console";

/// `GET /api/build`: the build of the console that the gateway serves, so that a page of another build can reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// An id that changes with every build.
    pub build: String,
}

from_json! { struct Build { build } }
