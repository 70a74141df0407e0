//! Responses as JSON. They are built with the names of version 12, and converted to camelCase for version 13.

use super::content::{Addresses, Content, Link, urn};
use super::field::JOB_TYPE;
use super::model::{Moment, Shown, Task, format_time};
use super::query::Paging;
use serde_json::{Map, Value, json};

/// The JSON style of a server version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonFlavour {
    /// PascalCase names; the body starts with a byte order mark.
    V12,
    /// camelCase names.
    V13,
}

/// The lists of a query result that are always empty in the simulator.
const EMPTY_LISTS: [&str; 49] = [
    "Jobs",
    "FailoverPlans",
    "Backups",
    "Replicas",
    "Repositories",
    "RestorePoints",
    "VmRestorePoints",
    "VAppRestorePoints",
    "VmReplicaPoints",
    "BackupJobSessions",
    "ReplicaJobSessions",
    "ReplicaTaskSessions",
    "RestoreSessions",
    "HierarchyRoots",
    "BackupTaskSessions",
    "BackupServers",
    "ManagedServers",
    "EnterpiseRoles",
    "EnterpiseAccounts",
    "WanAccelerators",
    "CloudGateways",
    "CloudTenants",
    "CloudReplicas",
    "VCloudOrganizationConfigs",
    "BackupFiles",
    "VSphereSelfServiceConfigs",
    "CloudPublicIps",
    "CloudHardwarePlans",
    "CloudVmReplicaPoints",
    "AgentRestorePoints",
    "AgentBackupJob",
    "CloudGatewayPools",
    "CloudFailoverPlans",
    "ExternalRepositories",
    "VlanConfigurations",
    "AgentProtectionGroups",
    "DiscoveredComputers",
    "FileServers",
    "NASJobs",
    "CdpReplicas",
    "CdpReplicaVms",
    "CdpPolicies",
    "CdpReplicaSessions",
    "CdpReplicaTaskSessions",
    "VAppReplicaPoints",
    "VmCdpReplicas",
    "VAppCdpReplicas",
    "VAppCdpReplicaVms",
    "SystemSessions",
];

/// The complete body.
pub(super) fn document(
    content: &Content<'_>,
    addresses: &Addresses,
    flavour: JsonFlavour,
) -> String {
    let body = body(content, addresses);
    match flavour {
        JsonFlavour::V12 => format!("\u{FEFF}{body}"),
        JsonFlavour::V13 => camel_case(body).to_string(),
    }
}

/// Converts all names to camelCase, as .NET does: `UID` is `uid`, `NASJobs` is
/// `nasJobs`, `VAppReplicas` is `vAppReplicas`.
fn camel_case(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (camel_case_name(&name), camel_case(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(camel_case).collect(),
        other => other,
    }
}

fn camel_case_name(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let stays = |at: usize| {
        let next_is_small = letters.get(at + 1).is_some_and(|next| !next.is_uppercase());
        !letters[at].is_uppercase() || (at > 0 && next_is_small)
    };
    let split = (0..letters.len())
        .find(|at| stays(*at))
        .unwrap_or(letters.len());
    let (first, rest) = letters.split_at(split);
    first
        .iter()
        .map(char::to_ascii_lowercase)
        .chain(rest.iter().copied())
        .collect()
}

fn body(content: &Content<'_>, addresses: &Addresses) -> Value {
    let references = |sessions: &[Shown<'_>]| -> Value {
        sessions
            .iter()
            .map(|shown| reference(shown, addresses))
            .collect()
    };
    let entities = |sessions: &[Shown<'_>]| -> Value {
        sessions
            .iter()
            .map(|shown| entity(shown, addresses))
            .collect()
    };
    match content {
        Content::Query {
            sessions,
            entities: true,
            paging,
        } => json!({
            "Refs": null,
            "Entities": lists(&json!({ "CloudFailoverSessions": entities(sessions) })),
            "Resources": null,
            "Links": null,
            "PagingInfo": paging_info(paging, addresses),
        }),
        Content::Query {
            sessions,
            entities: false,
            paging,
        } => json!({
            "Refs": { "Refs": references(sessions) },
            "Entities": null,
            "Resources": null,
            "Links": null,
            "PagingInfo": paging_info(paging, addresses),
        }),
        Content::Collection {
            sessions,
            entities: true,
        } => {
            json!({ "CloudFailoverSessions": entities(sessions) })
        }
        Content::Collection {
            sessions,
            entities: false,
        } => json!({ "Refs": references(sessions) }),
        Content::Session {
            session,
            entity: true,
        } => entity(session, addresses),
        Content::Session {
            session,
            entity: false,
        } => reference(session, addresses),
        Content::LoggedOn { id, username } => json!({
            "UserName": username,
            "SessionId": id,
            "Links": links(&addresses.logged_on(id)),
            "Href": addresses.at(&format!("logonSessions/{id}")),
            "Type": "LogonSession",
        }),
        Content::Error { status, message } => json!({
            "Message": message,
            "StatusCode": status.as_u16(),
            "Status": status.canonical_reason(),
            "StackTrace": null,
            "FirstChanceExceptionMessage": null,
        }),
    }
}

fn lists(sessions: &Value) -> Value {
    let empty = EMPTY_LISTS.map(|name| (name.to_owned(), Value::Null));
    let mut lists = Map::from_iter(empty);
    lists.insert("CloudFailoverSessions".to_owned(), sessions.clone());
    lists.into()
}

fn link(link: &Link) -> Value {
    json!({ "Rel": link.rel, "Href": link.href, "Name": link.name, "Type": link.kind })
}

fn links(links: &[Link]) -> Value {
    links.iter().map(link).collect()
}

fn reference(shown: &Shown<'_>, addresses: &Addresses) -> Value {
    json!({
        "Name": shown.session.name,
        "UID": urn(shown),
        "Links": links(&addresses.links(shown, false)),
        "Href": addresses.reference(shown),
        "Type": "CloudFailoverSessionReference",
    })
}

fn entity(shown: &Shown<'_>, addresses: &Addresses) -> Value {
    let session = shown.session;
    let tasks: Value = shown
        .tasks
        .iter()
        .map(|(one, at)| task(one, at, addresses))
        .collect();
    json!({
        "CloudFailoverTasks": { "CloudFailoverTasks": tasks },
        "CloudFailoverPlanName": null,
        "JobUid": null,
        "JobName": null,
        "JobType": JOB_TYPE,
        "CreationTimeUTC": format_time(session.run.creation),
        "EndTimeUTC": shown.moment.end.map(format_time),
        "State": shown.moment.state.name(),
        "Result": shown.moment.outcome.name(),
        "Progress": shown.moment.progress,
        "FailureMessage": shown.moment.message,
        "Name": session.name,
        "UID": urn(shown),
        "Links": links(&addresses.links(shown, true)),
        "Href": addresses.entity(shown),
        "Type": "CloudFailoverSession",
    })
}

fn task(task: &Task, at: &Moment, addresses: &Addresses) -> Value {
    json!({
        "VmReplicaPointLink": {
            "Rel": "Related",
            "Href": addresses.at(&format!("cloud/vmReplicaPoints/{}", task.point_uid)),
            "Name": task.point_name,
            "Type": "CloudVmReplicaPointReference",
        },
        "CreationTimeUTC": format_time(task.run.creation),
        "EndTimeUTC": at.end.map(format_time),
        "State": at.state.name(),
        "Result": at.outcome.name(),
        "Progress": at.progress,
        "FailureMessage": at.message,
        "VmName": task.vm,
    })
}

fn paging_info(paging: &Paging, addresses: &Addresses) -> Value {
    json!({
        "Links": links(&addresses.paging(paging)),
        "PageNum": paging.page,
        "PageSize": paging.page_size,
        "PagesCount": paging.pages,
    })
}
