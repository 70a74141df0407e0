//! Reads a very long list without blocking the page: slice by slice, with other tasks in between.

use super::failure::Failure;
use super::transport::{Arrived, Purpose, answer_of, arrived};
use vendors::Call;
use vendors::aveva::{ClientSession, Listed, ReadText, Reread};
use vendors::veeam::{self, Joined, Page};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// The maximum time before other tasks run, in milliseconds: half a frame.
const TIME_SLICE: f64 = 8.0;

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

/// Sends a call for the sessions of a group to a connection's vendor through the gateway. `before` is the text from
/// which `sessions` were read: sessions with unchanged text are not parsed again. Also returns the new text, which is
/// empty for a list that was read in one piece.
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
    let mut started = js_sys::Date::now();
    while !reread.piece()? {
        if js_sys::Date::now() - started >= TIME_SLICE {
            next_task().await;
            started = js_sys::Date::now();
        }
    }
    Some(reread.end())
}

/// Reads a saved response as [`veeam::read_saved`]. `goes_on` receives the number of sessions read so far, and returns
/// whether to continue. Returns `None` if it was stopped.
///
/// # Errors
/// A sentence about the unreadable part.
pub async fn read_saved(
    bytes: &[u8],
    goes_on: impl Fn(usize) -> bool,
) -> Option<Result<Page, String>> {
    let body = match veeam::saved_body(bytes) {
        Ok(body) => body,
        Err(error) => return Some(Err(error)),
    };
    // Let the browser draw the progress message and handle input.
    next_task().await;
    let read = |body: Vec<u8>| veeam::read_saved(&body);
    let page = in_slices(body.as_bytes(), read, &goes_on).await;
    if !goes_on(page.as_ref().map_or(0, |page| page.sessions.len())) {
        return None;
    }
    Some(page.map_or_else(|| veeam::read_saved(body.as_bytes()), Ok))
}

/// Reads a long body slice by slice. `None` if it is short, cannot be cut or cannot be read: then read it in one piece,
/// which gives the best error message. Also `None` once `goes_on` returns false.
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

/// Lets the browser draw and handle input. A message runs as a separate task, and sooner than a timer.
async fn next_task() {
    let Ok(channel) = MessageChannel::new() else {
        return;
    };
    let arrived = js_sys::Promise::new(&mut |resume, _| {
        channel.port1().set_onmessage(Some(&resume));
        // Without transferred objects this cannot fail.
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    // This promise is never rejected.
    let _ = JsFuture::from(arrived).await;
    channel.port1().close();
}
