//! Complete queries: percent-encoding, and parsing of pasted text.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a failing helper fails its test"
)]

use proptest::prelude::*;
use vendors::veeam::{self, Field, Filter, Format, MediaType, Op, Pasted, Query, Sort, operations};
use vendors::{Method, Operation};

fn read(text: &str) -> Pasted {
    Query::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn filter_of(text: &str) -> String {
    let filter = read(text).query.filter.expect("a filter");
    filter.to_string()
}

#[test]
fn a_query_is_percent_encoded() {
    let filter = Filter::condition(Field::Name, Op::Equal, "A & B; \"C\" ä");
    let query = Query {
        filter: Some(filter),
        page_size: 10,
        page: 2,
        ..Query::default()
    };
    assert_eq!(
        veeam::query(&query, MediaType::Xml).request.target(),
        "/api/query?type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&pageSize=10&page=2\
         &filter=Name%3D%3D%22A%20%26%20B%3B%20%22%22C%22%22%20%C3%A4%22"
    );
    assert_eq!(
        Query::from_text(&query.to_text()).expect("read").query,
        query
    );
}

#[test]
fn every_published_query_is_parsed() {
    for (text, filter) in [
        (
            "type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&filter=Result==failed",
            "Result==failed",
        ),
        (
            "type=CloudFailoverSession&filter=Result==Failed;CreationTime>=\"2025-08-15T06:00:00Z\";CreationTime<=\"2025-08-16T13:00:00Z\"",
            "Result==Failed;CreationTime>=\"2025-08-15T06:00:00Z\";CreationTime<=\"2025-08-16T13:00:00Z\"",
        ),
        (
            "type=CloudFailoverSession&format=Entities&pageSize=3&page=1&filter=Result==Failed;Name==dbserver01",
            "Result==Failed;Name==dbserver01",
        ),
        (
            "type=CloudFailoverSession&filter=BackupServerName==\"172.24.31.67\";Name==\"ABC Company Failover Plan\"",
            "BackupServerName==\"172.24.31.67\";Name==\"ABC Company Failover Plan\"",
        ),
        (
            "type=CloudFailoverSession&filter=BackupServerUid==7445e6ce-86f5-4171-b909-dac209c66563",
            "BackupServerUid==7445e6ce-86f5-4171-b909-dac209c66563",
        ),
        (
            "type=CloudFailoverSession&filter=BackupServerUid==\"ca19249e-e638-421a-ab22-68cb89b9009a\"",
            "BackupServerUid==ca19249e-e638-421a-ab22-68cb89b9009a",
        ),
        (
            "type=CloudFailoverSession&filter=UID==\"urn:veeam:CloudFailoverSession:475420ee-d045-4493-9869-0a970e08f6f9\"",
            "UID==\"urn:veeam:CloudFailoverSession:475420ee-d045-4493-9869-0a970e08f6f9\"",
        ),
        (
            "type=CloudFailoverSession&filter=name==\"X\";(result==\"Success\",result==\"Warning\");creationtime>\"2019-07-01T04:00:16Z\"",
            "Name==X;(Result==Success,Result==Warning);CreationTime>\"2019-07-01T04:00:16Z\"",
        ),
        (
            "type=CloudFailoverSession&filter=(type==FailoverPlan;state==Working),(type==FailoverPlan;result==None)",
            "(Type==FailoverPlan;State==Working),(Type==FailoverPlan;Result==None)",
        ),
        (
            "type=CloudFailoverSession&filter=CreationTime>=2025-02-18T14:16:31",
            "CreationTime>=\"2025-02-18T14:16:31Z\"",
        ),
        (
            "type=CloudFailoverSession&filter=endtime>\"2019-06-30\"",
            "EndTime>\"2019-06-30T00:00:00Z\"",
        ),
        (
            "type=CloudFailoverSession&filter=(UID==f7d731be-53f7-40ca-9c45-cbdaf29e2d99)",
            "UID==f7d731be-53f7-40ca-9c45-cbdaf29e2d99",
        ),
    ] {
        let pasted = Query::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            pasted
                .query
                .filter
                .map(|filter| filter.to_string())
                .as_deref(),
            Some(filter),
            "{text}"
        );
        assert_eq!(pasted.warnings, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn format_sort_and_page_are_parsed() {
    let text =
        "type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&filter=Result==failed";
    let filter = Some(Filter::condition(Field::Result, Op::Equal, "failed"));
    assert_eq!(
        read(text).query,
        Query {
            filter,
            ..Query::default()
        }
    );
    let paged =
        read("type=CloudFailoverSession&format=Entities&pageSize=3&page=2&sortAsc=name").query;
    let sort = Sort {
        field: Field::Name,
        descending: false,
    };
    assert_eq!(
        paged,
        Query {
            page_size: 3,
            page: 2,
            sort,
            ..Query::default()
        }
    );
    assert_eq!(
        read("type=CloudFailoverSession").query.format,
        Format::References
    );
}

#[test]
fn an_unescaped_ampersand_and_doubled_quotes_have_warnings() {
    let raw = read("type=CloudFailoverSession&filter=State==Working&Result==None");
    assert_eq!(raw.query.filter, Filter::parse("State==Working").ok());
    assert_eq!(raw.warnings.len(), 1);
    assert!(
        raw.warnings[0].contains("“&Result==None” follows the filter: an unescaped & ends it"),
        "{:?}",
        raw.warnings
    );
    let doubled = read("type=CloudFailoverSession&filter=Name==\"\"Backup\"\"");
    assert_eq!(doubled.query.filter, Filter::parse("Name==Backup").ok());
    assert_eq!(doubled.warnings.len(), 1);
    assert!(
        doubled.warnings[0].contains("ambiguous: \"\"Backup\"\" is read as the value Backup."),
        "{:?}",
        doubled.warnings
    );
}

#[test]
fn a_comparison_outside_the_filter_is_not_a_parameter() {
    for part in [
        "Type==FailoverPlan",
        "Type!=x",
        "CreationTime>=2025-02-18",
        "Name==a",
        "x",
    ] {
        let pasted = read(&format!("filter=State==Working&{part}"));
        assert!(
            pasted.warnings[0].starts_with(&format!("“&{part}” follows")),
            "{:?}",
            pasted.warnings
        );
    }
    let cut = Query::from_text("filter=Name==\"A & B\"").expect_err("cut off");
    assert!(
        cut.contains("a closing quote") && cut.ends_with("use %26 inside a value."),
        "{cut}"
    );
    assert_eq!(
        read("filter=Name==\"A %26 B\"").query.filter,
        Some(Filter::condition(Field::Name, Op::Equal, "A & B"))
    );
}

#[test]
fn urls_from_any_source_are_parsed() {
    for text in [
        "https://localhost:9398/api/query?type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&filter=Result==failed",
        "GET https://em:9398/api/query?type=CloudFailoverSession&format=entities&filter=Result==failed",
        "/api/query?type=CloudFailoverSession&amp;format=Entities&amp;sortDesc=CreationTime&amp;filter=Result==failed",
        "?format=Entities&filter=Result%3D%3Dfailed",
        "  TYPE=cloudfailoversession&FORMAT=Entities&Filter=result%20==%20failed\n",
        "filter=Result==failed&format=Entities&page=1&pageSize=100",
    ] {
        let pasted = read(text);
        assert_eq!(
            pasted
                .query
                .filter
                .map(|filter| filter.to_string())
                .as_deref(),
            Some("Result==failed"),
            "{text}"
        );
        assert_eq!(
            (pasted.query.format, pasted.query.sort),
            (Format::Entities, Sort::default()),
            "{text}"
        );
        assert_eq!(pasted.warnings, Vec::<String>::new(), "{text}");
    }
    assert_eq!(filter_of("filter=Name==\"who?\""), "Name==\"who?\"");
}

#[test]
fn a_plus_is_a_space_only_in_form_encoding() {
    for (text, value) in [
        ("filter=Name%3D%3D%22ABC+Company%22", "ABC Company"),
        ("filter=Name==%22ABC+Company%22", "ABC Company"),
        ("filter=Name+%3D%3D+%22ABC+%2B+Company%22", "ABC + Company"),
        ("filter=Name==%22ABC%20Company%22", "ABC Company"),
        ("filter=Name==\"A+B\"", "A+B"),
        ("filter=Name==\"A+B %26 C\"", "A+B & C"),
        ("filter=Name==%22A+B%20Plan%22", "A+B Plan"),
        ("filter=Name==A+B", "A+B"),
    ] {
        let expected = Filter::condition(Field::Name, Op::Equal, value);
        assert_eq!(read(text).query.filter, Some(expected), "{text}");
    }
}

#[test]
fn probably_unintended_parts_have_warnings() {
    for (text, warning) in [
        (
            "type=CloudFailoverSession&colour=red",
            "“colour=red” is not a parameter",
        ),
        (
            "filter=Result==Failed&filter=Result==None",
            "“filter” is given more than once",
        ),
        (
            "sortAsc=Name&sortDesc=Name",
            "“sort” is given more than once",
        ),
        ("format=Everything", "“Everything” is not Entities"),
        ("filter=State>Working", "State has no order"),
        ("filter=Result==Fine", "not “Fine”"),
    ] {
        let warnings = read(text).warnings;
        assert!(
            warnings.len() == 1 && warnings[0].contains(warning),
            "{text}: {warnings:?}"
        );
    }
}

#[test]
fn invalid_queries_have_an_error_with_the_reason() {
    for (text, why) in [
        ("", "there is no query"),
        ("hello", "there is no query"),
        ("https://em/api/query?colour=red", "there is no query"),
        ("type=Backup", "type: “Backup” is not CloudFailoverSession"),
        ("sortAsc=Colour", "sortAsc: there is no field “Colour”"),
        ("pageSize=0", "pageSize: “0” is not a number over 0"),
        ("page=x", "page: “x” is not a number over 0"),
        ("page=-1", "not a number over 0"),
        ("page=99999999999", "not a number over 0"),
        ("filter=Result=Failed", "filter: At character 7"),
        ("filter=%FF", "filter: not UTF-8"),
    ] {
        let error = Query::from_text(text).expect_err(text);
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn requests_follow_the_contract() {
    let uid = "475420ee-d045-4493-9869-0a970e08f6f9";
    let session = veeam::session(uid, MediaType::Xml).request;
    assert_eq!(
        session.target(),
        format!("/api/cloud/failoverSessions/{uid}?format=Entity")
    );
    assert_eq!(
        (session.method(), session.accept),
        (Method::Get, "application/xml")
    );
    assert_eq!(
        veeam::session("a/b?c", MediaType::Xml).request.path,
        "/api/cloud/failoverSessions/a%2Fb%3Fc"
    );
    let recent = veeam::recent(MediaType::Json).request;
    assert_eq!(recent.target(), "/api/cloud/failoverSessions?format=Entity");
    assert_eq!((recent.accept, recent.body), ("application/json", None));
    assert_eq!(veeam::log_on().request.method(), Method::Post);
    assert_eq!(
        veeam::log_off("a/b").request.target(),
        "/api/logonSessions/a%2Fb"
    );
}

#[test]
fn users_may_only_read() {
    let found = |method, path: &str| {
        let segments: Vec<&str> = path.split('/').collect();
        veeam::operation(method, &segments)
    };
    for (path, operation) in [
        ("api/query", &operations::QUERY),
        ("api/cloud/failoverSessions", &operations::RECENT),
        (
            "api/cloud/failoverSessions/475420ee-d045-4493-9869-0a970e08f6f9",
            &operations::GET_SESSION,
        ),
    ] {
        assert_eq!(
            found(Method::Get, path),
            Some(operation as &Operation),
            "{path}"
        );
        for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
            assert_eq!(found(method, path), None, "{method:?} {path}");
        }
    }
    for path in [
        "",
        "api",
        "api/query/",
        "api/query/x",
        "api/sessionMngr",
        "api/sessionMngr/",
        "api/logonSessions",
        "api/cloud/failoverSessions/",
        "api/cloud/failoverSessions/x/y",
        "api/cloud/failoverSessions/..\\..\\backupServers",
        "api/cloud/failoverSessions/x y",
        "api/cloud/failoverSessions/x;y",
        "api/cloud/failoverSessions/x%5Cy",
        "api/cloud/failoverSessions/x.y",
        "api/cloud/failoverSessions/é",
        "api/backupServers",
    ] {
        assert_eq!(found(Method::Get, path), None, "{path}");
    }
    for id in ["fault-404", "refused-1", "g", "00000001"] {
        let path = format!("api/cloud/failoverSessions/{id}");
        assert_eq!(
            found(Method::Get, &path),
            Some(&operations::GET_SESSION),
            "{path}"
        );
    }
    assert_eq!(
        found(Method::Post, "api/sessionMngr/"),
        None,
        "only the gateway logs on"
    );
    assert_eq!(
        found(Method::Delete, "api/logonSessions/x"),
        None,
        "only the gateway logs off"
    );
    assert!(operations::ALL.iter().all(|operation| !operation.writes()));
}

#[test]
fn every_parameter_of_a_call_is_relayed() {
    let calls = [
        veeam::query(&Query::default(), MediaType::Json).request,
        veeam::session("x", MediaType::Json).request,
        veeam::recent(MediaType::Json).request,
    ];
    for request in calls {
        for part in request.query.split('&') {
            let (name, value) = part.split_once('=').expect("a name and a value");
            let mut known = request.operation.query.iter();
            let is_known = known.any(|known| known.name == name && known.accepts(value));
            assert!(is_known, "{part}");
        }
    }
}

fn queries() -> impl Strategy<Value = Query> {
    let filter = prop::option::of(("\\PC{0,10}", prop::sample::select(Field::ALL.to_vec())));
    let sort = (prop::sample::select(Field::ALL.to_vec()), any::<bool>());
    (filter, sort, 1_u32.., 1_u32.., any::<bool>()).prop_map(
        |(filter, (field, descending), page_size, page, entities)| Query {
            filter: filter.map(|(value, field)| Filter::condition(field, Op::NotEqual, value)),
            sort: Sort { field, descending },
            page_size,
            page,
            format: if entities {
                Format::Entities
            } else {
                Format::References
            },
        },
    )
}

proptest! {
    #[test]
    fn a_query_survives_encoding(query in queries()) {
        let text = query.to_text();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!(Query::from_text(&text).map(|pasted| pasted.query), Ok(query));
    }
}
