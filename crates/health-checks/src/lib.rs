//! Ready-made health checks that really measure.
//!
//! Each converts into a [`Registration`](health_core::Registration) with fitting
//! defaults, any of which may be overridden. Nothing here runs, schedules or
//! serves a check.
//!
//! ```
//! # #[cfg(feature = "system")] {
//! use health_checks::system::{DiskCheck, MemoryCheck};
//! use health_core::Health;
//!
//! let health = Health::new();
//! health.register(MemoryCheck::new(512.0)?)?;
//! health.register(DiskCheck::new("/var")?.registration().named("disk-var").critical())?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Details
//!
//! What a check measured is in its details, by one convention:
//!
//! - The unit is in the name: `_bytes`, `_mb` (a million bytes), `_ms`, `_seconds`, `days_`,
//!   `_percent` (0 to 100). A `_rate`, `_score` or `_ratio` is from 0 to 1; what has no unit is a
//!   count or a word.
//! - What is not known has no detail, rather than `null`.
//! - `latency_ms` is how long the thing itself took, to the microsecond, and is there only if it
//!   came to its end: not for a refused connection or a timeout, but for an answer that is no
//!   good. How long the run took, the monitor says.
//! - `cached_ms` is there only where an earlier outcome is said again, and is its age.
//!
//! Messages tell numbers as people read them, and percents are rounded down, so that what is not
//! full never reads as full.
//!
//! # Families
//!
//! One module each, behind a feature of its name; `system` and `net` are the default.
//!
//! | feature | checks | crates it adds on Linux |
//! |---|---|---|
//! | `system` | [memory](system::MemoryCheck) of the process and [of the machine](system::MachineMemoryCheck), [disk](system::DiskCheck) and inodes, [load](system::CpuLoadCheck), [pressure](system::PressureCheck), [descriptors](system::DescriptorCheck), [all of it at once](system::ResourceCheck), [age of a file](system::FileAgeCheck) | 6: `sysinfo`, `rustix`, … |
//! | `net` | [TCP](net::TcpCheck), [HTTP and HTTPS](net::HttpCheck), [certificates](net::CertificateCheck), DNS by [this machine](net::DnsCheck) and by [a server](net::DnsServerCheck), [Unix sockets](net::UnixSocketCheck), [any of several](net::ReachableCheck) | 39: `hyper`, `tokio-rustls` with `ring`, `domain`, `x509-cert`, … |
//! | `runtime` | [stalls](runtime::RuntimeStallCheck) and [load](runtime::RuntimeLoadCheck) of tokio, [loops that must go on](runtime::WatchdogCheck) | 0 |
//! | `process` | [a command](process::CommandCheck), such as a monitoring plugin (Unix) | 3: `rustix`, … |
//! | `time` | drift from [NTP servers](time::NtpDriftCheck) and from [peers](time::PeerDriftCheck) | 5: `getrandom`, … |
//! | `postgres` | [PostgreSQL](postgres::PostgresCheck) | 49: `tokio-postgres`, … |
//! | `mysql` | [MySQL and MariaDB](mysql::MysqlCheck) | 78: `mysql_async`, … |
//! | `redis` | [Redis](redis::RedisCheck) | 44: `redis`, … |
//! | `etcd` | [etcd](etcd::EtcdCheck); building it needs `protoc` | 43: `etcd-client` with `tonic`, … |
//! | `nats` | [NATS](nats::NatsCheck) | 59: `async-nats`, … |
//! | `distributed` | [connections](distributed::ConnectionsCheck), loopbacks of [messages](distributed::PubSubCheck) and [values](distributed::KeyValueCheck), [election](distributed::ElectionCheck), [replication](distributed::ReplicationCheck), [convergence](distributed::ConvergenceCheck), [queues](distributed::TaskQueueCheck) | 0 |
//! | `passive` | [error rate and response times](passive::RateCheck) that the service records | 3: `hdrhistogram`, … |
//! | `wrap` | [wrappers](wrap::Wrap) around any check, and checks made of checks | 0 |
//! | `testing` | doubles with faults, for the tests of users | 0 |
//!
//! Counted with `cargo tree --edges normal,no-proc-macro`, each alone over the 16 crates that the
//! crate needs without any feature; together they share many.

#[cfg(any(feature = "net", feature = "time"))]
#[allow(dead_code, reason = "a family may be left out")]
mod host;
mod invalid;

// Each family uses some of these.
#[allow(dead_code, reason = "a family may be left out")]
mod again;
#[allow(dead_code, reason = "a family may be left out")]
mod aside;
#[allow(dead_code, reason = "a family may be left out")]
mod clock;
#[allow(dead_code, reason = "a family may be left out")]
mod kept;
#[allow(dead_code, reason = "a family may be left out")]
mod limits;
#[allow(dead_code, reason = "a family may be left out")]
mod lookup;
#[allow(dead_code, reason = "a family may be left out")]
mod margin;
#[allow(dead_code, reason = "a family may be left out")]
mod pace;
#[allow(dead_code, reason = "a family may be left out")]
mod percent;
#[allow(dead_code, reason = "a family may be left out")]
mod span;
#[cfg(any(feature = "mysql", feature = "postgres"))]
#[allow(dead_code, reason = "a family may be left out")]
mod sql;
#[cfg(any(
    feature = "etcd",
    feature = "mysql",
    feature = "nats",
    feature = "postgres",
    feature = "redis"
))]
#[allow(dead_code, reason = "a family may be left out")]
mod stores;
#[allow(dead_code, reason = "a family may be left out")]
mod together;

#[cfg(feature = "distributed")]
pub mod distributed;
#[cfg(feature = "etcd")]
pub mod etcd;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "passive")]
pub mod passive;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "system")]
pub mod system;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "time")]
pub mod time;
#[cfg(feature = "wrap")]
pub mod wrap;

pub use invalid::InvalidCheck;
