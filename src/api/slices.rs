//! Reads a very long list without holding up the page: slice by slice, with other tasks in between.

use super::failure::Failure;
use super::transport::{Arrived, Purpose, answer_of, arrived};
use vendors::Call;
use vendors::aveva::{ClientSession, Listed, ReadText, Reread};
use vendors::veeam::{self, Joined, Page};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// After so much time other tasks have their turn, in milliseconds: half of a frame.
const A_TURN: f64 = 8.0;

/// Sends a call for a page of sessions to a connection's vendor through the gateway.
///
/// # Errors
/// As [`super::send`].
pub async fn send_page(
    connection: &str,
    call: &Call<Page>,
    purpose: Purpose<'_>,
) -> Result<Arrived<Page>, Failure> {
    let relayed = answer_of(connection, &call.request, None, purpose).await?;
    let answer = &relayed.answer;
    let slice = |body: Vec<u8>| vendors::Answer {
        status: answer.status,
        headers: answer.headers.clone(),
        body,
    };
    if answer.is_success()
        && let Some(page) = in_slices(&answer.body, |body| call.read(&slice(body)), |_| true).await
    {
        return Ok(arrived(page, &relayed));
    }
    Ok(arrived(call.read(answer)?, &relayed))
}

/// Sends a call for the sessions of a group to a connection's vendor through the gateway. `before` is the text that
/// these sessions were read from: those whose text is as it was are not read anew. Answers the new text as well,
/// which is empty for a list that was read whole.
///
/// # Errors
/// As [`super::send`].
pub async fn send_sessions(
    connection: &str,
    call: &Call<Listed<ClientSession>>,
    purpose: Purpose<'_>,
    (before, sessions): (&ReadText, &[ClientSession]),
) -> Result<(Arrived<Listed<ClientSession>>, ReadText), Failure> {
    let relayed = answer_of(connection, &call.request, None, purpose).await?;
    let answer = &relayed.answer;
    if answer.is_success()
        && let Some((listed, text)) = in_pieces(&answer.body, before, sessions).await
    {
        return Ok((arrived(listed, &relayed), text));
    }
    let listed = call.read(answer)?;
    Ok((arrived(listed, &relayed), ReadText::default()))
}

async fn in_pieces(
    body: &[u8],
    before: &ReadText,
    sessions: &[ClientSession],
) -> Option<(Listed<ClientSession>, ReadText)> {
    let mut reread = Reread::begin(body, before, sessions)?;
    let mut begun = js_sys::Date::now();
    while !reread.piece()? {
        if js_sys::Date::now() - begun >= A_TURN {
            next_task().await;
            begun = js_sys::Date::now();
        }
    }
    Some(reread.end())
}

/// Reads a saved response as [`veeam::read_saved`]. `goes_on` hears how many sessions were read so far, and says
/// whether somebody still waits for the rest.
///
/// # Errors
/// One sentence about what cannot be read. Not an error, but nothing, once nobody waits for it.
pub async fn read_saved(
    bytes: &[u8],
    goes_on: impl Fn(usize) -> bool,
) -> Option<Result<Page, String>> {
    let body = match veeam::saved_body(bytes) {
        Ok(body) => body,
        Err(error) => return Some(Err(error)),
    };
    // What was pressed meanwhile has its turn, and the words that it is being read are drawn.
    next_task().await;
    let read = |body: Vec<u8>| veeam::read_saved(&body);
    let page = in_slices(body.as_bytes(), read, &goes_on).await;
    if !goes_on(page.as_ref().map_or(0, |page| page.sessions.len())) {
        return None;
    }
    Some(page.map_or_else(|| veeam::read_saved(body.as_bytes()), Ok))
}

/// Reads a long body slice by slice. `None` for one that is short, cannot be cut or cannot be read, which is to be
/// read whole: that says best what is wrong with it; also once `goes_on` says no.
async fn in_slices<E>(
    body: &[u8],
    read: impl Fn(Vec<u8>) -> Result<Page, E>,
    goes_on: impl Fn(usize) -> bool,
) -> Option<Page> {
    let mut joined = Joined::default();
    for slice in veeam::slices(body)? {
        joined.add(read(slice).ok()?);
        next_task().await;
        if !goes_on(joined.sessions()) {
            return None;
        }
    }
    joined.page()
}

/// Lets the browser draw and handle what was pressed: a message is a task of its own, and waits less than a timer.
async fn next_task() {
    let Ok(channel) = MessageChannel::new() else {
        return;
    };
    let arrived = js_sys::Promise::new(&mut |resume, _| {
        channel.port1().set_onmessage(Some(&resume));
        // Without anything that is handed over this does not fail.
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    // This promise is never rejected.
    let _ = JsFuture::from(arrived).await;
    channel.port1().close();
}
