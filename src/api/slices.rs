//! Reads a very long list without holding up the page: slice by slice, with other tasks in between.

use super::failure::Failure;
use super::transport::{Arrived, Purpose, answer_of, arrived};
use leptos::prelude::{set_timeout, window};
use std::time::Duration;
use vendors::Call;
use vendors::veeam::{self, Page};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How long slices are read before other tasks have a turn, in milliseconds.
const TURN: f64 = 40.0;

/// Sends a call for a page of sessions to a connection's vendor through the gateway.
///
/// # Errors
/// As [`super::send`].
pub async fn send_page(
    connection: &str,
    call: &Call<Page>,
    purpose: Purpose<'_>,
) -> Result<Arrived<Page>, Failure> {
    let answer = answer_of(connection, &call.request, None, purpose).await?;
    let slices = veeam::slices(&answer.body).filter(|_| answer.is_success());
    let Some(slices) = slices else {
        return Ok(arrived(call.read(&answer)?, &answer));
    };
    let mut whole: Option<Page> = None;
    let mut turn = now();
    for body in slices {
        let headers = answer.headers.clone();
        let slice = vendors::Answer {
            status: answer.status,
            headers,
            body,
        };
        match (call.read(&slice), &mut whole) {
            (Ok(page), None) => whole = Some(page),
            (Ok(page), Some(whole)) => whole.append(page),
            // The whole says best what is wrong with it.
            (Err(_), _) => return Ok(arrived(call.read(&answer)?, &answer)),
        }
        if now() - turn > TURN {
            next_task().await;
            turn = now();
        }
    }
    Ok(arrived(whole.unwrap_or_default(), &answer))
}

fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Lets the browser draw and handle what was pressed.
async fn next_task() {
    let task = js_sys::Promise::new(&mut |resume, _| {
        let resume = move || {
            let _ = resume.call0(&JsValue::UNDEFINED);
        };
        set_timeout(resume, Duration::ZERO);
    });
    // This promise is never rejected.
    let _ = JsFuture::from(task).await;
}
