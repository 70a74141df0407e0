//! Taking a mutex.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a mutex. Where somebody panicked who held it, what it guards is used as it was left: each change of it is made in
/// one step, or is checked by who reads it.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
