use super::*;
use proptest::prelude::*;
use vendors::aveva::{ApiVersion, Base};

fn systems() -> Vec<System> {
    let base = |tenant: Option<&str>, namespace: Option<&str>| {
        System::Aveva(Base {
            tenant: tenant.map(str::to_owned),
            namespace: namespace.map(str::to_owned),
            groups_version: ApiVersion::V1,
            sessions_version: ApiVersion::V1Preview,
        })
    };
    vec![
        base(None, None),
        base(Some("t"), Some("n")),
        System::Uplynk,
        System::veeam(vendors::veeam::MediaType::default()),
    ]
}

/// Segments that servers, proxies and parsers interpret differently.
const TRICKY: [&str; 36] = [
    "",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%252e%252e",
    "..;",
    ";a=b",
    "%2f",
    "%5c",
    "\\",
    "..%5C..%5CbackupServers",
    "a%2f..%2fb",
    "a%2f.%2fb",
    "a%2fb",
    "%00",
    "%",
    "%zz",
    "%c0%ae",
    "?",
    "a%3fb=c",
    "#",
    "%23",
    "@",
    ":80",
    "//",
    "%0d%0aHost:%20x",
    " ",
    "+",
    "é",
    "%C3%A9",
    "\u{202e}",
    "Groups",
    "groups ",
    "%67roups",
    "a%252fb",
];

/// Segments of the contracts, tricky ones, and arbitrary ones.
fn raw_segment() -> impl Strategy<Value = String> {
    let known = [
        "api",
        "v1",
        "v4",
        "tenants",
        "t",
        "namespaces",
        "clientfailover",
        "failover-groups",
        "id",
    ];
    prop_oneof![
        2 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        2 => proptest::sample::select(TRICKY.to_vec()).prop_map(str::to_owned),
        1 => ".{0,6}",
    ]
}

/// A path similar to that of an operation: with arbitrary ids, and up to two segments replaced or added.
fn raw_path() -> impl Strategy<Value = (System, Method, String)> {
    let changes = proptest::collection::vec(
        (any::<prop::sample::Index>(), any::<bool>(), raw_segment()),
        0..3,
    );
    let changes = prop_oneof![3 => Just(Vec::new()), 1 => changes];
    let ids = [raw_segment(), raw_segment()];
    let (system, which) = (
        proptest::sample::select(systems()),
        any::<prop::sample::Index>(),
    );
    (system, which, ids, changes).prop_map(|(system, which, ids, changes)| {
        let paths = paths_of(&system);
        let (method, path) = which.get(&paths);
        let mut ids = ids.into_iter();
        let parts = path.split('/').skip(1);
        let parts = parts.map(|part| {
            if part == "{}" {
                ids.next().unwrap_or_default()
            } else {
                part.to_owned()
            }
        });
        let mut parts: Vec<String> = parts.collect();
        for (place, is_new, segment) in changes {
            let place = place.index(parts.len());
            if is_new {
                parts.insert(place, segment);
            } else {
                parts[place] = segment;
            }
        }
        (system, *method, parts.join("/"))
    })
}

/// The methods and paths of a system's operations, with `{}` for each id.
fn paths_of(system: &System) -> Vec<(Method, String)> {
    match system {
        System::Aveva(base) => {
            let scope = match (&base.tenant, &base.namespace) {
                (Some(tenant), Some(namespace)) => {
                    format!("/tenants/{tenant}/namespaces/{namespace}")
                }
                _ => String::new(),
            };
            let under = |version: ApiVersion, one: &Operation| {
                (
                    one.method,
                    format!(
                        "/api/{}{scope}/clientfailover{}",
                        version.as_str(),
                        one.path
                    ),
                )
            };
            let groups = vendors::aveva::operations::OF_GROUPS;
            let groups = groups.iter().map(|one| under(base.groups_version, one));
            let sessions = vendors::aveva::operations::OF_SESSIONS;
            let sessions = sessions.iter().filter(|one| base.has(one));
            groups
                .chain(sessions.map(|one| under(base.sessions_version, one)))
                .collect()
        }
        System::Uplynk => {
            let all = vendors::uplynk::operations::ALL.iter();
            all.map(|one| (one.method, format!("/api/v4{}", one.path)))
                .collect()
        }
        System::Veeam { .. } => {
            let all = vendors::veeam::operations::ALL.iter();
            all.map(|one| (one.method, one.path.to_owned())).collect()
        }
    }
}

#[test]
fn each_operation_of_the_contracts_is_found_by_its_path() {
    for system in systems() {
        for (method, path) in paths_of(&system) {
            let segments = segments(&path[1..].replace("{}", "id")).unwrap();
            let found = operation(&system, method.as_str(), &segments);
            assert_eq!(found.unwrap().method, method, "{path}");
        }
    }
}

proptest! {
    /// Every relayed path is exactly one path of the contract for every parser on the way: it has no query, no fragment
    /// and no other host, no segment is resolved, and parsing it again finds the same operation with the same ids.
    #[test]
    fn a_relayed_path_identifies_one_operation_for_every_parser((system, method, raw) in raw_path()) {
        let Ok(segments) = segments(&raw) else { return Ok(()) };
        let Ok(found) = operation(&system, method.as_str(), &segments) else { return Ok(()) };
        let sent = path::encode(&segments);
        prop_assert!(
            sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/".contains(&byte)),
            "{sent}"
        );
        let url = reqwest::Url::parse(&format!("https://vendor.example{sent}")).unwrap();
        prop_assert_eq!(url.host_str(), Some("vendor.example"));
        prop_assert_eq!(url.path(), &sent);
        prop_assert_eq!((url.query(), url.fragment()), (None, None));
        // Veeam's ids are GUIDs, in which nothing has to be encoded.
        prop_assert!(!matches!(system, System::Veeam { .. }) || !sent.contains('%'), "{sent}");
        let again = super::segments(sent.trim_start_matches('/')).unwrap();
        prop_assert_eq!(&again, &segments);
        prop_assert_eq!(operation(&system, method.as_str(), &again).unwrap(), found);
        // Each fixed part is in its place of the contract, unencoded.
        let fixed = found.path.rsplit('/').zip(sent.rsplit('/'));
        for (contract, sent) in fixed.filter(|(contract, _)| !contract.is_empty() && *contract != "{}") {
            prop_assert_eq!(contract, sent);
        }
    }
}
