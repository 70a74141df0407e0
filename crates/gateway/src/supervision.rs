//! Supervised tasks. A task that panics is restarted, because without it a part of the gateway would stop unnoticed.

use std::fmt::Display;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The delay before a task that panicked is restarted.
pub(crate) const RESTART_DELAY: Duration = Duration::from_secs(5);

/// Runs a task until it returns, and restarts it whenever it panics.
pub(crate) async fn supervise<T>(name: impl Display, start: impl Fn() -> T)
where
    T: Future<Output = ()> + Send + 'static,
{
    loop {
        // Dropping the set aborts the task, so that it does not outlive this future.
        let mut task = JoinSet::new();
        task.spawn(start());
        let Some(Err(fault)) = task.join_next().await else {
            return;
        };
        tracing::error!(%fault, "{name} failed and is restarted");
        sleep(RESTART_DELAY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_task_is_restarted_after_each_panic_until_it_returns() {
        let starts = Arc::new(AtomicU32::new(0));
        supervise("the task", || {
            let starts = starts.clone();
            async move {
                let before = starts.fetch_add(1, Ordering::SeqCst);
                assert!(before >= 2, "on purpose");
            }
        })
        .await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
    }
}
