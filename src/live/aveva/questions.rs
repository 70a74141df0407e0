//! What is asked of AVEVA's service: every group's configuration, and what one group holds. Decides nothing
//! about when.

use super::{Detail, Group, Inner};
use crate::api::{Arrived, Failure, send};
use crate::live::clock;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use vendors::aveva::{self, ClientSession, GroupConfiguration, GroupStatus, Role};
use web_sys::AbortController;

/// Groups a request; the service may hold more.
const GROUPS_A_PAGE: u64 = 100;

/// A group's configuration, status and sessions.
pub(super) async fn whole(
    inner: Rc<Inner>,
    group: String,
    abort: AbortController,
) -> Result<Arrived<Group>, Failure> {
    let call = aveva::groups(&inner.base).get(&group);
    let configuration = send(&inner.connection, &call, Some(&abort)).await?;
    let detail = detail(&inner, &group, &abort).await?;
    Ok(Arrived {
        value: Group {
            configuration: configuration.value,
            detail: Some(detail.value),
            failure: None,
        },
        date: detail.date,
        age: detail.age,
    })
}

/// A group's sessions, and its status as they tell it: one request in the place of two for each of very
/// many groups. Where no session is Primary the service itself is asked for the status.
pub(super) async fn brief(
    inner: &Inner,
    group: &str,
    abort: &AbortController,
) -> Result<Arrived<Arc<Detail>>, Failure> {
    let requested_at = clock::now();
    let sessions = aveva::sessions(&inner.base, group).list();
    let sessions = send(&inner.connection, &sessions, Some(abort)).await?;
    let of = |role: Role| {
        let mut sessions = sessions.value.iter();
        sessions
            .find(|one| one.role.as_ref() == Some(&role))?
            .id
            .clone()
    };
    let data = |one: &ClientSession| one.heartbeat.as_ref()?.last_data_processed_time;
    let status = GroupStatus {
        primary: of(Role::Primary),
        pending_primary: of(Role::PendingPrimary),
        last_data_processed_time: sessions.value.iter().filter_map(data).max(),
    };
    if status.primary.is_none() {
        return detail(inner, group, abort).await;
    }
    let detail = Arc::new(Detail {
        status,
        sessions: sessions.value,
        requested_at: requested_at - sessions.age,
    });
    inner.keep(group, &detail);
    Ok(Arrived {
        value: detail,
        date: sessions.date,
        age: sessions.age,
    })
}

/// A group's status and sessions.
async fn detail(
    inner: &Inner,
    group: &str,
    abort: &AbortController,
) -> Result<Arrived<Arc<Detail>>, Failure> {
    let (connection, base) = (&inner.connection, &inner.base);
    let requested_at = clock::now();
    let status = aveva::groups(base).status(group);
    let status = send(connection, &status, Some(abort)).await?;
    let sessions = aveva::sessions(base, group).list();
    let sessions = send(connection, &sessions, Some(abort)).await?;
    let age = status.age.max(sessions.age);
    let detail = Arc::new(Detail {
        status: status.value,
        sessions: sessions.value,
        requested_at: requested_at - age,
    });
    inner.keep(group, &detail);
    Ok(Arrived {
        value: detail,
        date: status.date,
        age: status.age,
    })
}

/// Every group's configuration.
pub(super) async fn configurations(
    inner: &Inner,
    abort: &AbortController,
) -> Result<Arrived<Vec<GroupConfiguration>>, Failure> {
    let mut value: Vec<GroupConfiguration> = Vec::new();
    let mut known: HashSet<Option<String>> = HashSet::new();
    loop {
        let call = aveva::groups(&inner.base).list(Some(value.len() as u64), Some(GROUPS_A_PAGE));
        let page = send(&inner.connection, &call, Some(abort)).await?;
        let got = page.value.items.len() as u64;
        let before = value.len();
        value.extend(
            page.value
                .items
                .into_iter()
                .filter(|group| known.insert(group.id.clone())),
        );
        // A short page is the last one whether or not `Total-Count` came along, and so is one that
        // brings nothing new: a service may not know `skip`.
        if got < GROUPS_A_PAGE || value.len() == before {
            return Ok(Arrived {
                value,
                date: page.date,
                age: page.age,
            });
        }
    }
}
