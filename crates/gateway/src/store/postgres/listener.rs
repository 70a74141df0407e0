//! Hears from the database at once when a gateway has changed something that others know too.

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

/// How long nothing may be heard until it is asked whether the session is still there. The gateway looks by itself as
/// well, so nothing is missed meanwhile, but comes later.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// Notifies those who wait whenever something has changed, in a thread of its own, until `end` is dropped. A session that breaks is
/// made anew, and what was missed meanwhile is notified as well.
///
/// # Errors
/// The process may have no more of what that takes.
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
            let heard = link.connect(|link| {
                link.run(&sharing::listen_statement())?;
                notifications.notify_all();
                Ok(())
            });
            // What breaks a session is found by asking; the one after it is made at the next turn.
            let _ = heard.and_then(|()| link.run("SELECT 1"));
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
