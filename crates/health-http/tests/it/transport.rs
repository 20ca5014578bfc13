//! The transport, spoken to over raw sockets.

mod binding;
mod closing;
mod eviction;
mod harness;
mod hostile;
mod limits;
mod own_thread;
mod requests;
