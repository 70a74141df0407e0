//! Descriptions of database failures that say what to do. They never contain a part of the address, which is a secret.

use crate::store::database::Fault;
use crate::tls::UntrustedCertificate;
use std::error::Error as _;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Whether the connection can no longer be used.
pub(super) fn is_broken(error: &Error) -> bool {
    // An error reported by the database leaves the connection usable, unless the database closes it.
    let code = error.code();
    error.is_closed() || code.is_none_or(closes_connection)
}

/// Whether a database that reports this closes the connection.
fn closes_connection(code: &SqlState) -> bool {
    [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(&code)
}

/// Whether connecting failed only for now: nothing answers, or the database is starting or stopping. Other refusals
/// last until somebody changes something.
pub(super) fn is_away(error: &Error) -> bool {
    if let Some(code) = error.code() {
        return closes_connection(code) || *code == SqlState::TOO_MANY_CONNECTIONS;
    }
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            // TLS reports rejected certificates with this kind.
            return io.kind() != std::io::ErrorKind::InvalidData;
        }
        cause = one.source();
    }
    error.is_closed()
}

/// A description of the failure that continues a sentence about the database.
pub(super) fn describe(error: Error) -> Fault {
    let Some(db_error) = error.as_db_error() else {
        return unanswered(&error);
    };
    let code = db_error.code();
    let message = db_error.message();
    if [
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ]
    .contains(&code)
    {
        // The database's message contains the user name.
        return "refuses the user name or the password".to_owned();
    }
    match *code {
        SqlState::INVALID_CATALOG_NAME => "does not exist: make it with createdb".to_owned(),
        SqlState::TOO_MANY_CONNECTIONS => "takes no more connections".to_owned(),
        SqlState::CANNOT_CONNECT_NOW => "is starting or stopping".to_owned(),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => "was stopped".to_owned(),
        SqlState::DISK_FULL => "cannot be written: its disk is full".to_owned(),
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "cannot be written: it is read-only, like a standby".to_owned()
        }
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => {
            "does not answer in time".to_owned()
        }
        SqlState::INSUFFICIENT_PRIVILEGE => {
            format!("grants too few privileges: {message}")
        }
        _ => format!("cannot be used: {message}"),
    }
}

/// A description of an error that did not come from the database.
fn unanswered(error: &Error) -> Fault {
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(why))) =
            one.downcast_ref()
            && let Some(untrusted) = why.0.downcast_ref::<UntrustedCertificate>()
        {
            return format!("cannot be trusted: {untrusted}");
        }
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            if let Some(inner) = io.get_ref() {
                // TLS wraps its own error in this one.
                cause = Some(inner);
                continue;
            }
            return format!("cannot be reached: {io}");
        }
        if one.source().is_none() {
            return format!("cannot be reached: {one}");
        }
        cause = one.source();
    }
    // An error without a cause is the library's own, such as a closed connection.
    format!("cannot be reached: {error}")
}
