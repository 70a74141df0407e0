//! Turns the data read from a connection into judged resources, for overview, lists, rail, status wall and metrics.

mod contents;
mod facts;
mod merge;
mod resource;
mod times;
mod unreadable;

#[cfg(test)]
mod tests;

pub use contents::{
    Contents, GroupDetail, Judged, Moment, WatchedGroup, WatchedSession, WatchedSlicerGroup, part,
};
pub use facts::{
    Facts, GroupFacts, HeartbeatFacts, SessionFacts, SlicerFacts, SlicerGroupFacts, SlicerPart,
};
pub use merge::merge;
pub use resource::{
    EffectiveState, Kind, Observed, Reading, Resource, ResourceKey, outlasts_silence,
};
pub use times::GroupTimes;
pub use unreadable::{unreadable_of_group, unreadable_of_session, unreadable_of_slicer_group};
