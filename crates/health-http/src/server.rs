//! The server under the health service: binds, accepts, bounds and closes connections for any
//! hyper service.
//!
//! It knows nothing of health: no route, no JSON.

mod address;
mod alarm;
mod backoff;
mod bounds;
mod connection;
mod counters;
mod driver;
mod eviction;
mod farewell;
mod gate;
mod handle;
mod limits;
mod listener;
mod own_thread;
mod pulse;
mod record;
mod shared;
mod stall;
mod stream;
mod transport;
#[cfg(unix)]
mod unix_socket;

pub use address::{Address, LocalAddr};
pub use counters::Counts;
pub use handle::{CountsReader, ServerHandle};
pub use limits::Limits;
pub use listener::{BindError, Listener};
pub use stall::{Stall, StallLimits, StallWatch};
pub use transport::{ServeError, Transport};
