//! What the gateway and the console say to each other, as serde types that both use.
//!
//! So that a console and a gateway of neighbouring versions understand each other, the console ignores fields of an answer
//! that it does not know, and those marked `or default` and optional ones may be missing. Holds no logic. The resources
//! and alarms themselves are types of `health`, which makes them: they are described once.

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

pub use activity::{Activity, ActivityEntry, ActivityKind};
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

/// `Via` of an answer that the gateway relays: what a vendor said, and not the gateway. A proxy may add to it.
pub const VIA: &str = "1.1 failover-console";

/// `GET /api/build`: which console the gateway serves. A page that was loaded from another build can
/// load itself anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Changes with every build.
    pub build: String,
}

from_json! { struct Build { build } }
