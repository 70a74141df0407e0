//! The requests to an AVEVA service: the configurations of all groups, and the sessions of one group. When to send them
//! is decided elsewhere.

use super::super::failure;
use super::super::limit::{self, MAX_WATCHED};
use super::super::source::{Received, Source};
use crate::vendor_client::When;
use chrono::{DateTime, Utc};
use health::inventory::GroupDetail;
use protocol::ReadFailure;
use std::collections::HashSet;
use vendors::LeftOut;
use vendors::aveva::{self, Base, ClientSession, GroupConfiguration, GroupStatus, Listed, Role};

/// The number of groups per page; a service may have more.
const PAGE_SIZE: u64 = 100;

/// The configurations of all groups.
#[derive(Debug)]
pub(super) struct List {
    pub(super) groups: Vec<GroupConfiguration>,
    /// When the oldest page was read, which may come from a cache on the way.
    pub(super) observed_at: DateTime<Utc>,
    /// Whether it has several pages, so that a change between two of them may have shifted a group past both.
    pub(super) paged: bool,
    /// Whether it contains every group that is watched, as far as the service reports their number.
    pub(super) is_complete: bool,
    /// The note about groups that are over the limit or were not listed.
    pub(super) limit: Option<String>,
    /// The unreadable and repeated items.
    pub(super) left_out: LeftOut,
}

/// Reads the configurations of all groups, page by page.
pub(super) async fn list(source: Source, base: Base, when: When) -> Result<List, ReadFailure> {
    let mut groups: Vec<GroupConfiguration> = Vec::new();
    let mut known: HashSet<Option<String>> = HashSet::new();
    let (mut total, mut left_out) = (None, LeftOut::default());
    // The start of the next page: repeated items count too.
    let mut skip = 0;
    let mut observed_at = source.clock.now();
    loop {
        let call = aveva::groups(&base).list(Some(skip), Some(PAGE_SIZE));
        let page = source.read(&call, when).await?;
        observed_at = observed_at.min(page.observed_at);
        let page = page.value;
        let items = page.items.len();
        let got = (items + page.left_out.count()) as u64;
        let before = groups.len();
        left_out += page.left_out;
        total = page.total.or(total);
        skip += got;
        let items_of_page = page.items.into_iter();
        groups.extend(items_of_page.filter(|group| known.insert(group.id.clone())));
        let new = groups.len() - before;
        if new > 0 {
            left_out.repeated += items - new;
        }
        // A page may be short because the service limits its size, so `Total-Count` decides if it is given. A page
        // without new items is the last one, because a service may ignore `skip`.
        let last = new == 0 || (got < PAGE_SIZE && total.is_none_or(|total| skip >= total));
        if last || groups.len() > MAX_WATCHED || (groups.len() == MAX_WATCHED && total.is_some()) {
            let listed = groups.len() + left_out.count();
            let is_complete =
                groups.len() >= MAX_WATCHED || total.is_none_or(|total| total <= listed as u64);
            let limit = limit::apply_limit(&mut groups, listed, total, "groups");
            return Ok(List {
                groups,
                observed_at,
                paged: skip > got,
                is_complete,
                limit,
                left_out,
            });
        }
    }
}

/// Reads a group's sessions, and derives its status from them: one request instead of two for each of many groups. The
/// status itself is requested if no session is Primary, or if a Primary does not report when data was last processed:
/// some services keep that in the status only. `health` decides which of several Primaries counts.
///
/// The primary and the pending session are taken from the sessions if one of them is Primary, even if the status was
/// requested, because the sessions come in one response. They suffice if the status then fails: its failure is returned
/// beside them.
pub(super) async fn detail(
    source: &Source,
    base: &Base,
    group: &str,
    when: When,
) -> Result<(GroupDetail, Option<ReadFailure>), ReadFailure> {
    let sessions = source
        .read(&aveva::sessions(base, group).list(), when)
        .await?;
    let mut status = status_of(&sessions.value.items);
    let is_led = status.primary.is_some();
    if is_led && all_report_processed_data(&sessions.value.items) {
        return Ok((of(status, sessions), None));
    }
    let requested = source.read(&aveva::groups(base).status(group), when).await;
    if is_led {
        let failed = match requested {
            Ok(requested) => {
                status.last_data_processed_time = requested.value.last_data_processed_time;
                status.unreadable = requested.value.unreadable;
                None
            }
            Err(why) if failure::ends_a_reading(&why) => return Err(why),
            Err(why) => Some(why),
        };
        return Ok((of(status, sessions), failed));
    }
    let requested = requested?;
    if requested.value.primary.is_none() {
        return Ok((of(requested.value, sessions), None));
    }
    // A session became primary between the two requests.
    let sessions = source
        .read(&aveva::sessions(base, group).list(), When::Now)
        .await?;
    let derived = status_of(&sessions.value.items);
    let status = if derived.primary.is_some() {
        derived
    } else {
        requested.value
    };
    Ok((of(status, sessions), None))
}

fn of(status: GroupStatus, sessions: Received<Listed<ClientSession>>) -> GroupDetail {
    GroupDetail {
        status,
        sessions: sessions.value.items,
        left_out: sessions.value.left_out,
        observed_at: sessions.observed_at,
    }
}

fn status_of(sessions: &[ClientSession]) -> GroupStatus {
    let with_role = |role: Role| {
        let mut sessions = sessions.iter();
        sessions.find(|session| session.role.as_ref() == Some(&role))
    };
    let id = |session: &ClientSession| session.id.clone();
    GroupStatus {
        primary: with_role(Role::Primary).and_then(id),
        pending_primary: with_role(Role::PendingPrimary).and_then(id),
        ..GroupStatus::default()
    }
}

/// Whether each Primary reports when it last processed data. Hot standbys process data too, but do not count.
fn all_report_processed_data(sessions: &[ClientSession]) -> bool {
    let mut primaries = sessions
        .iter()
        .filter(|one| one.role == Some(Role::Primary));
    let data = |session: &ClientSession| session.heartbeat.as_ref()?.last_data_processed_time;
    primaries.all(|primary| data(primary).is_some())
}

#[cfg(test)]
mod tests {
    use super::{all_report_processed_data, status_of};
    use chrono::DateTime;
    use vendors::aveva::{ClientSession, Heartbeat, Role};

    #[test]
    fn the_status_is_requested_unless_each_primary_reports_its_data_time() {
        let session = |id: &str, role, processed: Option<i64>| ClientSession {
            id: Some(id.to_owned()),
            role: Some(role),
            heartbeat: Some(Heartbeat {
                last_data_processed_time: processed.and_then(|at| DateTime::from_timestamp(at, 0)),
                ..Heartbeat::default()
            }),
            ..ClientSession::default()
        };
        let mut sessions = vec![
            session("b", Role::Secondary, None),
            session("a", Role::Primary, Some(100)),
            session("c", Role::PendingPrimary, None),
        ];
        let status = status_of(&sessions);
        let leaders = (status.primary.as_deref(), status.pending_primary.as_deref());
        assert_eq!(leaders, (Some("a"), Some("c")));
        assert!(all_report_processed_data(&sessions));
        // Which of the two leads is not decided here.
        sessions.push(session("d", Role::Primary, None));
        assert!(!all_report_processed_data(&sessions));
    }
}
