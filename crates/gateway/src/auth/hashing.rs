//! Runs password hashing: a few at a time, because each costs memory and time on purpose, in buffers that are
//! used again. It goes on across changes of the configuration, so that none of them raises the limit.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use argon2::Block;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many hashes run at a time.
const MAX_CONCURRENT_HASHES: usize = 2;

/// How long a hash waits for its turn.
const HASHING_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest buffer that is kept, in blocks of 1 KiB. A larger one goes back to the system at once.
const MAX_KEPT_BLOCKS: usize = 64 * 1024;

/// The places and buffers of hashing.
pub(super) struct Hashing {
    places: Arc<Semaphore>,
    /// One for each place at most.
    buffers: Mutex<Vec<Vec<Block>>>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_CONCURRENT_HASHES)),
            buffers: Mutex::default(),
        }
    }
}

impl fmt::Debug for Hashing {
    /// Leaves the buffers out, because they follow from passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing").finish_non_exhaustive()
    }
}

impl Hashing {
    /// Runs a hash on a thread for blocking work. Its place is free again once it has ended, also when nobody
    /// waits for it any more.
    ///
    /// # Errors
    /// Too many hashes are waiting.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        hash: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place =
            tokio::time::timeout(HASHING_TIMEOUT, self.places.clone().acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(Problem {
                retry_after: Some(10),
                ..Problem::new(
                    Kind::Overloaded,
                    "too many people sign in at this moment; nothing was checked",
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
            drop(place);
            result
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|_| Problem::new(Kind::Internal, "the password could not be checked"))
    }

    #[cfg(test)]
    pub(super) fn is_busy(&self) -> bool {
        self.places.available_permits() < MAX_CONCURRENT_HASHES
    }

    #[cfg(test)]
    pub(super) async fn ended(&self) {
        let all = u32::try_from(MAX_CONCURRENT_HASHES).unwrap_or(u32::MAX);
        drop(self.places.acquire_many(all).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn a_hash_that_nobody_waits_for_keeps_its_place_until_it_ends() {
        let hashing = Arc::new(Hashing::default());
        let mut go_on = Vec::new();
        for _ in 0..MAX_CONCURRENT_HASHES {
            let (go, waits) = mpsc::channel::<()>();
            let (began, begins) = tokio::sync::oneshot::channel();
            let task = tokio::spawn({
                let hashing = hashing.clone();
                async move {
                    let hash = move |_: &mut Vec<Block>| {
                        began.send(()).unwrap();
                        waits.recv()
                    };
                    hashing.run(hash).await
                }
            });
            begins.await.unwrap();
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            go_on.push(go);
        }
        assert_eq!(hashing.places.available_permits(), 0);
        drop(go_on);
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
        let _all = hashing.places.acquire_many(2).await.unwrap();
        let problem = hashing.run(|_| ()).await.unwrap_err();
        assert_eq!(
            (problem.kind, problem.retry_after),
            (Kind::Overloaded, Some(10))
        );
    }
}
