//! Selects the next message for each target. Connections take turns. A failed message may block the others.

use super::{MAX_WAIT, Outbox, OutboxMessage, connection, connections};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound::{Excluded, Unbounded};

impl Outbox {
    /// The waiting messages of each target, oldest first.
    pub(super) fn waiting(&self) -> BTreeMap<&str, Vec<&OutboxMessage>> {
        let mut waiting: BTreeMap<&str, Vec<&OutboxMessage>> = BTreeMap::new();
        for one in self.outgoing.values().filter(|one| one.next_at.is_some()) {
            waiting.entry(one.target.as_str()).or_default().push(one);
        }
        waiting
    }

    /// The next message of each target that is due. Nothing is sent to `busy` targets. Targets that are no longer
    /// configured have no messages.
    pub(crate) fn due(&self, busy: &HashSet<String>, now: DateTime<Utc>) -> Vec<OutboxMessage> {
        let waiting = self.waiting().into_iter();
        let free = waiting.filter(|(target, _)| !busy.contains(*target));
        let next = free.filter_map(|(target, waiting)| self.next(target, &waiting, now));
        next.cloned().collect()
    }

    /// The next message of a target. A message whose failure concerns all messages comes first. Otherwise it is the
    /// oldest message of the connection whose turn it is, so that neither a connection with many messages nor one with
    /// a refused message delays the others. `waiting` is sorted oldest first.
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
            // A message that only some recipients still have to get does not delay the others.
            let is_partial = !one.remaining_recipients.is_empty();
            // An end must not overtake its beginning, even if a message is about several connections.
            if !all.iter().any(|id| older.contains(&(is_partial, *id))) && is_due(one, now) {
                first.entry(connection(one)).or_insert(one);
            }
            older.extend(all.into_iter().map(|id| (is_partial, id)));
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

/// Whether a message is due. A wait longer than the maximum means that the clock was set back.
fn is_due(outgoing: &OutboxMessage, now: DateTime<Utc>) -> bool {
    let must_wait = |next: DateTime<Utc>| next > now && next - now <= MAX_WAIT;
    outgoing.next_at.is_some_and(|next| !must_wait(next))
}

#[cfg(test)]
mod tests;
