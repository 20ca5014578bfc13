//! The standbys of a primary, as it sees them.
//!
//! How it is reached is in `door`.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Socket};

use super::door::Door;
use super::lsn::timeline;
use super::table::{Row, Unreadable};
use super::trouble;
use crate::clock;
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;
use crate::sources::silence::Silence;

/// The standbys first: what they have is then no more than what the primary has. A subscriber is
/// seen by its slot; a receiver of the log that applies nothing tells no `replay_lsn`. What not
/// every version has comes by way of JSON.
const SQL: &str = "SELECT r.application_name, s.slot_name, \
    pg_catalog.host(r.client_addr), r.state, r.write_lsn, r.flush_lsn, r.replay_lsn, \
    r.sync_state, pg_catalog.to_jsonb(r) ->> 'reply_time' \
    FROM pg_catalog.pg_stat_replication r \
    LEFT JOIN pg_catalog.pg_replication_slots s ON s.active_pid = r.pid \
    WHERE s.slot_type IS DISTINCT FROM 'logical' AND r.state IS DISTINCT FROM 'backup'; \
    SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() \
    THEN pg_catalog.pg_current_wal_flush_lsn() END, \
    CASE WHEN NOT pg_catalog.pg_is_in_recovery() \
    THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_flush_lsn()) END";

/// What a standby is called after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamedBy {
    /// Its `application_name`: the `cluster_name` of the standby, or what its
    /// `primary_conninfo` says; `walreceiver` if nobody gave it one.
    #[default]
    ApplicationName,
    /// Its replication slot; without one, its `application_name`.
    Slot,
    /// Its address; over a Unix socket, its `application_name`.
    Address,
}

/// The standbys of a primary, from its `pg_stat_replication`: received (`write_lsn`), flushed and
/// applied (`replay_lsn`), against `pg_current_wal_flush_lsn()`.
///
/// A standby that is not connected is not named, and so nothing is known of it. One that the
/// server still holds for connected, but that has not replied for a minute, is an error: it may
/// hang. Subscribers and receivers that apply nothing (`pg_receivewal`, backups) are left out; for
/// subscribers see [`PostgresSlots`](super::PostgresSlots). Details: `state`, `sync_state`.
///
/// The user needs `pg_monitor`; without it positions are hidden, and the poll is an error.
///
/// ```no_run
/// use health_lag::{Poller, Sample, postgres::PostgresPrimary};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let primary = PostgresPrimary::connect("postgres://watcher:secret@db1/postgres")?;
/// let polling = Poller::new("db1", primary).start(|standby: &str, sample: Sample| {
///     println!("{standby}: {} bytes behind", sample.behind());
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct PostgresPrimary {
    door: Door,
    named_by: NamedBy,
    silence: Duration,
    replies: Mutex<Silence>,
}

impl PostgresPrimary {
    /// Asks through a client of the service. Once its connection has ended nothing is known any
    /// more: a client does not reconnect.
    pub fn shared(client: Arc<Client>) -> Self {
        Self::through(Door::shared(client))
    }

    /// Connects by itself without TLS, and keeps one connection: with
    /// `postgres://user:password@host:port/database`, or `host=… user=… dbname=…`. The server sees
    /// it as `health-lag` unless the address has another `application_name`.
    pub fn connect(address: &str) -> Result<Self, InvalidSource> {
        Door::address(address).map(Self::through)
    }

    /// The same with `tls`, a connector such as `MakeRustlsConnect` of `tokio-postgres-rustls`,
    /// used as `sslmode` says.
    pub fn connect_with<T>(config: Config, tls: T) -> Result<Self, InvalidSource>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Door::own(config, tls).map(Self::through)
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            named_by: NamedBy::default(),
            silence: Duration::from_mins(1),
            replies: Mutex::default(),
        }
    }

    /// What a standby is called after.
    pub fn named_by(mut self, named_by: NamedBy) -> Self {
        self.named_by = named_by;
        self
    }

    /// For how long a standby may send no reply: more than its `wal_receiver_status_interval`.
    /// Before PostgreSQL 12 replies carry no time, and this has no effect.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }

    fn readings(&self, tables: &[Vec<Row>], now: Instant) -> Result<Readings, SourceError> {
        let [standbys, primary] = tables else {
            return Err(trouble::foreign());
        };
        let leader = primary.first().ok_or_else(trouble::foreign)?;
        let (position, epoch) = leader_of(leader).map_err(|_| trouble::foreign())?.ok_or_else(|| {
            SourceError::new(
                "postgres is a standby where a primary is expected; see whether it failed over, or correct the address",
            )
        })?;
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut readings = Readings::new().leader(position, epoch);
        for row in standbys {
            let standby = Standby::read(row, self.named_by).map_err(|_| trouble::foreign())?;
            let Some(state) = standby.state else {
                return Err(SourceError::new(
                    "postgres hides the standbys from this user; GRANT pg_monitor TO it",
                ));
            };
            let Some(applied) = standby.applied else {
                continue;
            };
            let still = standby
                .replied
                .map(|at| replies.of(standby.name, at, now))
                .filter(|still| *still > self.silence);
            let sample = match still {
                Some(_) => Err(SourceError::new(format!(
                    "the standby has not replied for more than {:?}; see whether it hangs, or is cut off",
                    self.silence
                ))),
                None => Ok(standby.sample(position, applied, epoch)),
            };
            let mut reading = FollowerReading::new(standby.name, sample).detail("state", state);
            if let Some(sync_state) = standby.sync_state {
                reading = reading.detail("sync_state", sync_state);
            }
            readings = readings.follower(reading);
        }
        let named: HashSet<&str> = readings
            .followers()
            .iter()
            .map(|it| it.follower.as_str())
            .collect();
        replies.keep_only(|name| named.contains(name));
        Ok(readings)
    }
}

/// How far a primary is, and on which timeline; `None` of a standby.
pub(super) fn leader_of(row: &Row) -> Result<Option<(u64, u64)>, Unreadable> {
    let Some(position) = row.lsn(0)? else {
        return Ok(None);
    };
    let epoch = row.text(1)?.and_then(timeline).ok_or(Unreadable)?;
    Ok(Some((position, epoch)))
}

/// A row of `pg_stat_replication`.
struct Standby<'a> {
    name: &'a str,
    state: Option<&'a str>,
    received: Option<u64>,
    flushed: Option<u64>,
    applied: Option<u64>,
    sync_state: Option<&'a str>,
    replied: Option<&'a str>,
}

impl<'a> Standby<'a> {
    fn read(row: &'a Row, named_by: NamedBy) -> Result<Self, Unreadable> {
        let (application, slot, address) = (row.text(0)?, row.text(1)?, row.text(2)?);
        let wanted = match named_by {
            NamedBy::ApplicationName => application,
            NamedBy::Slot => slot,
            NamedBy::Address => address,
        };
        let mut names = [wanted, application, slot, address].into_iter().flatten();
        Ok(Self {
            name: names.find(|name| !name.is_empty()).unwrap_or("unnamed"),
            state: row.text(3)?,
            received: row.lsn(4)?,
            flushed: row.lsn(5)?,
            applied: row.lsn(6)?,
            sync_state: row.text(7)?,
            replied: row.text(8)?,
        })
    }

    fn sample(&self, leader: u64, applied: u64, epoch: u64) -> Sample {
        Sample {
            received: self.received,
            flushed: self.flushed,
            ..Sample::new(leader, applied).epoch(epoch)
        }
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for PostgresPrimary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresPrimary")
            .field("named_by", &self.named_by)
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for PostgresPrimary {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let tables = self.door.ask(SQL).await?;
        self.readings(&tables, clock::instant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> PostgresPrimary {
        PostgresPrimary::connect("host=db01").unwrap()
    }

    fn leader() -> Vec<Row> {
        vec![Row::of(&[Some("0/100"), Some("000000020000000000000003")])]
    }

    fn standby(name: &str, replay: Option<&str>, replied: Option<&str>) -> Row {
        Row::of(&[
            Some(name),
            Some("slot1"),
            Some("10.0.0.7"),
            Some("streaming"),
            Some("0/C0"),
            Some("0/B0"),
            replay,
            Some("async"),
            replied,
        ])
    }

    #[test]
    fn rows() {
        let rows = vec![
            standby("s1", Some("0/A0"), None),
            // A receiver of the log that applies nothing.
            standby("pg_receivewal", None, None),
        ];
        let now = clock::instant();
        for (named_by, name) in [
            (NamedBy::ApplicationName, "s1"),
            (NamedBy::Slot, "slot1"),
            (NamedBy::Address, "10.0.0.7"),
        ] {
            let source = source().named_by(named_by);
            let readings = source.readings(&[rows.clone(), leader()], now).unwrap();
            let [reading] = readings.followers() else {
                panic!("{readings:?}")
            };
            assert_eq!(reading.follower, name);
            let expected = Sample::new(0x100, 0xA0)
                .received(0xC0)
                .flushed(0xB0)
                .epoch(2);
            assert_eq!(reading.sample.as_ref().unwrap(), &expected);
            assert_eq!(reading.details["state"], "streaming");
        }
    }

    #[test]
    fn what_is_hidden_or_strange_is_an_error() {
        let hidden = Row::of(&[None; 9]);
        let recovering = vec![Row::of(&[None, None])];
        for (tables, words) in [
            (vec![vec![hidden], leader()], "GRANT pg_monitor"),
            (vec![vec![], recovering], "is a standby"),
            (vec![vec![], vec![]], "correct its address"),
            (vec![leader()], "correct its address"),
            (
                vec![vec![Row::of(&[None])], leader()],
                "correct its address",
            ),
            (
                vec![vec![standby("s1", Some("0-A0"), None)], leader()],
                "correct its address",
            ),
        ] {
            let error = source().readings(&tables, clock::instant()).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn a_standby_that_does_not_reply_is_not_known() {
        let source = source();
        let origin = clock::instant();
        for (at, replied, known) in [
            (0, "a", true),
            (60, "a", true),
            (61, "a", false),
            (62, "b", true),
            (122, "b", true),
            (123, "b", false),
        ] {
            let rows = vec![standby("s1", Some("0/100"), Some(replied))];
            let now = origin + Duration::from_secs(at);
            let readings = source.readings(&[rows, leader()], now).unwrap();
            let sample = &readings.followers()[0].sample;
            assert_eq!(sample.is_ok(), known, "at {at}: {sample:?}");
        }
    }

    #[test]
    fn addresses() {
        for (address, words) in [
            ("postgres://alice:sw0rdfish@db01/shop", ""),
            ("host=/run/postgresql user=alice", ""),
            ("postgres://alice:sw0rdfish@db01:port/shop", "cannot use"),
            ("password=sw0rdfish sw0rdfish", "cannot use"),
            ("", "nowhere"),
            (
                "postgres://alice:sw0rdfish@db01/shop?sslmode=require",
                "connect_with",
            ),
        ] {
            let refused = match PostgresPrimary::connect(address) {
                Ok(source) => {
                    let shown = format!("{source:?}");
                    assert!(!shown.contains("sw0rdfish") && !shown.contains("db01"));
                    String::new()
                }
                Err(error) => error.to_string(),
            };
            assert!(refused.contains(words), "{address}: {refused}");
            assert_eq!(refused.is_empty(), words.is_empty(), "{address}");
            assert!(!refused.contains("sw0rdfish"), "{refused}");
        }
    }
}
