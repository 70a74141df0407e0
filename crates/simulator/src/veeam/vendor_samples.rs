//! The sessions of the vendor's published examples; nothing changes them. Three are published
//! completely. For the other four the vendor published only name, server and UID; the rest is invented.

use super::model::{Course, Moment, Outcome, Run, Server, Session, State, Task};
use chrono::{DateTime, Utc};

const ABC: &str = "ABC Company Failover Plan";

/// The vendor's examples, in the published order.
pub(super) fn sessions() -> Vec<Session> {
    let first = ("8fff3b8e-c3f1-4ef5-aecc-561f07bf9982", "172.17.53.48");
    let ended = |uid, name, server, creation, end, outcome| {
        let moment = Moment {
            state: State::Stopped,
            outcome,
            end: Some(at(end)),
            progress: 100,
            message: None,
        };
        session(uid, name, server, creation, moment)
    };
    vec![
        ended(
            "475420ee-d045-4493-9869-0a970e08f6f9",
            ABC,
            first,
            "2015-12-07T17:38:16Z",
            "2015-12-07T17:39:36Z",
            Outcome::Success,
        ),
        ended(
            "10c5b348-dcbb-4d50-8b37-0e0fb4daf0ef",
            "ABC Company Cloud Failover Plan",
            first,
            "2015-12-07T16:02:41.19Z",
            "2015-12-07T16:04:10.903Z",
            Outcome::Warning,
        ),
        ended(
            "030015e0-8f8f-469a-93e1-10b680b46887",
            "UCM Company Full SIte Failover",
            first,
            "2015-12-04T09:15:07.5Z",
            "2015-12-04T09:31:52.33Z",
            Outcome::Success,
        ),
        ended(
            "15db3c3b-b561-4115-a3e3-24a7bfc50c35",
            ABC,
            first,
            "2015-12-03T13:20:00.077Z",
            "2015-12-03T13:20:44Z",
            Outcome::Failed,
        ),
        ended(
            "77becc1b-d82e-46c8-93e7-2b59f6d31192",
            ABC,
            first,
            "2015-12-02T08:44:29.413Z",
            "2015-12-02T08:46:01.7Z",
            Outcome::Success,
        ),
        ended(
            "12295005-66e6-477d-a6d3-1401dd27476e",
            ABC,
            ("ca19249e-e638-421a-ab22-68cb89b9009a", "172.24.31.67"),
            "2025-01-13T16:21:35.74Z",
            "2025-01-13T16:23:16.11Z",
            Outcome::Failed,
        ),
        running(),
    ]
}

fn running() -> Session {
    let moment = |state| Moment {
        state,
        outcome: Outcome::None,
        end: None,
        progress: 0,
        message: None,
    };
    let task = |vm: &str, point: &str, point_uid: &str, creation, state| Task {
        vm: vm.to_owned(),
        point_uid: point_uid.to_owned(),
        point_name: format!("{vm}@{point}"),
        run: Run {
            creation: at(creation),
            course: Course::VendorSample(moment(state)),
        },
    };
    let mut session = session(
        "a986d473-0248-4884-9832-17ec982ee393",
        ABC,
        ("4ceb4e03-d23d-4c4e-be05-21580b260243", "srv13.tech.local"),
        "2020-05-06T20:29:45.077Z",
        moment(State::Working),
    );
    session.tasks = vec![
        task(
            "filesrv03",
            "2020-02-13 05:00:46",
            "c1beab6b-2b18-47f1-9e71-354ab8a49fc2",
            "2020-05-06T20:29:50.13Z",
            State::Working,
        ),
        task(
            "filesrv04",
            "2020-02-13 06:02:20",
            "796cbc20-c2be-4acf-bc1a-4e1e32d7df46",
            "2020-05-06T20:29:50.14Z",
            State::Starting,
        ),
    ];
    session
}

fn session(
    uid: &str,
    name: &str,
    (server_uid, server): (&str, &str),
    creation: &str,
    moment: Moment,
) -> Session {
    Session {
        uid: uid.to_owned(),
        name: name.to_owned(),
        server: Server {
            uid: server_uid.to_owned(),
            name: server.to_owned(),
        },
        run: Run {
            creation: at(creation),
            course: Course::VendorSample(moment),
        },
        tasks: Vec::new(),
        hidden: false,
    }
}

#[expect(
    clippy::expect_used,
    reason = "called only with the constants above, all of which every test that builds a world parses"
)]
fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a constant time")
}
