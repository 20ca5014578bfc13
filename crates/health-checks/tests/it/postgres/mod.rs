//! PostgreSQL: real servers, a real standby, a real pool.

mod check;
mod cluster;
mod leaks;
mod outage;
mod tls;
