//! What is wrong with a database, in words that say what to do. Never with a part of its address: that is a secret.

use crate::store::database::Fault;
use crate::tls::UntrustedCertificate;
use std::error::Error as _;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Whether the connection cannot be used any more.
pub(super) fn is_broken(error: &Error) -> bool {
    // What the database itself answers leaves the connection as it is, unless it says that it ends it.
    let code = error.code();
    error.is_closed() || code.is_none_or(is_farewell)
}

/// Said by a database that ends a connection.
fn is_farewell(code: &SqlState) -> bool {
    [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(&code)
}

/// Whether a connection could not be made for now: nobody answers there, or a database that starts or stops. What is
/// refused otherwise is so until somebody changes something.
pub(super) fn is_away(error: &Error) -> bool {
    if let Some(code) = error.code() {
        return is_farewell(code) || *code == SqlState::TOO_MANY_CONNECTIONS;
    }
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            // TLS says in one of these what it dislikes.
            return io.kind() != std::io::ErrorKind::InvalidData;
        }
        cause = one.source();
    }
    error.is_closed()
}

/// What is wrong, to continue a sentence that begins with the database.
pub(super) fn describe(error: Error) -> Fault {
    let Some(told) = error.as_db_error() else {
        return unanswered(&error);
    };
    let code = told.code();
    let said = told.message();
    if [
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ]
    .contains(&code)
    {
        // Its own words hold the user's name.
        return "refuses the user name or the password".to_owned();
    }
    match *code {
        SqlState::INVALID_CATALOG_NAME => "does not exist: make it with createdb".to_owned(),
        SqlState::TOO_MANY_CONNECTIONS => "takes no more connections".to_owned(),
        SqlState::CANNOT_CONNECT_NOW => "is starting or stopping".to_owned(),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => "was stopped".to_owned(),
        SqlState::DISK_FULL => "cannot be written: its disk is full".to_owned(),
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "cannot be written: it is read-only, as a standby is".to_owned()
        }
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => {
            "does not answer in time".to_owned()
        }
        SqlState::INSUFFICIENT_PRIVILEGE => format!("does not let this user in enough: {said}"),
        _ => format!("cannot be used: {said}"),
    }
}

/// Of an error that no database has told.
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
                // TLS says what it dislikes within.
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
    // Without a cause it is a word of the library's own, such as that the connection was closed.
    format!("cannot be reached: {error}")
}
