//! Watchers before simulated vendors.
