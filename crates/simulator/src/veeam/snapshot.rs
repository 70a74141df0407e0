//! The control port's view: the complete state of one Enterprise Manager.

use super::Veeam;
use super::model::{Moment, format_time};
use super::query::newest_first;
use serde_json::{Value, json};

impl Veeam {
    /// `{"json", "sessions": […]}`, newest first: names as in the vendor's XML, UIDs as plain GUIDs, with
    /// the backup server's name and UID and the tasks.
    pub(crate) fn snapshot(&self) -> Value {
        let state = self.state();
        let now = self.0.clock.now();
        let mut sessions = state.world.listed(now);
        newest_first(&mut sessions);
        let sessions: Vec<Value> = sessions
            .iter()
            .map(|shown| {
                let session = shown.session;
                let tasks: Vec<Value> = shown
                    .tasks
                    .iter()
                    .map(|(task, at)| {
                        let mut body = moment(at);
                        body["VmName"] = json!(task.vm);
                        body["ReplicaPoint"] = json!(task.point_name);
                        body["CreationTimeUTC"] = format_time(task.run.creation).into();
                        body
                    })
                    .collect();
                let mut body = moment(&shown.moment);
                body["UID"] = json!(session.uid);
                body["Name"] = json!(session.name);
                body["CreationTimeUTC"] = format_time(session.run.creation).into();
                body["BackupServerName"] = json!(session.server.name);
                body["BackupServerUid"] = json!(session.server.uid);
                body["Tasks"] = tasks.into();
                body
            })
            .collect();
        json!({ "json": format!("{:?}", state.json).to_lowercase(), "sessions": sessions })
    }
}

fn moment(at: &Moment) -> Value {
    json!({
        "EndTimeUTC": at.end.map(format_time),
        "State": at.state.name(),
        "Result": at.outcome.name(),
        "Progress": at.progress,
        "FailureMessage": at.message,
    })
}
