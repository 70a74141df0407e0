//! Changes in progress. A change that has started is completed even if its client disconnects, because half a change is
//! worse than none: its record and its effect would contradict each other. Shutdown waits for all changes to end.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::time::{Instant, timeout_at};

/// The changes in progress of one gateway. Clones share the same changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    in_progress: Arc<RwLock<()>>,
    /// When the last of those with a limit ends.
    until: Arc<Mutex<Option<Instant>>>,
}

impl Changes {
    /// Runs a change to its end, even if the returned future is dropped, as a request handler is when its client closes
    /// the connection.
    ///
    /// # Errors
    /// The change panicked.
    pub(crate) async fn complete<T: Send + 'static>(
        &self,
        change: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let in_progress = self.in_progress.clone().read_owned().await;
        let task = tokio::spawn(async move {
            let done = change.await;
            drop(in_progress);
            done
        });
        task.await
            .map_err(|_| Problem::new(Kind::Internal, "the change ended unexpectedly"))
    }

    /// Like [`Self::complete`], for a change that may take as long as `longest`.
    ///
    /// # Errors
    /// The change panicked.
    pub(crate) async fn complete_within<T: Send + 'static>(
        &self,
        longest: Duration,
        change: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        {
            let mut until = lock(&self.until);
            *until = (*until).max(Some(Instant::now() + longest));
        }
        self.complete(change).await
    }

    /// Waits until all changes in progress have ended: for `wait`, or as long as they may take if that is longer.
    /// Returns whether they have.
    pub(crate) async fn ended(&self, wait: Duration) -> bool {
        let own = Instant::now() + wait;
        let until = (*lock(&self.until)).map_or(own, |until| until.max(own));
        timeout_at(until, self.in_progress.write()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::future::{pending, poll_fn};
    use std::pin::pin;
    use std::task::Poll;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_change_whose_client_disconnected_completes_and_ended_waits_for_it() {
        let changes = Changes::default();
        let (resume, resumed) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut client = Box::pin(changes.complete(async move {
            resumed.await.unwrap();
            done.send("done").unwrap();
        }));
        let first = poll_fn(|context| Poll::Ready(client.as_mut().poll(context))).await;
        assert!(first.is_pending());
        drop(client);
        let mut end = pin!(changes.ended(Duration::from_secs(1)));
        let second = poll_fn(|context| Poll::Ready(end.as_mut().poll(context))).await;
        assert!(second.is_pending(), "the change is in progress");
        resume.send(()).unwrap();
        assert!(end.await);
        assert_eq!(is_done.await, Ok("done"));
    }

    #[tokio::test]
    async fn a_change_that_panics_returns_an_internal_error() {
        let changes = Changes::default();
        let failed: Result<(), Problem> = changes.complete(async { panic!("on purpose") }).await;
        assert_eq!(failed.unwrap_err().kind, Kind::Internal);
        assert!(changes.ended(Duration::ZERO).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_as_long_as_a_change_may_take() {
        for (limits, expected) in [(&[][..], 10), (&[490, 50], 490)] {
            let (changes, started) = (Changes::default(), Instant::now());
            assert_eq!(changes.complete(pending::<()>()).now_or_never(), None);
            for longest in limits.iter().copied().map(Duration::from_secs) {
                let change = changes.complete_within(longest, pending::<()>());
                assert_eq!(change.now_or_never(), None);
            }
            assert!(!changes.ended(Duration::from_secs(10)).await);
            assert_eq!(started.elapsed().as_secs(), expected, "{limits:?}");
        }
    }
}
