//! One sweep over the groups: what is due, the oldest first, until its time is over or nothing is heard.

use super::questions::{brief, configurations};
use super::{Detail, Group, Inner};
use crate::api::{Arrived, Failure};
use crate::live::schedule::Millis;
use crate::live::{Fetched, clock};
use futures_util::{StreamExt, stream};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use web_sys::AbortController;

/// Requests at once for the details of groups: a browser opens six connections to one host.
const AT_ONCE: usize = 6;

/// So many failures before the first answer, and the service is not asked for the other groups.
const ENOUGH: usize = 3;

/// A sweep lasts no longer than this, in milliseconds.
const SLICE: Millis = 2_000.0;

/// The first one is shorter: nothing is on the screen yet.
const FIRST_SLICE: Millis = 500.0;

/// How the questions of one sweep went so far.
#[derive(Default)]
struct Tally {
    /// When the sweep ends, by the browser's clock.
    until: Millis,
    /// Whether it ended before it had come to everything.
    out_of_time: Cell<bool>,
    received: Cell<usize>,
    failed: Cell<usize>,
    /// Why the others are not asked for any more.
    stop: RefCell<Option<Failure>>,
}

impl Tally {
    fn failed(&self, failure: &Failure) {
        if !failure.is_of_connection() {
            self.received.set(self.received.get() + 1);
            return;
        }
        self.failed.set(self.failed.get() + 1);
        let none_heard = self.received.get() == 0 && self.failed.get() >= ENOUGH;
        if none_heard || failure.retry_after().is_some() {
            self.stop
                .borrow_mut()
                .get_or_insert_with(|| failure.clone());
        }
    }
}

/// Every group of the service. When only the list could be had, the groups keep what was known of
/// them, and the whole counts as failed.
pub(super) async fn groups(inner: Rc<Inner>, abort: AbortController) -> Fetched<Vec<Group>> {
    let list = match configurations(&inner, &abort).await {
        Ok(list) => list,
        Err(failure) => return Err(failure).into(),
    };
    let first = inner.kept.borrow().is_empty();
    let tally = Tally {
        until: clock::now() + if first { FIRST_SLICE } else { SLICE },
        ..Tally::default()
    };
    let mut list_order: Vec<_> = list.value.into_iter().enumerate().collect();
    list_order.sort_by(|(_, a), (_, b)| inner.age_of(a).total_cmp(&inner.age_of(b)));
    let each = list_order.into_iter().map(|(place, configuration)| {
        let (inner, abort, tally) = (&inner, &abort, &tally);
        async move {
            let id = configuration.id.clone().unwrap_or_default();
            let (detail, failure) = request_detail(inner, &id, abort, tally).await;
            let group = Group {
                configuration,
                detail,
                failure,
            };
            (place, group)
        }
    });
    let mut value: Vec<(usize, Group)> = stream::iter(each).buffered(AT_ONCE).collect().await;
    value.sort_by_key(|(place, _)| *place);
    let value: Vec<Group> = value.into_iter().map(|(_, group)| group).collect();
    inner.unfinished.set(tally.out_of_time.get());
    let ids: HashSet<&str> = value
        .iter()
        .filter_map(|group| group.configuration.id.as_deref())
        .collect();
    inner
        .kept
        .borrow_mut()
        .retain(|id, _| ids.contains(id.as_str()));
    let nothing_heard = tally.received.get() == 0 && tally.failed.get() > 0;
    let failure = tally.stop.into_inner().or_else(|| {
        let mut failures = value.iter().filter_map(|group| group.failure.clone());
        failures.next().filter(|_| nothing_heard)
    });
    let arrived = Arrived {
        value,
        date: list.date,
        age: list.age,
    };
    Fetched {
        arrived: Some(arrived),
        failure,
    }
}

/// What is known of one group after asking, if it is due.
async fn request_detail(
    inner: &Inner,
    id: &str,
    abort: &AbortController,
    tally: &Tally,
) -> (Option<Arc<Detail>>, Option<Failure>) {
    if let Some(recent) = inner.recent(id, clock::now()) {
        return (Some(recent), None);
    }
    let known = || inner.kept.borrow().get(id).map(Arc::clone);
    if clock::now() > tally.until {
        tally.out_of_time.set(true);
        return (known(), None);
    }
    let stopped = tally.stop.borrow().clone();
    if let Some(failure) = stopped {
        return (known(), Some(failure));
    }
    match brief(inner, id, abort).await {
        Ok(detail) => {
            tally.received.set(tally.received.get() + 1);
            (Some(detail.value), None)
        }
        Err(failure) => {
            tally.failed(&failure);
            (known(), Some(failure))
        }
    }
}
