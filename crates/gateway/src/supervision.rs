//! Tasks that run as long as what they belong to. One that has failed by a fault of its own begins anew: without it
//! something would stand still, and nobody would see that.

use std::fmt::Display;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// After a fault in a task, how long until it begins anew.
pub(crate) const RESTART_DELAY: Duration = Duration::from_secs(5);

/// Runs a task until it ends by itself, and begins it anew whenever it has failed.
pub(crate) async fn supervise<T>(what: impl Display, begin: impl Fn() -> T)
where
    T: Future<Output = ()> + Send + 'static,
{
    loop {
        // Within this task's life.
        let mut task = JoinSet::new();
        task.spawn(begin());
        let Some(Err(fault)) = task.join_next().await else {
            return;
        };
        tracing::error!(%fault, "{what} has failed and begins anew");
        sleep(RESTART_DELAY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_task_begins_anew_after_each_fault_and_ends_when_it_ends_by_itself() {
        let begun = Arc::new(AtomicU32::new(0));
        supervise("the task", || {
            let begun = begun.clone();
            async move {
                let before = begun.fetch_add(1, Ordering::SeqCst);
                assert!(before >= 2, "on purpose");
            }
        })
        .await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }
}
