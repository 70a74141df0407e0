//! An AVEVA and an Uplynk service in one. The test defines how reads of single groups are answered; changes always
//! succeed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The response to a read of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VendorBehaviour {
    Normal,
    Hangs,
    Resets,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    reads: usize,
    changes: usize,
}

#[derive(Debug)]
struct State {
    behaviour: watch::Sender<VendorBehaviour>,
    counts: watch::Sender<Counts>,
    /// The used signatures; each is valid for one request.
    signatures: Mutex<HashSet<String>>,
}

pub(crate) struct Vendor {
    pub(crate) base: String,
    state: Arc<State>,
}

impl Vendor {
    pub(crate) async fn start(behaviour: VendorBehaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            behaviour: watch::Sender::new(behaviour),
            counts: watch::Sender::default(),
            signatures: Mutex::default(),
        });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                tokio::spawn(async move { serve(stream, &state).await });
            }
        });
        Self { base, state }
    }

    /// The number of reads of single groups.
    pub(crate) fn reads(&self) -> usize {
        self.state.counts.borrow().reads
    }

    pub(crate) async fn wait_for_reads(&self, times: usize) {
        let mut counts = self.state.counts.subscribe();
        let reads = counts.wait_for(|counts| counts.reads >= times);
        let reads = tokio::time::timeout(super::TIME_LIMIT, reads).await;
        drop(reads.expect("requested in time").expect("it runs"));
    }

    /// The number of changes that were carried out.
    pub(crate) fn changes(&self) -> usize {
        self.state.counts.borrow().changes
    }

    /// Answers the pending reads and all later ones normally.
    pub(crate) fn recover(&self) {
        self.state.behaviour.send_replace(VendorBehaviour::Normal);
    }
}

async fn serve(mut stream: TcpStream, state: &State) {
    while let Some(line) = request(&mut stream).await {
        let (method, target) = line.split_once(' ').expect("a request line");
        let target = target.split(' ').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_new = !query.starts_with("msg=")
            || state
                .signatures
                .lock()
                .expect("no panic")
                .insert(query.to_owned());
        let (status, body) = match path.rsplit_once("groups/") {
            _ if !is_new => ("400 Bad Request", String::new()),
            _ if method != "GET" => {
                state.counts.send_modify(|counts| counts.changes += 1);
                ("204 No Content", String::new())
            }
            None => ("200 OK", list(path)),
            Some((_, group)) if group.ends_with("/clientsessions") => {
                let heartbeat = r#"{"LastDataProcessedTime":"2026-01-01T00:00:00"}"#;
                let session = format!(r#"{{"Id":"s","Role":1,"Heartbeat":{heartbeat}}}"#);
                ("200 OK", format!("[{session}]"))
            }
            Some((_, group)) => {
                state.counts.send_modify(|counts| counts.reads += 1);
                let mut behaviour = state.behaviour.subscribe();
                let behaviour = behaviour
                    .wait_for(|behaviour| *behaviour != VendorBehaviour::Hangs)
                    .await;
                if behaviour.is_ok_and(|behaviour| *behaviour == VendorBehaviour::Resets) {
                    return;
                }
                ("200 OK", format!(r#"{{"Id":"{group}","id":"{group}"}}"#))
            }
        };
        let length = match status {
            "204 No Content" => String::new(),
            _ => format!("content-length: {}\r\n", body.len()),
        };
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{length}\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads the next request with its body, and returns its first line.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut got = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let line = lines.next()?.to_owned();
            let length = lines
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse().expect("a number"));
            if body.len() >= length {
                return Some(line);
            }
        }
        if stream.read_buf(&mut got).await.ok()? == 0 {
            return None;
        }
    }
}

/// The list of groups of the AVEVA or the Uplynk service.
fn list(path: &str) -> String {
    if path.ends_with("/failover-groups") {
        let group = |number| {
            format!(
                r#"{{"id":"group-{number}","mode":"prioritized","channels":[],"slicers":[{{"id":"a","order":1,"enabled":true}}]}}"#
            )
        };
        let groups: Vec<String> = (0..15).map(group).collect();
        return format!(r#"{{"items":[{}],"total_items":15}}"#, groups.join(","));
    }
    let group = |number| format!(r#"{{"Id":"group-{number}","FailoverTimeout":"00:01:00"}}"#);
    let groups: Vec<String> = (0..64).map(group).collect();
    format!("[{}]", groups.join(","))
}
