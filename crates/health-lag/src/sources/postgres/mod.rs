//! PostgreSQL: standbys as their primary sees them, a standby by itself, and replication slots.
//!
//! Positions are log sequence numbers, bytes of the write-ahead log, and the epoch is the
//! timeline. `replay_lag` and `now() - pg_last_xact_replay_timestamp()` are not used: both are
//! wrong on a server that is idle or has just caught up. Nor is `pg_current_wal_insert_lsn()`,
//! which counts what may not be sent yet, and after a whole page the head of the next one, so
//! that a standby of an idle server would seem behind for ever; the leader is as far as
//! `pg_current_wal_flush_lsn()`.
//!
//! | source | knows | does not know |
//! |---|---|---|
//! | [`PostgresPrimary`] | every connected standby: received, flushed, applied | how far a standby is that is not connected; of an idle primary, progress of a standby more often than every `wal_receiver_status_interval` |
//! | [`PostgresStandby`] | one standby at this moment | how far the primary is, but for what it last told |
//! | [`PostgresSlots`] | what a slot confirmed, and how much of the log it holds back | of a physical slot, how far its standby has applied |
//!
//! All of them are made by a user with `pg_monitor`, ask in one round trip by the simple
//! protocol, and work from PostgreSQL 10 on.
//!
//! The feature `postgres` adds 49 crates: `tokio-postgres` without TLS.

mod door;
mod lsn;
mod own;
mod primary;
mod slots;
mod standby;
mod table;
mod trouble;

pub use primary::{NamedBy, PostgresPrimary};
pub use slots::PostgresSlots;
pub use standby::PostgresStandby;

const NAME: &str = "postgres";
