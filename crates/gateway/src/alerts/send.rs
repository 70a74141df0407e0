//! Sends one message to one target, once.
