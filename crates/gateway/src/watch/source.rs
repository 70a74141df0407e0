//! The reads of a watcher from one vendor system: through the same client as the relay, with the same limits and shared
//! answers. Estimates the vendor's clock from the `Date` of its answers.

use super::Clock;
use super::failure;
use crate::lock::lock;
use crate::vendor_client::{Lane, Upstream, VendorRequest, When};
use chrono::{DateTime, TimeDelta, Utc};
use health::schedule::{Millis, millis};
use health::vendor_clock::VendorClock;
use protocol::ReadFailure;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use vendors::Call;

/// A vendor system with the estimate of its clock.
#[derive(Debug, Clone)]
pub(super) struct Source {
    client: Arc<Mutex<Arc<Upstream>>>,
    pub(super) clock: Clock,
    vendor_clock: Arc<Mutex<VendorClock>>,
}

/// The result of a read.
#[derive(Debug)]
pub(super) struct Received<T> {
    pub(super) value: T,
    /// When it was requested, minus the age of the answer, by the gateway's clock.
    pub(super) observed_at: DateTime<Utc>,
}

impl Source {
    pub(super) fn new(client: Arc<Upstream>, clock: Clock) -> Self {
        Self {
            client: Arc::new(Mutex::new(client)),
            clock,
            vendor_clock: Arc::default(),
        }
    }

    /// Switches to another client of the same system, as after a reload of the configuration. Reads in progress use it
    /// from their next request on, because the old client logs off.
    pub(super) fn set_client(&self, client: Arc<Upstream>) {
        *lock(&self.client) = client;
    }

    /// How far the vendor's clock is ahead of the gateway's.
    pub(super) fn vendor_ahead(&self) -> TimeDelta {
        let clock = *self.vendor_clock();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float too large becomes i64::MAX"
        )]
        let millis = clock.offset() as i64;
        TimeDelta::try_milliseconds(millis).unwrap_or_default()
    }

    /// Whether the vendor has sent its time.
    pub(super) fn knows_vendor_clock(&self) -> bool {
        *self.vendor_clock() != VendorClock::default()
    }

    /// The vendor's time.
    pub(super) fn vendor_now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(self.vendor_ahead()).unwrap_or(now)
    }

    fn vendor_clock(&self) -> std::sync::MutexGuard<'_, VendorClock> {
        lock(&self.vendor_clock)
    }

    /// Waits until the system has answered any caller after this time, including changes. Returns the time of that.
    pub(super) async fn next_answer(&self, after: Instant) -> Instant {
        let client = lock(&self.client).clone();
        client.next_answer(after).await
    }

    /// Sends a call, and decodes the answer.
    ///
    /// # Errors
    /// The reason of the failure.
    pub(super) async fn read<T>(
        &self,
        call: &Call<T>,
        when: When,
    ) -> Result<Received<T>, ReadFailure> {
        let request = &call.request;
        let outgoing = VendorRequest::read(request);
        let (requested_at, began) = (self.clock.now(), Instant::now());
        let client = lock(&self.client).clone();
        let outcome = client
            .read(&Lane::Watcher, request.operation, &outgoing, when)
            .await;
        let answer = outcome.map_err(|problem| failure::of_problem(&problem))?;
        // It may be a shared answer that arrived earlier.
        let kept = answer.age(began);
        let answer = answer.plain();
        self.learn_clock(&answer, requested_at, kept);
        let age = TimeDelta::from_std(kept).unwrap_or_default();
        let observed_at = requested_at.checked_sub_signed(age).unwrap_or(requested_at);
        call.read(&answer)
            .map(|value| Received { value, observed_at })
            .map_err(|failure| {
                let problem = match &failure {
                    vendors::Failure::Vendor(error) => client.wrong_address(request, error),
                    vendors::Failure::Unreadable(_) => None,
                };
                problem.map_or_else(
                    || failure::of_vendor(failure),
                    |problem| failure::of_problem(&problem),
                )
            })
    }

    /// Updates the estimate of the vendor's clock from an answer with a `Date`.
    fn learn_clock(&self, answer: &vendors::Answer, requested_at: DateTime<Utc>, kept: Duration) {
        let date = answer.header("date");
        let Some(date) = date.and_then(vendors::http_date::parse) else {
            return;
        };
        let received_at = of_unix(self.clock.now());
        let mut clock = self.vendor_clock();
        let date = of_unix(date);
        *clock = clock.received(of_unix(requested_at), received_at, date, millis(kept));
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
fn of_unix(at: DateTime<Utc>) -> Millis {
    at.timestamp_millis() as Millis
}
