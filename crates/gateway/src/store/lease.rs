//! One change at a time over several gateways: a leased name is held by one gateway until it is given back. A gateway
//! that ends gives nothing back, so a lease also expires.

use super::writer::Job;
use super::{Store, not_recorded};
use crate::config::StoreLocation;
use crate::problem::Problem;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

/// The interval between attempts to get a name that another gateway holds.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A name that only this gateway holds. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    /// `None` without other gateways.
    jobs: Option<mpsc::Sender<Job>>,
}

impl Store {
    /// Leases a name for at most `longest`, and waits up to `patience` until another gateway gives it back. `None` if
    /// it does not. Without other gateways the name is free.
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
            // If the queue is full, the lease expires.
            let _ = jobs.try_send(Job::GiveBack(std::mem::take(&mut self.name)));
        }
    }
}
