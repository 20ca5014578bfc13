//! NATS: whether a server carries a message there and back, and means to stay.
//!
//! Nothing here looks at streams, consumers or account limits of `JetStream`.
//!
//! The feature `nats` adds 59 crates: `async-nats`, which cannot be built without TLS
//! (`rustls` with `ring`), and parsers for its URLs.
//!
//! A resolver that hangs is waited for on a thread of the check's own, at most one for each
//! server at once. A name is resolved there first, and right after that by `async-nats`, which
//! takes no addresses for it, in the runtime's blocking pool: a resolver that begins to hang in
//! between costs the runtime one such thread, which its end waits for.
//!
//! Kafka has no check: its clients in pure Rust could not be tried here against a real
//! server, as Debian packages none. A service that uses Kafka can give its own client to
//! [`check_fn`](health_core::check_fn).

mod advice;
mod check;
mod door;
#[cfg(feature = "distributed")]
mod pub_sub;

pub use check::NatsCheck;
#[cfg(feature = "distributed")]
pub use pub_sub::NatsPubSub;
