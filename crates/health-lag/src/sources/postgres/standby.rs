//! A standby by its own view: what it has applied, and what its primary last told it.
//!
//! How it is reached is in `door`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Socket};

use super::door::Door;
use super::table::{Row, Unreadable};
use super::trouble;
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;

/// What is applied first: it is then no more than what is received. What not every version has
/// comes by way of JSON. The age is between two readings of the standby's own clock.
const SQL: &str = "SELECT pg_catalog.pg_is_in_recovery(), \
    pg_catalog.pg_last_wal_replay_lsn(), \
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() END; \
    SELECT pg_catalog.pg_last_wal_receive_lsn(), w.pid, w.status, w.latest_end_lsn, \
    w.received_tli, coalesce(pg_catalog.to_jsonb(w) ->> 'flushed_lsn', \
    pg_catalog.to_jsonb(w) ->> 'received_lsn'), \
    extract(epoch FROM pg_catalog.clock_timestamp() - w.last_msg_receipt_time)::float8 \
    FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_wal_receiver w ON true";

/// One standby by its own view, under a name that you give: what it has applied, against the
/// furthest that its primary is known to be.
///
/// That is what it has received, or `latest_end_lsn`: how far the primary had written when it sent
/// its last message. So a primary that is ahead of what it sends, or cut off, is not seen at once;
/// [`PostgresPrimary`](super::PostgresPrimary) sees it. Without a connection to the primary, or
/// without a message from it for a minute (of an idle primary one comes every half
/// `wal_receiver_timeout`, 30 s), nothing is known of the primary, and so of the lag: an error. A
/// standby that only restores from an archive never knows it. A paused replay is told by a remark
/// and the detail `paused`.
///
/// The user needs `pg_monitor`; without it the poll is an error.
///
/// ```no_run
/// use health_lag::{Poller, Sample, postgres::PostgresStandby};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let standby = PostgresStandby::connect("db2", "postgres://watcher:secret@db2/postgres")?;
/// let polling = Poller::new("db2", standby).start(|standby: &str, sample: Sample| {
///     println!("{standby}: {} bytes behind", sample.behind());
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct PostgresStandby {
    name: String,
    door: Door,
    silence: Duration,
}

impl PostgresStandby {
    /// Asks through a client of the service. Once its connection has ended nothing is known any
    /// more: a client does not reconnect.
    pub fn shared(name: impl Into<String>, client: Arc<Client>) -> Self {
        Self::through(name, Door::shared(client))
    }

    /// Connects by itself, as [`PostgresPrimary::connect`](super::PostgresPrimary::connect) does.
    pub fn connect(name: impl Into<String>, address: &str) -> Result<Self, InvalidSource> {
        Ok(Self::through(name, Door::address(address)?))
    }

    /// The same with TLS, as
    /// [`PostgresPrimary::connect_with`](super::PostgresPrimary::connect_with) does.
    pub fn connect_with<T>(
        name: impl Into<String>,
        config: Config,
        tls: T,
    ) -> Result<Self, InvalidSource>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Ok(Self::through(name, Door::own(config, tls)?))
    }

    fn through(name: impl Into<String>, door: Door) -> Self {
        Self {
            name: name.into(),
            door,
            silence: Duration::from_mins(1),
        }
    }

    /// For how long the primary may send no message: more than half the `wal_receiver_timeout`.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }

    fn reading(&self, tables: &[Vec<Row>]) -> Result<FollowerReading, SourceError> {
        let [state, receiver] = tables else {
            return Err(trouble::foreign());
        };
        let (state, receiver) = state
            .first()
            .zip(receiver.first())
            .ok_or_else(trouble::foreign)?;
        let view = View::read(state, receiver).map_err(|_| trouble::foreign())?;
        let reading = FollowerReading::new(&self.name, view.sample(self.silence))
            .detail("paused", view.paused);
        Ok(if view.paused {
            reading.remark("replay is paused; resume it with pg_wal_replay_resume()")
        } else {
            reading
        })
    }
}

/// A standby's link to its primary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Down,
    /// There is one, of which this user may see no more.
    Hidden,
    Connecting,
    Streaming,
}

/// What a standby says.
struct View {
    recovering: bool,
    applied: Option<u64>,
    paused: bool,
    received: Option<u64>,
    link: Link,
    told: Option<u64>,
    timeline: Option<u64>,
    flushed: Option<u64>,
    /// Of the last message, in seconds.
    age: Option<f64>,
}

impl View {
    fn read(state: &Row, receiver: &Row) -> Result<Self, Unreadable> {
        let recovering = state.truth(0)?;
        let number = |column: usize| receiver.text(column);
        Ok(Self {
            recovering,
            applied: state.lsn(1)?,
            paused: recovering && state.truth(2)?,
            received: receiver.lsn(0)?,
            link: match (receiver.text(1)?, receiver.text(2)?) {
                (None, _) => Link::Down,
                (Some(_), None) => Link::Hidden,
                (Some(_), Some("streaming")) => Link::Streaming,
                (Some(_), Some(_)) => Link::Connecting,
            },
            told: receiver.lsn(3)?,
            timeline: parsed(number(4)?)?,
            flushed: receiver.lsn(5)?,
            age: parsed(number(6)?)?,
        })
    }

    fn sample(&self, silence: Duration) -> Result<Sample, SourceError> {
        let error = |message: &'static str| Err(SourceError::new(message));
        if !self.recovering {
            return error(
                "postgres is a primary where a standby is expected; see whether it failed over, or correct the address",
            );
        }
        match self.link {
            Link::Down => {
                return error(
                    "the standby is not connected to its primary, and does not know how far that is; see to primary_conninfo, the primary and the network",
                );
            }
            Link::Hidden => {
                return error(
                    "postgres hides its WAL receiver from this user; GRANT pg_monitor TO it",
                );
            }
            Link::Connecting => {
                return error(
                    "the standby is connecting to its primary, and does not know yet how far that is",
                );
            }
            Link::Streaming => {}
        }
        let (Some(applied), Some(told), Some(timeline)) = (self.applied, self.told, self.timeline)
        else {
            return error("the standby has not heard yet how far its primary is");
        };
        if self.age.is_some_and(|age| age > silence.as_secs_f64()) {
            return Err(SourceError::new(format!(
                "the standby has heard nothing from its primary for more than {silence:?}; see whether that hangs, or is cut off"
            )));
        }
        let received = self.received.unwrap_or(applied).max(applied);
        Ok(Sample {
            received: Some(received),
            flushed: self.flushed,
            ..Sample::new(told.max(received), applied).epoch(timeline)
        })
    }
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, Unreadable> {
    text.map(|text| text.parse().map_err(|_| Unreadable))
        .transpose()
}

/// Without the address, which may hold a password.
impl fmt::Debug for PostgresStandby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStandby")
            .field("name", &self.name)
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for PostgresStandby {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let tables = self.door.ask(SQL).await?;
        Ok(Readings::new().follower(self.reading(&tables)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(state: &[&str], receiver: &[&str]) -> Result<FollowerReading, SourceError> {
        let row = |columns: &[&str]| {
            let columns: Vec<_> = columns
                .iter()
                .map(|text| Some(*text).filter(|it| !it.is_empty()))
                .collect();
            vec![Row::of(&columns)]
        };
        let source = PostgresStandby::connect("s", "host=db02").unwrap();
        source.reading(&[row(state), row(receiver)])
    }

    #[test]
    fn positions() {
        let streaming = |received, told| [received, "7", "streaming", told, "2", "0/B0", "1.5"];
        for (applied, received, told, expected) in [
            // What the primary has told is more than what has come.
            (
                "0/A0",
                "0/C0",
                "0/100",
                Sample::new(0x100, 0xA0).received(0xC0),
            ),
            // More has come than it had told before.
            (
                "0/A0",
                "0/C0",
                "0/B0",
                Sample::new(0xC0, 0xA0).received(0xC0),
            ),
            // It was restored from an archive, and has received nothing to speak of.
            (
                "0/F0",
                "0/C0",
                "0/B0",
                Sample::new(0xF0, 0xF0).received(0xF0),
            ),
            ("0/A0", "", "0/B0", Sample::new(0xB0, 0xA0).received(0xA0)),
        ] {
            let reading = read(&["t", applied, "f"], &streaming(received, told)).unwrap();
            let expected = expected.flushed(0xB0).epoch(2);
            assert_eq!(reading.sample.unwrap(), expected);
            assert_eq!(reading.remark, None);
        }
        let paused = read(&["t", "0/A0", "t"], &streaming("0/C0", "0/C0")).unwrap();
        assert!(paused.remark.unwrap().contains("pg_wal_replay_resume"));
        assert_eq!(paused.sample.unwrap().behind(), 0x20);
    }

    #[test]
    fn what_cannot_be_known_is_an_error() {
        let standby = ["t", "0/A0", "f"];
        for (state, receiver, words) in [
            (["f", "", ""], ["", "", "", "", "", "", ""], "is a primary"),
            (
                standby,
                ["0/C0", "", "", "", "", "", ""],
                "not connected to its primary",
            ),
            (
                standby,
                ["0/C0", "7", "", "", "", "", ""],
                "GRANT pg_monitor",
            ),
            (
                standby,
                ["0/C0", "7", "waiting", "", "2", "", ""],
                "is connecting",
            ),
            (
                standby,
                ["0/C0", "7", "streaming", "", "2", "", "1"],
                "not heard yet",
            ),
            (
                standby,
                ["0/C0", "7", "streaming", "0/C0", "2", "", "61.2"],
                "for more than 60s",
            ),
        ] {
            let error = read(&state, &receiver).unwrap().sample.unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
        for (state, receiver) in [
            (
                &["x", "0/A0", "f"][..],
                &["0/C0", "", "", "", "", "", ""][..],
            ),
            (
                &["t", "0/A0", "f"],
                &["0/C0", "7", "streaming", "0/C0", "two", "", ""],
            ),
            (&["t", "0/A0", "f"], &["0/C0"]),
        ] {
            let error = read(state, receiver).unwrap_err();
            assert!(error.message().contains("correct its address"), "{error}");
        }
    }
}
