//! What is asked of AVEVA's service: every group's configuration, and what one group holds. Decides nothing about
//! when.

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

/// Groups a page; the service may hold more.
const PAGE_SIZE: u64 = 100;

/// Every group's configuration.
#[derive(Debug)]
pub(super) struct List {
    pub(super) groups: Vec<GroupConfiguration>,
    /// When the oldest of its pages was read: a cache on the way may have kept it.
    pub(super) observed_at: DateTime<Utc>,
    /// Whether it came in several pages: what comes or goes between two of them may shift another group past both.
    pub(super) paged: bool,
    /// What of it is over the limit or was not listed, in words.
    pub(super) limit: Option<String>,
    /// What of it could not be read or came twice.
    pub(super) left_out: LeftOut,
}

/// Reads the configurations of all groups, page by page.
pub(super) async fn list(source: Source, base: Base, when: When) -> Result<List, ReadFailure> {
    let mut groups: Vec<GroupConfiguration> = Vec::new();
    let mut known: HashSet<Option<String>> = HashSet::new();
    let (mut total, mut left_out) = (None, LeftOut::default());
    // Where the next page begins: an item that came twice is passed over all the same.
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
        // A page may be short because the service gives fewer at a time: `Total-Count` decides where it came along. A
        // page that brings nothing new is the last one all the same: a service may not know `skip`.
        let last = new == 0 || (got < PAGE_SIZE && total.is_none_or(|total| skip >= total));
        if last || groups.len() > MAX_WATCHED || (groups.len() == MAX_WATCHED && total.is_some()) {
            let listed = groups.len() + left_out.count();
            let limit = limit::apply_limit(&mut groups, listed, total, "groups");
            return Ok(List {
                groups,
                observed_at,
                paged: skip > got,
                limit,
                left_out,
            });
        }
    }
}

/// A group's sessions, and its status as they tell it: one request in place of two for each of very many
/// groups. The service itself is asked for the status where no session is Primary, or where a Primary does not say
/// when data was last processed: a service may keep that in the status alone. Which of several is Primary, `health` says.
///
/// Who is Primary or pending the sessions say where one of them is Primary, also where the status has been asked: they
/// come in one response.
pub(super) async fn detail(
    source: &Source,
    base: &Base,
    group: &str,
    when: When,
) -> Result<GroupDetail, ReadFailure> {
    let sessions = source
        .read(&aveva::sessions(base, group).list(), when)
        .await?;
    let mut status = status_of(&sessions.value.items);
    let is_led = status.primary.is_some();
    if is_led && all_tell_their_data(&sessions.value.items) {
        return Ok(of(status, sessions));
    }
    let asked = source.read(&aveva::groups(base).status(group), when).await;
    if is_led {
        match asked {
            Ok(asked) => {
                status.last_data_processed_time = asked.value.last_data_processed_time;
                status.unreadable = asked.value.unreadable;
            }
            Err(why) if failure::ends_a_reading(&why) => return Err(why),
            // What its sessions say counts without it.
            Err(_) => {}
        }
        return Ok(of(status, sessions));
    }
    let asked = asked?;
    if asked.value.primary.is_none() {
        return Ok(of(asked.value, sessions));
    }
    // Somebody has become primary between the two requests.
    let sessions = source
        .read(&aveva::sessions(base, group).list(), When::Now)
        .await?;
    let told = status_of(&sessions.value.items);
    let status = if told.primary.is_some() {
        told
    } else {
        asked.value
    };
    Ok(of(status, sessions))
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

/// Whether each Primary says when it last processed data. A hot standby processes data, too, and does not count.
fn all_tell_their_data(sessions: &[ClientSession]) -> bool {
    let mut primaries = sessions
        .iter()
        .filter(|one| one.role == Some(Role::Primary));
    let data = |session: &ClientSession| session.heartbeat.as_ref()?.last_data_processed_time;
    primaries.all(|primary| data(primary).is_some())
}

#[cfg(test)]
mod tests {
    use super::{all_tell_their_data, status_of};
    use chrono::DateTime;
    use vendors::aveva::{ClientSession, Heartbeat, Role};

    #[test]
    fn the_status_is_asked_for_unless_each_primary_says_when_it_processed_data() {
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
        assert!(all_tell_their_data(&sessions));
        // Which of the two leads is not decided here.
        sessions.push(session("d", Role::Primary, None));
        assert!(!all_tell_their_data(&sessions));
    }
}
