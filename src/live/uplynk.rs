//! Uplynk's groups, for the page of one of them. The service counts requests and wants each in a second of
//! its own, so that page shows its part of the list, which the gateway's watcher reads anyway.

use super::Live;
use crate::api::{Arrived, Failure, Purpose, send};
use chrono::{DateTime, Utc};
use health::transition;
use vendors::uplynk::{self, FailoverGroup};
use web_sys::AbortController;

/// Every group of a connection, for the page of one of them: that one is whole.
#[must_use]
pub fn all(connection: String, shown: String) -> Live<Vec<FailoverGroup>> {
    let moving = |groups: &Vec<FailoverGroup>, now: DateTime<Utc>| {
        let mut groups = groups.iter();
        groups.any(|group| transition::slicers(group, now))
    };
    Live::new(
        move |abort| slicer_groups(connection.clone(), shown.clone(), abort),
        moving,
    )
}

/// One group by itself, for one that the list does not hold.
#[must_use]
pub fn one(connection: String, group: String) -> Live<FailoverGroup> {
    let fetch = move |abort| {
        let (connection, call) = (connection.clone(), uplynk::groups().get(&group));
        async move { send(&connection, &call, Purpose::Poll(&abort)).await }
    };
    Live::new(fetch, transition::slicers)
}

/// Every group of an Uplynk account. Where the list item of the one that is shown has no slicers, it is asked for by
/// itself. What is missing of others, and what goes wrong with them, is not this page's.
async fn slicer_groups(
    connection: String,
    shown: String,
    abort: AbortController,
) -> Result<Arrived<Vec<FailoverGroup>>, Failure> {
    let list = send(&connection, &uplynk::groups().list(), Purpose::Poll(&abort)).await?;
    let (mut value, left_out) = (list.value.items, list.value.left_out.count());
    let mut page = 2;
    while list
        .value
        .total
        .is_some_and(|total| total > (value.len() + left_out) as u64)
    {
        let more = send(
            &connection,
            &uplynk::groups().page(page),
            Purpose::Poll(&abort),
        )
        .await?
        .value
        .items;
        let before = value.len();
        let known = |value: &[FailoverGroup], id: &str| value.iter().any(|group| group.id == id);
        for group in more {
            if !known(&value, &group.id) {
                value.push(group);
            }
        }
        if value.len() == before {
            break;
        }
        page += 1;
    }
    let mut thin = value
        .iter_mut()
        .filter(|group| group.slicers.is_none() || group.channels.is_none());
    if let Some(group) = thin.find(|group| group.id == shown) {
        let call = uplynk::groups().get(&shown);
        *group = send(&connection, &call, Purpose::Poll(&abort)).await?.value;
    }
    Ok(Arrived {
        value,
        date: list.date,
        age: list.age,
    })
}
