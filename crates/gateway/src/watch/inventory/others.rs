//! What other gateways have changed that share the store. One of them records what all see: by its names all know the
//! alarms, and what people do at one is told by all.

use super::Inventory;
use super::state::State;
use crate::store::{Keep, Kept, News, Table};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Handling};
use std::collections::{BTreeMap, HashMap};

/// What is known of the store that others change too.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The number of what is kept that was taken over last.
    revision: i64,
    /// Counts what people did here.
    pub(super) handled: u64,
    /// Whether another gateway is the one that records.
    pub(super) follows: bool,
    /// The alarms that are recorded, by their ids.
    recorded: BTreeMap<String, Alarm>,
    /// By which ids alarms were known here before.
    renamed: HashMap<String, String>,
}

impl Others {
    /// By which id an alarm is known now.
    pub(super) fn id_now<'a>(&'a self, id: &'a str) -> &'a str {
        self.renamed.get(id).map_or(id, String::as_str)
    }
}

impl State {
    /// Takes over what others have changed. `handled` is how often somebody had done something here when it was asked
    /// for: what is older than that says nothing of it.
    fn take_news(&mut self, news: News, handled: u64, now: DateTime<Utc>) {
        if let Some(kept) = news.kept
            && handled == self.others.handled
        {
            self.others.revision = news.revision;
            self.take_kept(kept, news.leads);
            self.handled(now);
        }
        if news.leads && self.others.follows {
            // What the one before has not come to write.
            let open = self.history.alarms();
            let is_open = |id: &String| open.iter().any(|alarm| alarm.id == **id);
            let gone = self.others.recorded.keys().filter(|id| !is_open(id));
            let keep = open
                .iter()
                .map(|alarm| Keep::put(Table::OpenAlarms, &alarm.id, alarm))
                .chain(gone.map(|id| Keep::forget(Table::OpenAlarms, id)));
            self.keep.extend(keep.collect::<Vec<_>>());
        }
        self.others.follows = !news.leads;
    }

    /// Knows alarms by the ids of the gateway that records, also those that it has seen before.
    pub(super) fn adopt_recorded(&mut self) {
        if self.others.follows {
            let renamed = self.history.adopt(self.others.recorded.values());
            self.others.renamed.extend(renamed);
        }
    }

    fn take_kept(&mut self, mut kept: Kept, leads: bool) {
        let open = kept.take::<Alarm>(Table::OpenAlarms);
        if !leads {
            let renamed = self.history.adopt(open.values());
            self.others.renamed.extend(renamed);
        }
        let others = &mut self.others;
        others.renamed.retain(|_, id| open.contains_key(id));
        others.recorded = open;
        self.handling = Handling {
            acknowledgements: kept.take(Table::Acknowledgements),
            notes: kept.take(Table::Notes),
            maintenance: kept.take(Table::Maintenance),
        };
    }
}

impl Inventory {
    /// Waits until another gateway that shares the store may have changed something.
    pub(crate) async fn told(&self) {
        self.store.told().await;
    }

    /// Takes over what other gateways have changed that share the store, where there are some.
    pub(crate) async fn look_around(&self) {
        let (after, handled) = {
            let state = self.state();
            (state.others.revision, state.others.handled)
        };
        let Some(news) = self.store.look(after).await else {
            return;
        };
        let now = self.clock.now();
        let mut state = self.state();
        state.take_news(news, handled, now);
        self.record(state);
    }

    /// The id by which all gateways know an alarm that is open here. `None` where the one that records has not seen it
    /// yet.
    pub(crate) async fn shared_id(&self, id: &str) -> Option<String> {
        if self.store.leads() {
            return Some(id.to_owned());
        }
        self.look_around().await;
        let others = &self.state().others;
        let id = others.id_now(id);
        others.recorded.contains_key(id).then(|| id.to_owned())
    }
}
