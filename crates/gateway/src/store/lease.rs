//! One change at a time over several gateways: who leases a name has it alone until it is given back. A gateway that
//! ends in between gives nothing back, so a lease also ends with its time.

use super::writer::Job;
use super::{Store, not_recorded};
use crate::config::StoreLocation;
use crate::problem::Problem;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

/// How long until it is asked again whether another gateway has given a name back.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A name that this gateway has alone. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    /// `None` where there are no other gateways.
    jobs: Option<mpsc::Sender<Job>>,
}

impl Store {
    /// Leases a name for `longest` at most; waits for `patience` until others have given it back. `None` if they did
    /// not. Where the store is one gateway's own, the name is too.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) async fn lease(
        &self,
        name: &str,
        patience: Duration,
        longest: Duration,
    ) -> Result<Option<Lease>, Problem> {
        let lease = |jobs| Lease {
            name: name.to_owned(),
            jobs,
        };
        if !matches!(self.location, StoreLocation::Postgres(_)) {
            return Ok(Some(lease(None)));
        }
        let deadline = Instant::now() + patience;
        loop {
            let (answer, answered) = oneshot::channel();
            let job = Job::Lease(name.to_owned(), longest, answer);
            self.jobs.try_send(job).map_err(|_| not_recorded())?;
            let leased = self.answer(answered).await.flatten();
            if leased.ok_or_else(not_recorded)? {
                return Ok(Some(lease(Some(self.jobs.clone()))));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            sleep(POLL_INTERVAL).await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(jobs) = &self.jobs {
            // Where this finds no place, the lease ends with its time.
            let _ = jobs.try_send(Job::GiveBack(std::mem::take(&mut self.name)));
        }
    }
}
