//! Runs password hashing with limited concurrency, because each hash costs memory and time on purpose. Buffers are
//! reused. Shared across reloads, so that they do not raise the limit.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use argon2::Block;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The maximum number of concurrent hashes.
const MAX_CONCURRENT_HASHES: usize = 2;

/// The maximum wait of a hash for its start.
const HASHING_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum size of a buffer that is kept, in blocks of 1 KiB. Larger ones are freed at once.
const MAX_KEPT_BLOCKS: usize = 64 * 1024;

/// The permits and the reusable buffers.
pub(super) struct Hashing {
    permits: Arc<Semaphore>,
    /// At most one for each permit.
    buffers: Mutex<Vec<Vec<Block>>>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_CONCURRENT_HASHES)),
            buffers: Mutex::default(),
        }
    }
}

impl fmt::Debug for Hashing {
    /// Omits the buffers, because their content is derived from passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing").finish_non_exhaustive()
    }
}

impl Hashing {
    /// Runs a hash on a thread for blocking work. It holds its permit until it ends, even if the caller is dropped.
    ///
    /// # Errors
    /// Too many hashes are waiting.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        hash: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let permit =
            tokio::time::timeout(HASHING_TIMEOUT, self.permits.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Problem {
                retry_after: Some(10),
                ..Problem::new(
                    Kind::Overloaded,
                    "too many sign-ins at a time; the password was not checked",
                )
            });
        };
        let hashing = self.clone();
        let run = move || {
            let mut buffer = lock(&hashing.buffers).pop().unwrap_or_default();
            let result = hash(&mut buffer);
            if buffer.len() <= MAX_KEPT_BLOCKS {
                lock(&hashing.buffers).push(buffer);
            }
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|_| Problem::new(Kind::Internal, "the password could not be checked"))
    }

    #[cfg(test)]
    pub(super) fn is_busy(&self) -> bool {
        self.permits.available_permits() < MAX_CONCURRENT_HASHES
    }

    #[cfg(test)]
    pub(super) async fn ended(&self) {
        let all = u32::try_from(MAX_CONCURRENT_HASHES).unwrap_or(u32::MAX);
        drop(self.permits.acquire_many(all).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn a_hash_of_a_dropped_caller_holds_its_permit_until_it_ends() {
        let hashing = Arc::new(Hashing::default());
        let mut running = Vec::new();
        for _ in 0..MAX_CONCURRENT_HASHES {
            let (end, ended) = mpsc::channel::<()>();
            let (starts, started) = tokio::sync::oneshot::channel();
            let task = tokio::spawn({
                let hashing = hashing.clone();
                async move {
                    let hash = move |_: &mut Vec<Block>| {
                        starts.send(()).unwrap();
                        ended.recv()
                    };
                    hashing.run(hash).await
                }
            });
            started.await.unwrap();
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            running.push(end);
        }
        assert_eq!(hashing.permits.available_permits(), 0);
        drop(running);
        for _ in 0..20 {
            hashing
                .run(|buffer| buffer.resize(8, Block::new()))
                .await
                .unwrap();
        }
        assert!(lock(&hashing.buffers).len() <= MAX_CONCURRENT_HASHES);
        let large = |buffer: &mut Vec<Block>| buffer.resize(MAX_KEPT_BLOCKS + 1, Block::new());
        hashing.run(large).await.unwrap();
        let kept = lock(&hashing.buffers);
        assert!(kept.iter().all(|buffer| buffer.len() <= MAX_KEPT_BLOCKS));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hash_that_waits_too_long_is_overloaded() {
        let hashing = Arc::new(Hashing::default());
        let _all = hashing.permits.acquire_many(2).await.unwrap();
        let problem = hashing.run(|_| ()).await.unwrap_err();
        assert_eq!(
            (problem.kind, problem.retry_after),
            (Kind::Overloaded, Some(10))
        );
    }
}
