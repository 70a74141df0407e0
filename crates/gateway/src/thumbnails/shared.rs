//! Shares one fetch among all requests for the same thumbnail within a few seconds. Older thumbnails are dropped with
//! the next request.

use super::Outcome;
use crate::lock::lock;
use crate::single_flight::SingleFlight;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// How long a thumbnail, or the failure to fetch it, is reused.
const MAX_AGE: Duration = Duration::from_secs(5);

/// The most bytes of thumbnails that are kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<HashMap<String, Slot>>);

#[derive(Debug, Default)]
struct Slot {
    flight: Arc<SingleFlight<Outcome>>,
    /// When it was received, and its size in bytes.
    received: Option<(Instant, usize)>,
}

impl Slot {
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.flight) == 1
    }
}

impl Shared {
    pub(super) async fn get<F: Future<Output = Outcome>>(
        &self,
        address: &str,
        fetch: impl FnOnce() -> F,
    ) -> Outcome {
        let flight = {
            let mut slots = lock(&self.0);
            slots.retain(|_, slot| {
                !slot.is_idle() || slot.received.is_some_and(|(at, _)| at.elapsed() < MAX_AGE)
            });
            let slot = slots.entry(address.to_owned()).or_default();
            slot.flight.clone()
        };
        let fetched = flight
            .get(|fetched| fetched.at.elapsed() < MAX_AGE, |_| fetch())
            .await;
        let mut slots = lock(&self.0);
        if let Some(slot) = slots.get_mut(address) {
            let bytes = fetched
                .value
                .as_ref()
                .map_or(0, |thumbnail| thumbnail.bytes.len());
            slot.received = Some((fetched.at, bytes));
        }
        drop(flight);
        shrink(&mut slots);
        fetched.value
    }
}

/// Drops the oldest thumbnails until the rest is within the limit.
fn shrink(slots: &mut HashMap<String, Slot>) {
    let bytes = |slot: &Slot| slot.received.map_or(0, |(_, bytes)| bytes);
    let mut total: usize = slots.values().map(bytes).sum();
    while total > MAX_BYTES {
        let oldest = slots
            .iter()
            .filter(|(_, slot)| slot.is_idle())
            .min_by_key(|(_, slot)| slot.received.map(|(at, _)| at))
            .map(|(address, _)| address.clone());
        let Some(slot) = oldest.and_then(|address| slots.remove(&address)) else {
            return;
        };
        total -= bytes(&slot);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Thumbnail, image_type::ImageType, not_found};
    use super::*;
    use axum::body::Bytes;
    use std::sync::atomic::{AtomicUsize, Ordering};

    async fn get(shared: &Shared, address: &str, size: usize, count: &AtomicUsize) {
        let fetch = || async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Thumbnail {
                image_type: ImageType::Png,
                bytes: Bytes::from(vec![0; size]),
            })
        };
        assert_eq!(shared.get(address, fetch).await.unwrap().bytes.len(), size);
    }

    #[tokio::test(start_paused = true)]
    async fn a_thumbnail_is_reused_for_five_seconds_and_then_dropped() {
        let (shared, count) = (Shared::default(), AtomicUsize::new(0));
        tokio::join!(get(&shared, "a", 1, &count), get(&shared, "a", 1, &count));
        tokio::time::advance(Duration::from_millis(4_900)).await;
        get(&shared, "a", 1, &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 1);
        tokio::time::advance(Duration::from_millis(100)).await;
        get(&shared, "a", 1, &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 2);
        tokio::time::advance(MAX_AGE).await;
        get(&shared, "b", 1, &count).await;
        assert_eq!(lock(&shared.0).len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_too() {
        let (shared, count) = (Shared::default(), AtomicUsize::new(0));
        for _ in 0..3 {
            let fetch = async || {
                count.fetch_add(1, Ordering::SeqCst);
                Err(not_found("x"))
            };
            assert!(shared.get("a", fetch).await.is_err());
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_thumbnails_are_dropped_first() {
        let (shared, count) = (Shared::default(), AtomicUsize::new(0));
        for number in 0..20 {
            get(&shared, &number.to_string(), 2 * 1024 * 1024, &count).await;
        }
        let mut left: Vec<u32> = lock(&shared.0)
            .keys()
            .map(|key| key.parse().unwrap())
            .collect();
        left.sort_unstable();
        assert_eq!(left, (4..20).collect::<Vec<_>>());
    }
}
