//! Listens for notifications that another gateway has changed something.

use super::link::Link;
use super::schema::Purpose;
use super::{Fault, WRITE_TIMEOUT};
use crate::config::PostgresAddress;
use crate::store::notifications::Notifications;
use crate::store::sharing;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a session may be silent before it is checked. The gateway also polls, so a notification that is missed in
/// the meantime only arrives later.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// Passes notifications on, in a thread of its own, until `end` is dropped. A broken session is replaced, and
/// notifications that may have been missed are repeated.
///
/// # Errors
/// The process lacks the resources for the thread.
pub(in crate::store) fn listen(
    address: &PostgresAddress,
    notifications: Arc<Notifications>,
    mut end: oneshot::Receiver<()>,
) -> Result<(), String> {
    let fail = |why: Fault| format!("the store {address} {why}");
    let mut link = Link::new(address.clone(), Purpose::Read, WRITE_TIMEOUT).map_err(fail)?;
    link.set_notifications(notifications.clone());
    let listen = move || {
        loop {
            let listening = link.connect(|link| {
                link.run(&sharing::listen_statement())?;
                notifications.notify_all();
                Ok(())
            });
            // This query detects a broken session, which the next round replaces.
            let _ = listening.and_then(|()| link.run("SELECT 1"));
            let mut is_over = false;
            link.drive_until(async {
                is_over = timeout(SILENCE_TIMEOUT, &mut end).await.is_ok();
            });
            if is_over {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("store listener".to_owned());
    thread.spawn(listen).map_err(|error| error.to_string())?;
    Ok(())
}
