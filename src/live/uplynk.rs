//! One of Uplynk's groups, for its page. The service counts requests and wants each in a second of
//! its own, so that page shows its part of the list, which the gateway's watcher reads anyway.

use super::Live;
use crate::api::{Arrived, Failure, Purpose, send};
use health::transition;
use vendors::uplynk::{self, FailoverGroup};
use web_sys::AbortController;

/// A group: its part of the list, and by itself where the list cannot be had, does not hold it, or holds it without
/// its slicers or channels. Each request decides that anew, so that the page and its draft stay as they are.
#[must_use]
pub fn group(connection: String, group: String) -> Live<FailoverGroup> {
    let fetch = move |abort: AbortController| {
        let (connection, id) = (connection.clone(), group.clone());
        async move {
            match slicer_groups(connection.clone(), abort.clone()).await {
                Ok(Arrived { value, date, age }) => {
                    let found = value.into_iter().find(|group| group.id == id);
                    let is_whole =
                        |group: &FailoverGroup| group.slicers.is_some() && group.channels.is_some();
                    if let Some(value) = found.filter(is_whole) {
                        return Ok(Arrived { value, date, age });
                    }
                }
                // Another request would meet the same.
                Err(failure) if is_of_every_request(&failure) => return Err(failure),
                Err(_) => {}
            }
            let call = uplynk::groups().get(&id);
            send(&connection, &call, Purpose::Poll(&abort)).await
        }
    };
    Live::new(fetch, transition::slicers)
}

fn is_of_every_request(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(_)) || matches!(failure.status(), 401 | 429)
}

/// Every group of an Uplynk account, as it stands in the list: maybe without its slicers and channels.
async fn slicer_groups(
    connection: String,
    abort: AbortController,
) -> Result<Arrived<Vec<FailoverGroup>>, Failure> {
    let list = send(&connection, &uplynk::groups().list(), Purpose::Poll(&abort)).await?;
    let (mut value, mut left_out) = (list.value.items, list.value.left_out.count());
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
        .value;
        left_out += more.left_out.count();
        let before = value.len();
        let known = |value: &[FailoverGroup], id: &str| value.iter().any(|group| group.id == id);
        for group in more.items {
            if !known(&value, &group.id) {
                value.push(group);
            }
        }
        if value.len() == before {
            break;
        }
        page += 1;
    }
    Ok(Arrived {
        value,
        date: list.date,
        age: list.age,
    })
}
