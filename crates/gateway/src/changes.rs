//! Changes under way. One that has begun is completed even if the client goes away meanwhile, because half a change is
//! worse than none: its record and its effect would contradict each other. A stop waits for them.

use crate::problem::{Kind, Problem};
use std::sync::Arc;
use tokio::sync::RwLock;

/// The changes of one gateway. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes(Arc<RwLock<()>>);

impl Changes {
    /// Makes a change. Once begun it comes to its end, also if who waits for it here is dropped, as the handler of a
    /// request is when its client closes the connection.
    ///
    /// # Errors
    /// It broke off.
    pub(crate) async fn complete<T: Send + 'static>(
        &self,
        change: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let under_way = self.0.clone().read_owned().await;
        let task = tokio::spawn(async move {
            let done = change.await;
            drop(under_way);
            done
        });
        task.await
            .map_err(|_| Problem::new(Kind::Internal, "the change ended unexpectedly"))
    }

    /// Waits until those have ended that are under way.
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
    async fn a_change_that_nobody_waits_for_any_more_comes_to_its_end_and_is_waited_for() {
        let changes = Changes::default();
        let (go_on, goes_on) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut waits = Box::pin(changes.complete(async move {
            goes_on.await.unwrap();
            done.send("done").unwrap();
        }));
        let first = poll_fn(|context| Poll::Ready(waits.as_mut().poll(context))).await;
        assert!(first.is_pending());
        drop(waits);
        let mut end = pin!(changes.ended());
        let is_over = poll_fn(|context| Poll::Ready(end.as_mut().poll(context))).await;
        assert!(is_over.is_pending(), "it is under way");
        go_on.send(()).unwrap();
        end.await;
        assert_eq!(is_done.await, Ok("done"));
    }

    #[tokio::test]
    async fn a_change_that_fails_is_told() {
        let changes = Changes::default();
        let broken: Result<(), Problem> = changes.complete(async { panic!("on purpose") }).await;
        assert_eq!(broken.unwrap_err().kind, Kind::Internal);
        changes.ended().await;
    }
}
