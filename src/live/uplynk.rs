//! One Uplynk group for its page. The service limits requests to one per second, so the page uses the group's entry
//! in the list, which the gateway's watcher reads anyway.

use super::Live;
use crate::api::{Arrived, Failure, Purpose, send};
use health::transition;
use vendors::uplynk::{self, FailoverGroup};
use web_sys::AbortController;

/// Polls a group: its entry in the list, or the group itself if the list fails, or has no entry with its slicers and
/// channels. Each poll decides this separately, so that the page and its draft are kept.
#[must_use]
pub fn group(connection: String, group: String) -> Live<FailoverGroup> {
    let fetch = move |abort: AbortController| {
        let (connection, id) = (connection.clone(), group.clone());
        async move {
            match slicer_groups(connection.clone(), abort.clone()).await {
                Ok(Arrived { value, date, age }) => {
                    let found = value.into_iter().find(|group| group.id == id);
                    let is_complete =
                        |group: &FailoverGroup| group.slicers.is_some() && group.channels.is_some();
                    if let Some(value) = found.filter(is_complete) {
                        return Ok(Arrived { value, date, age });
                    }
                }
                // A request for the group itself would fail in the same way.
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

/// All groups in the list of an Uplynk account, some maybe without slicers and channels.
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
