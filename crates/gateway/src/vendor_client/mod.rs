//! Clients of the vendor systems: one [`Upstream`] per connection, with its credentials, limits, circuit breaker and
//! shared reads. Independent of browsers and their requests.

mod accounts;
mod breaker;
mod error_body;
mod group_locks;
mod lanes;
mod reads;
mod route;
mod upstream;

pub(crate) use accounts::{Accounts, SecondsOf};
pub(crate) use group_locks::under_way;
pub(crate) use lanes::Lane;
pub(crate) use reads::{Outcome, When};
pub(crate) use upstream::Upstream;
pub(crate) use upstream::{ReadObserver, VendorRequest, WriteObserver};
