//! Replication slots: what their consumers have confirmed, and what they hold back.
//!
//! How the server is reached is in `door`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Socket};

use super::door::Door;
use super::primary::leader_of;
use super::table::{Row, Unreadable};
use super::trouble;
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;

/// Slots that live for a moment are left out: those of one session, and those by which a
/// subscriber copies a table.
const SQL: &str = "SELECT s.slot_name, s.slot_type, s.active, s.restart_lsn, \
    s.confirmed_flush_lsn, pg_catalog.to_jsonb(s) ->> 'wal_status', \
    pg_catalog.to_jsonb(s) ->> 'safe_wal_size' \
    FROM pg_catalog.pg_replication_slots s \
    WHERE NOT s.temporary AND s.slot_name::text !~ '^pg_[0-9]+_sync_[0-9]+_[0-9]+$'; \
    SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() \
    THEN pg_catalog.pg_current_wal_flush_lsn() END, \
    CASE WHEN NOT pg_catalog.pg_is_in_recovery() \
    THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_flush_lsn()) END";

/// The replication slots of a primary, each a follower: a logical one by what its subscriber has
/// confirmed (`confirmed_flush_lsn`), a physical one by what its standby has flushed
/// (`restart_lsn`), which is not all applied yet.
///
/// A slot that nobody uses is behind as its positions say, with a remark: the server keeps for it
/// all of the log since. One that has lost its log is an error; one that was dropped is forgotten.
/// Details: `type`, `active`, `retained_bytes` (the log kept for it), and from PostgreSQL 13 on
/// `wal_status` and, with `max_slot_wal_keep_size`, `safe_bytes` (how much more may be written
/// before it loses its log; negative when it is due).
///
/// ```no_run
/// use health_lag::{Poller, Sample, postgres::PostgresSlots};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let slots = PostgresSlots::connect("postgres://watcher:secret@db1/postgres")?.logical_only();
/// let polling = Poller::new("db1 slots", slots).start(|slot: &str, sample: Sample| {
///     println!("{slot}: {} bytes behind", sample.behind());
/// })?;
/// for slot in polling.state().followers.values() {
///     println!("{:?}", slot.reading().details.get("retained_bytes"));
/// }
/// # Ok(())
/// # }
/// ```
pub struct PostgresSlots {
    door: Door,
    logical_only: bool,
}

impl PostgresSlots {
    /// Asks through a client of the service. Once its connection has ended nothing is known any
    /// more: a client does not reconnect.
    pub fn shared(client: Arc<Client>) -> Self {
        Self::through(Door::shared(client))
    }

    /// Connects by itself, as [`PostgresPrimary::connect`](super::PostgresPrimary::connect) does.
    pub fn connect(address: &str) -> Result<Self, InvalidSource> {
        Door::address(address).map(Self::through)
    }

    /// The same with TLS, as
    /// [`PostgresPrimary::connect_with`](super::PostgresPrimary::connect_with) does.
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
            logical_only: false,
        }
    }

    /// Leaves physical slots out.
    pub fn logical_only(mut self) -> Self {
        self.logical_only = true;
        self
    }

    fn readings(&self, tables: &[Vec<Row>]) -> Result<Readings, SourceError> {
        let [slots, primary] = tables else {
            return Err(trouble::foreign());
        };
        let leader = primary.first().ok_or_else(trouble::foreign)?;
        let (position, epoch) = leader_of(leader).map_err(|_| trouble::foreign())?.ok_or_else(|| {
            SourceError::new(
                "postgres is a standby where a primary is expected; see whether it failed over, or correct the address",
            )
        })?;
        let mut readings = Readings::new().leader(position, epoch).complete();
        for row in slots {
            let slot = Slot::read(row).map_err(|_| trouble::foreign())?;
            if slot.logical || !self.logical_only {
                readings = readings.follower(slot.reading(position, epoch));
            }
        }
        Ok(readings)
    }
}

/// A row of `pg_replication_slots`.
struct Slot<'a> {
    name: &'a str,
    logical: bool,
    active: bool,
    restart: Option<u64>,
    confirmed: Option<u64>,
    wal_status: Option<&'a str>,
    safe_bytes: Option<i64>,
}

impl<'a> Slot<'a> {
    fn read(row: &'a Row) -> Result<Self, Unreadable> {
        let safe_bytes = row
            .text(6)?
            .map(|text| text.parse().map_err(|_| Unreadable));
        Ok(Self {
            name: row.text(0)?.ok_or(Unreadable)?,
            logical: row.text(1)? == Some("logical"),
            active: row.truth(2)?,
            restart: row.lsn(3)?,
            confirmed: row.lsn(4)?,
            wal_status: row.text(5)?,
            safe_bytes: safe_bytes.transpose()?,
        })
    }

    fn reading(&self, leader: u64, epoch: u64) -> FollowerReading {
        let retained = self.restart.map(|from| leader.saturating_sub(from));
        let mut reading = FollowerReading::new(self.name, self.sample(leader, epoch))
            .detail("type", if self.logical { "logical" } else { "physical" })
            .detail("active", self.active);
        for (key, value) in [
            ("retained_bytes", retained.map(serde_json::Value::from)),
            ("wal_status", self.wal_status.map(serde_json::Value::from)),
            ("safe_bytes", self.safe_bytes.map(serde_json::Value::from)),
        ] {
            if let Some(value) = value {
                reading = reading.detail(key, value);
            }
        }
        match (self.wal_status, self.active, retained) {
            (Some("unreserved"), ..) => reading.remark(
                "the slot is about to lose its log; speed its consumer up, or raise max_slot_wal_keep_size",
            ),
            (_, false, Some(bytes)) => reading.remark(format!(
                "nobody uses the slot, and {bytes} bytes of the log are kept for it; start its consumer, or drop the slot"
            )),
            _ => reading,
        }
    }

    fn sample(&self, leader: u64, epoch: u64) -> Result<Sample, SourceError> {
        if self.wal_status == Some("lost") {
            return Err(SourceError::new(
                "the slot has lost its log; drop it, and set its consumer up anew",
            ));
        }
        let confirmed = if self.logical {
            self.confirmed
        } else {
            self.restart
        };
        let confirmed = confirmed
            .ok_or_else(|| SourceError::new("the slot was never used; connect its consumer"))?;
        Ok(Sample::new(leader, confirmed).epoch(epoch))
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for PostgresSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSlots")
            .field("logical_only", &self.logical_only)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for PostgresSlots {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let tables = self.door.ask(SQL).await?;
        self.readings(&tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, type, active, restart, confirmed, status, safe size.
    type Columns = [&'static str; 7];

    fn row(columns: Columns) -> Row {
        Row::of(&columns.map(|text| Some(text).filter(|it| !it.is_empty())))
    }

    fn read(columns: Columns) -> Result<Readings, SourceError> {
        let leader = Row::of(&[Some("0/100"), Some("000000020000000000000003")]);
        let source = PostgresSlots::connect("host=db01").unwrap();
        source.readings(&[vec![row(columns)], vec![leader]])
    }

    #[test]
    fn slots() {
        for (columns, applied, remark) in [
            (
                ["a", "logical", "t", "0/80", "0/A0", "reserved", ""],
                Ok(0xA0),
                "",
            ),
            (
                ["a", "logical", "f", "0/80", "0/A0", "extended", "9"],
                Ok(0xA0),
                "128 bytes",
            ),
            (
                ["a", "logical", "t", "0/80", "0/A0", "unreserved", "-9"],
                Ok(0xA0),
                "about to lose",
            ),
            (
                ["a", "logical", "f", "", "0/A0", "lost", ""],
                Err("has lost its log"),
                "",
            ),
            (
                ["a", "physical", "t", "0/80", "", "reserved", ""],
                Ok(0x80),
                "",
            ),
            (
                ["a", "physical", "f", "0/100", "", "", ""],
                Ok(0x100),
                "nobody uses",
            ),
            (
                ["a", "physical", "f", "", "", "", ""],
                Err("never used"),
                "",
            ),
        ] {
            let readings = read(columns).unwrap();
            assert!(readings.complete);
            let reading = &readings.followers()[0];
            match (&reading.sample, applied) {
                (Ok(sample), Ok(applied)) => {
                    assert_eq!(*sample, Sample::new(0x100, applied).epoch(2));
                }
                (Err(error), Err(words)) => assert!(error.message().contains(words), "{error}"),
                other => panic!("{columns:?}: {other:?}"),
            }
            let told = reading.remark.as_deref().unwrap_or_default();
            assert!(
                told.contains(remark) && told.is_empty() == remark.is_empty(),
                "{told}"
            );
        }
        let readings = read(["a", "logical", "f", "0/80", "0/A0", "extended", "-9"]).unwrap();
        let details = &readings.followers()[0].details;
        for (key, value) in [
            ("type", "\"logical\""),
            ("active", "false"),
            ("retained_bytes", "128"),
            ("wal_status", "\"extended\""),
            ("safe_bytes", "-9"),
        ] {
            assert_eq!(details[key].to_string(), value, "{key}");
        }
    }

    #[test]
    fn what_does_not_read_is_an_error() {
        for columns in [
            ["", "logical", "t", "0/80", "0/A0", "", ""],
            ["a", "logical", "", "0/80", "0/A0", "", ""],
            ["a", "logical", "t", "80", "0/A0", "", ""],
            ["a", "logical", "t", "0/80", "0/A0", "", "much"],
        ] {
            let error = read(columns).unwrap_err();
            assert!(error.message().contains("correct its address"), "{error}");
        }
    }
}
