//! Which message a target gets next: of the connections in turn. One that has failed may hold up the others.

use super::{MAX_WAIT, Outbox, OutboxMessage, connection, connections};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound::{Excluded, Unbounded};

impl Outbox {
    /// What waits for each target, the oldest first.
    pub(super) fn waiting(&self) -> BTreeMap<&str, Vec<&OutboxMessage>> {
        let mut waiting: BTreeMap<&str, Vec<&OutboxMessage>> = BTreeMap::new();
        for one in self.outgoing.values().filter(|one| one.next_at.is_some()) {
            waiting.entry(one.target.as_str()).or_default().push(one);
        }
        waiting
    }

    /// The next message of each target, where its time has come. `busy` are targets to which nothing is sent now; those
    /// that are not configured any more have none.
    pub(crate) fn due(&self, busy: &HashSet<String>, now: DateTime<Utc>) -> Vec<OutboxMessage> {
        let waiting = self.waiting().into_iter();
        let free = waiting.filter(|(target, _)| !busy.contains(*target));
        let next = free.filter_map(|(target, waiting)| self.next(target, &waiting, now));
        next.cloned().collect()
    }

    /// Of what waits for a target, the oldest first: what failed as any message would, otherwise the oldest of the
    /// connection whose turn it is, so that neither one with many messages nor one whose message is refused keeps the
    /// others waiting.
    fn next<'a>(
        &self,
        target: &str,
        waiting: &[&'a OutboxMessage],
        now: DateTime<Utc>,
    ) -> Option<&'a OutboxMessage> {
        let fails_for_all = |one: &&&OutboxMessage| one.attempts > 0 && !one.blocks_connection_only;
        if let Some(tried) = waiting.iter().find(fails_for_all) {
            return is_due(tried, now).then_some(tried);
        }
        let mut older: BTreeSet<(bool, &str)> = BTreeSet::new();
        let mut first: BTreeMap<&str, &'a OutboxMessage> = BTreeMap::new();
        for one in waiting {
            let all: Vec<&str> = connections(one).collect();
            // What only some recipients still have to get holds back nothing from the others.
            let is_rest = !one.remaining_recipients.is_empty();
            // An end must not come before its beginning, though a message may be about several connections.
            if !all.iter().any(|id| older.contains(&(is_rest, *id))) && is_due(one, now) {
                first.entry(connection(one)).or_insert(one);
            }
            older.extend(all.into_iter().map(|id| (is_rest, id)));
        }
        let last = self
            .deliveries
            .get(target)
            .and_then(|one| one.last_connection.as_deref());
        let after = last.and_then(|last| {
            let mut after = first.range::<str, _>((Excluded(last), Unbounded));
            after.next().map(|(_, one)| *one)
        });
        after.or_else(|| first.into_values().next())
    }
}

/// Whether its time has come. A wait that is longer than any is of a clock that was set back since.
fn is_due(outgoing: &OutboxMessage, now: DateTime<Utc>) -> bool {
    let waits = |next: DateTime<Utc>| next > now && next - now <= MAX_WAIT;
    outgoing.next_at.is_some_and(|next| !waits(next))
}

#[cfg(test)]
mod tests;
