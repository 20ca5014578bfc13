//! A replica by its own view, with or without that of its primary.
//!
//! How they are reached is in `door`, how their answers read in `info`.

use std::fmt;

use async_trait::async_trait;
use redis::Client;
use redis::aio::ConnectionLike;

use super::door::Door;
use super::info::{Link, Position, Replication};
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;

/// One replica by what it has applied (`slave_repl_offset`), under a name that you give: against
/// `master_repl_offset` of its [primary](Self::primary), or without one against what it has read.
///
/// With its primary it is known also while the two are not connected: as far behind as it is. A
/// replica without a link that has all there is may miss the next write, so that is an error, not a
/// lag of zero. Without its primary it is known only while the link is up, and the lag is next to
/// nothing as a rule, as a replica applies what it reads at once: how far the primary is, it does
/// not know.
///
/// ```no_run
/// use health_lag::{Poller, Sample, redis::RedisReplica};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let replica = RedisReplica::connect("cache2", "redis://:secret@cache2:6379")?
///     .primary("redis://:secret@cache1:6379")?;
/// let polling = Poller::new("cache2", replica).start(|replica: &str, sample: Sample| {
///     println!("{replica}: {} bytes behind", sample.behind());
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct RedisReplica {
    name: String,
    replica: Door,
    primary: Option<Door>,
}

impl RedisReplica {
    /// Asks through a connection of the service, as
    /// [`RedisPrimary::shared`](super::RedisPrimary::shared) does.
    pub fn shared<C>(name: impl Into<String>, connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::through(name, Door::shared(connection))
    }

    /// Connects to `redis://[[user]:password@]host[:port]` by itself, and keeps one connection.
    pub fn connect(name: impl Into<String>, url: &str) -> Result<Self, InvalidSource> {
        Ok(Self::through(name, Door::url(url)?))
    }

    /// Connects by itself with a client of the service, and keeps one connection.
    pub fn client(name: impl Into<String>, client: Client) -> Self {
        Self::through(name, Door::own(client))
    }

    fn through(name: impl Into<String>, replica: Door) -> Self {
        Self {
            name: name.into(),
            replica,
            primary: None,
        }
    }

    /// Asks its primary too, at this URL.
    pub fn primary(mut self, url: &str) -> Result<Self, InvalidSource> {
        self.primary = Some(Door::url(url)?);
        Ok(self)
    }

    /// Asks its primary too, with a client of the service.
    pub fn primary_client(mut self, client: Client) -> Self {
        self.primary = Some(Door::own(client));
        self
    }
}

const NOT_LINKED: &str =
    "the replica has no link to its primary; see to the primary and the network";
const SYNCHRONISING: &str = "the replica is being sent the whole data set; wait until it has it";

fn alone(replica: &Replication) -> Result<Sample, SourceError> {
    let (at, link, received) = replica_of(replica)?;
    match link {
        Link::Up => Ok(sample(received.unwrap_or(at.offset), at, received)),
        Link::Synchronising => Err(SourceError::new(SYNCHRONISING)),
        Link::Down => Err(SourceError::new(NOT_LINKED)),
    }
}

fn against(replica: &Replication, primary: Position) -> Result<Sample, SourceError> {
    let (at, link, received) = replica_of(replica)?;
    if link == Link::Synchronising {
        return Err(SourceError::new(SYNCHRONISING));
    }
    if at.history != primary.history {
        return Err(SourceError::new(
            "the replica does not follow this primary, or has not seen yet that it failed over; see its master_host",
        ));
    }
    // Nothing shows that the next write will come.
    if link == Link::Down && at.offset >= primary.offset {
        return Err(SourceError::new(NOT_LINKED));
    }
    Ok(sample(primary.offset, at, received))
}

fn replica_of(replica: &Replication) -> Result<(Position, Link, Option<u64>), SourceError> {
    match replica {
        Replication::Replica { at, link, received } => Ok((*at, *link, *received)),
        Replication::Primary { .. } => Err(SourceError::new(
            "redis is a primary where a replica is expected; see whether it failed over, or correct the address",
        )),
    }
}

fn sample(leader: u64, at: Position, received: Option<u64>) -> Sample {
    Sample {
        received,
        ..Sample::new(leader, at.offset).epoch(at.history)
    }
}

/// Without the addresses, which may hold passwords.
impl fmt::Debug for RedisReplica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplica")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for RedisReplica {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let replica = self.replica.ask().await?;
        let (sample, leader) = match &self.primary {
            None => (alone(&replica), None),
            Some(door) => match door.ask().await? {
                Replication::Primary { at, .. } => (against(&replica, at), Some(at)),
                Replication::Replica { .. } => {
                    return Err(SourceError::new(
                        "redis is a replica where a primary is expected; see whether it failed over, or correct the address",
                    ));
                }
            },
        };
        let mut reading = FollowerReading::new(&self.name, sample);
        if let Replication::Replica {
            link: Link::Down, ..
        } = replica
        {
            reading = reading.remark(NOT_LINKED);
        }
        let readings = Readings::new().follower(reading);
        Ok(match leader {
            Some(at) => readings.leader(at.offset, at.history),
            None => readings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: u64, history: u64) -> Position {
        Position { offset, history }
    }

    fn replica(offset: u64, link: Link) -> Replication {
        Replication::Replica {
            at: at(offset, 7),
            link,
            received: Some(95),
        }
    }

    fn brief(sample: Result<Sample, SourceError>) -> String {
        match sample {
            Ok(sample) => format!("{}/{} of {}", sample.applied, sample.leader, sample.epoch),
            Err(error) => error.message().chars().take(40).collect(),
        }
    }

    #[test]
    fn views() {
        use Link::{Down, Synchronising, Up};
        for (link, applied, alone_says, primary, says) in [
            (Up, 90, "90/95 of 7", at(100, 7), "90/100 of 7"),
            (Up, 95, "95/95 of 7", at(95, 7), "95/95 of 7"),
            (
                Down,
                90,
                "the replica has no link to its primary; ",
                at(100, 7),
                "90/100 of 7",
            ),
            (
                Down,
                100,
                "the replica has no link to its primary; ",
                at(100, 7),
                "the replica has no link to its primary; ",
            ),
            (
                Down,
                90,
                "the replica has no link to its primary; ",
                at(9, 8),
                "the replica does not follow this primary",
            ),
            (
                Up,
                90,
                "90/95 of 7",
                at(90, 8),
                "the replica does not follow this primary",
            ),
            (
                Synchronising,
                90,
                "the replica is being sent the whole data",
                at(100, 7),
                "the replica is being sent the whole data",
            ),
        ] {
            let replica = replica(applied, link);
            assert_eq!(brief(alone(&replica)), alone_says);
            assert_eq!(brief(against(&replica, primary)), says);
        }
        let primary = Replication::Primary {
            at: at(100, 7),
            replicas: vec![],
        };
        assert!(brief(alone(&primary)).contains("is a primary where"));
    }
}
