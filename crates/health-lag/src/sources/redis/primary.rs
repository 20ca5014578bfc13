//! The replicas of a primary, as it sees them.
//!
//! How it is reached is in `door`, how its answer reads in `info`.

use std::fmt;

use async_trait::async_trait;
use redis::Client;
use redis::aio::ConnectionLike;

use super::door::Door;
use super::info::{Connected, Position, Replication};
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;

/// The replicas of a primary, from its `INFO replication`: what each has acknowledged, against
/// `master_repl_offset`. A replica is called by its address and port.
///
/// A replica acknowledges once a second, so what is seen of it is up to a second old; for the
/// moment see [`RedisReplica`](super::RedisReplica). One that is not connected is not named, and so
/// nothing is known of it; one that is being sent the whole data set is an error until it
/// has it. A primary that nobody follows any more may stand still. Detail: `state`.
///
/// ```no_run
/// use health_lag::{Poller, Sample, redis::RedisPrimary};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let primary = RedisPrimary::connect("redis://:secret@cache1:6379")?;
/// let polling = Poller::new("cache1", primary).start(|replica: &str, sample: Sample| {
///     println!("{replica}: {} bytes behind", sample.behind());
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct RedisPrimary {
    door: Door,
}

impl RedisPrimary {
    /// Asks through a connection of the service, which reconnects as the service's does: a
    /// `ConnectionManager` by itself, a `MultiplexedConnection` not at all.
    pub fn shared<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self {
            door: Door::shared(connection),
        }
    }

    /// Connects to `redis://[[user]:password@]host[:port]` by itself, and keeps one connection.
    pub fn connect(url: &str) -> Result<Self, InvalidSource> {
        Ok(Self {
            door: Door::url(url)?,
        })
    }

    /// Connects by itself with a client of the service, and keeps one connection.
    pub fn client(client: Client) -> Self {
        Self {
            door: Door::own(client),
        }
    }
}

fn readings(replication: Replication) -> Result<Readings, SourceError> {
    let Replication::Primary { at, replicas } = replication else {
        return Err(SourceError::new(
            "redis is a replica where a primary is expected; see whether it failed over, or correct the address",
        ));
    };
    let readings = Readings::new().leader(at.offset, at.history);
    Ok(replicas.into_iter().fold(readings, |readings, replica| {
        readings.follower(reading(replica, at))
    }))
}

fn reading(replica: Connected, leader: Position) -> FollowerReading {
    let sample = match (replica.state.as_str(), replica.acknowledged) {
        ("online", Some(applied)) => Ok(Sample::new(leader.offset, applied).epoch(leader.history)),
        ("online", None) => Err(SourceError::new(
            "the replica has acknowledged nothing yet; wait a second",
        )),
        _ => Err(SourceError::new(
            "the replica is being sent the whole data set; wait until it has it",
        )),
    };
    FollowerReading::new(replica.name, sample).detail("state", replica.state)
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisPrimary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPrimary").finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for RedisPrimary {
    async fn poll(&self) -> Result<Readings, SourceError> {
        readings(self.door.ask().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::Link;
    use super::*;

    #[test]
    fn replicas() {
        let at = Position {
            offset: 100,
            history: 7,
        };
        for (state, acknowledged, expected) in [
            ("online", Some(90), Ok(Sample::new(100, 90).epoch(7))),
            ("online", None, Err("acknowledged nothing yet")),
            ("wait_bgsave", Some(90), Err("the whole data set")),
            ("send_bulk", None, Err("the whole data set")),
        ] {
            let replicas = vec![Connected {
                name: "a".to_owned(),
                state: state.to_owned(),
                acknowledged,
            }];
            let readings = readings(Replication::Primary { at, replicas }).unwrap();
            let sample = &readings.followers()[0].sample;
            match (sample, expected) {
                (Ok(sample), Ok(expected)) => assert_eq!(*sample, expected),
                (Err(error), Err(words)) => assert!(error.message().contains(words)),
                other => panic!("{state}: {other:?}"),
            }
        }
        let (link, received) = (Link::Up, None);
        let error = readings(Replication::Replica { at, link, received }).unwrap_err();
        assert!(error.message().contains("is a replica where a primary"));
    }
}
