//! Who holds which role. The status and the sessions are asked one after the other, so for one poll
//! they may disagree: the sessions' own roles, which come in one answer, are believed, and the status
//! speaks only where no session is Primary or PendingPrimary.

use vendors::aveva::{ClientSession, GroupStatus, Role};

pub(super) struct Roles<'a> {
    /// More than one only by the sessions' own roles.
    pub(super) primaries: Vec<&'a ClientSession>,
    pub(super) pending: Option<&'a ClientSession>,
    /// Whom the status names as primary although no such session is listed.
    pub(super) missing: Option<&'a str>,
    /// The first session of a role that the contract does not know, or of none.
    pub(super) unknown: Option<&'a ClientSession>,
}

pub(super) fn roles<'a>(
    status: Option<&'a GroupStatus>,
    sessions: &'a [ClientSession],
) -> Roles<'a> {
    let by_role = |role: Role| {
        sessions
            .iter()
            .filter(move |session| session.role.as_ref() == Some(&role))
    };
    let primaries: Vec<_> = by_role(Role::Primary).collect();
    let pending = by_role(Role::PendingPrimary).next();
    let unknown = sessions
        .iter()
        .find(|session| matches!(session.role, None | Some(Role::Other(_))));
    let told = Roles {
        primaries,
        pending,
        missing: None,
        unknown,
    };
    match status {
        Some(status) if told.primaries.is_empty() && told.pending.is_none() => {
            by_status(status, sessions, told)
        }
        _ => told,
    }
}

fn by_status<'a>(
    status: &'a GroupStatus,
    sessions: &'a [ClientSession],
    told: Roles<'a>,
) -> Roles<'a> {
    let id = |id: &'a Option<String>| id.as_deref().filter(|id| !id.is_empty());
    let find = |id: Option<&str>| {
        sessions
            .iter()
            .find(|session| id.is_some() && session.id.as_deref() == id)
    };
    let primary = find(id(&status.primary));
    let pending = find(id(&status.pending_primary));
    Roles {
        primaries: primary.into_iter().collect(),
        pending: pending.filter(|_| status.pending_primary != status.primary),
        missing: id(&status.primary).filter(|_| primary.is_none()),
        ..told
    }
}
