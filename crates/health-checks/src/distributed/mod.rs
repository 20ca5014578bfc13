//! The parts of a distributed service: small traits, and the checks on them.
//!
//! A service implements the trait of what it has, and registers the check on it.
//! Two traits have a ready implementation within the process; the families
//! `redis`, `etcd` and `nats` implement them for real servers.
//!
//! | check | probes | every / timeout |
//! |---|---|---|
//! | [`PubSubCheck`] | [`PubSub`]: does a message come back? | 60 s / 15 s |
//! | [`KeyValueCheck`] | [`KeyValue`]: does a value come back? | 90 s / 20 s |
//! | [`ConnectionsCheck`] | [`Connections`]: how many are there? | 30 s / 5 s |
//! | [`ElectionCheck`] | [`Election`]: is there a leader, and does it stay? | 15 s / 5 s |
//! | [`ReplicationCheck`] | [`Replication`]: are there enough copies? | 120 s / 20 s |
//! | [`ConvergenceCheck`] | [`Convergence`]: are pending operations worked off? | 15 s / 5 s |
//! | [`TaskQueueCheck`] | [`TaskQueue`]: is there room, and do tasks succeed? | 30 s / 5 s |
//!
//! The state that the last five read can also be pushed: each trait is implemented
//! by the `Receiver` of a [`tokio::sync::watch`] channel, which is an error once its
//! sender is gone.
//!
//! Each keeps in its details how its runs went: `success_rate` (of the last 100,
//! 0 to 1), `consecutive_failures`, `last_success_unix_seconds` and `latency_ms`. A run
//! fails if it is unhealthy, or dropped. Errors of a trait go to the log only.
//!
//! The feature adds no crate.

mod adapter_error;
mod connections;
mod convergence;
mod counted_rate;
mod election;
mod findings;
pub(crate) mod hub;
mod in_process;
mod key_value;
mod key_value_check;
mod leadership;
mod pub_sub;
mod pub_sub_check;
mod record;
mod replication;
mod round_trip;
mod source;
mod task_queue;
mod token;
mod trend;

pub use adapter_error::AdapterError;
pub use connections::{ConnectionCount, Connections, ConnectionsCheck};
pub use convergence::{Convergence, ConvergenceCheck, Pending};
pub use election::{Election, ElectionCheck, ElectionRole, ElectionState};
pub use in_process::{InMemoryKeyValue, InProcessPubSub};
pub use key_value::KeyValue;
pub use key_value_check::KeyValueCheck;
pub use pub_sub::{Messages, PubSub};
pub use pub_sub_check::PubSubCheck;
pub use replication::{Replication, ReplicationCheck, ReplicationState};
pub use task_queue::{QueueState, TaskQueue, TaskQueueCheck};
