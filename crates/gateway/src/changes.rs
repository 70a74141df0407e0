//! Changes in progress. A change that has started is completed even if its client disconnects, because half a change is
//! worse than none: its record and its effect would contradict each other. Shutdown waits for all changes to end.

use crate::problem::{Kind, Problem};
use std::sync::Arc;
use tokio::sync::RwLock;

/// The changes in progress of one gateway. Clones share the same changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes(Arc<RwLock<()>>);

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
        let in_progress = self.0.clone().read_owned().await;
        let task = tokio::spawn(async move {
            let done = change.await;
            drop(in_progress);
            done
        });
        task.await
            .map_err(|_| Problem::new(Kind::Internal, "the change ended unexpectedly"))
    }

    /// Waits until all changes in progress have ended.
    pub(crate) async fn ended(&self) {
        drop(self.0.write().await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
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
        let mut end = pin!(changes.ended());
        let second = poll_fn(|context| Poll::Ready(end.as_mut().poll(context))).await;
        assert!(second.is_pending(), "the change is in progress");
        resume.send(()).unwrap();
        end.await;
        assert_eq!(is_done.await, Ok("done"));
    }

    #[tokio::test]
    async fn a_change_that_panics_returns_an_internal_error() {
        let changes = Changes::default();
        let failed: Result<(), Problem> = changes.complete(async { panic!("on purpose") }).await;
        assert_eq!(failed.unwrap_err().kind, Kind::Internal);
        changes.ended().await;
    }
}
