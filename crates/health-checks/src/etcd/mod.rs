//! etcd: whether a member answers, its cluster has a leader and a quorum, and no alarm is raised.
//!
//! Nothing here compares members with each other, or judges the size of the database: its
//! quota is told by etcd 3.6 and later only, and its alarm comes in time to act.
//!
//! The feature `etcd` adds 43 crates: `etcd-client` without TLS, and `tonic`, `hyper` and
//! `prost` under it. To build them, `protoc` and its standard imports must be installed
//! (Debian: `protobuf-compiler` and `libprotobuf-dev`).
//! For TLS, enable `tls-ring` or `tls-aws-lc` of the crate `etcd-client` in the service; its
//! `tls-openssl` is for clients of the service's own.
//!
//! Names are resolved on a thread of the check's own, at most one for each name at once: a
//! resolver that hangs holds up neither the runtime nor its end. Certificates are verified for
//! the name all the same. A client of the service resolves as `etcd-client` does.

mod advice;
mod channel;
mod check;
mod door;
mod endpoints;
#[cfg(feature = "distributed")]
mod key_value;
mod member;

pub use check::EtcdCheck;
#[cfg(feature = "distributed")]
pub use key_value::EtcdKeyValue;
