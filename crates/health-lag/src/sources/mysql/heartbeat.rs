//! A replica by the time that is written to a table on its primary.
//!
//! How they are reached is in `server`.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mysql_async::Row;

use super::NAME;
use super::replica::value;
use super::server::MysqlServer;
use super::trouble;
use crate::clock;
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;
use crate::sources::silence::Silence;

/// As `pt-heartbeat` writes it, and sorted as text as it is in time.
const FORMAT: &str = "'%Y-%m-%dT%H:%i:%s.%f'";

/// One replica by a heartbeat, under a name that you give: a time that is written to a row of a
/// table on its primary, and arrives with all else. Positions are its microseconds; whether the
/// primary's clock is right does not matter, as only its progress does.
///
/// The table is that of `pt-heartbeat` (run it with `--utc`): the time in `ts`, as text or as
/// `DATETIME(6)`, in the row with the primary's id in `server_id`. Or this source
/// [writes](Self::write) it with each poll, after it has read; then the lag is as fine as the
/// polls are frequent. A heartbeat that stands still for 10 s is an error: nobody writes it.
///
/// The user needs to `SELECT` from the table on both servers.
///
/// ```no_run
/// use health_lag::mysql::{MysqlHeartbeat, MysqlServer};
/// use health_lag::{Poller, Sample};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let replica = MysqlServer::connect("mysql://watcher:secret@db2")?;
/// let primary = MysqlServer::connect("mysql://watcher:secret@db1")?;
/// let source = MysqlHeartbeat::new("db2", replica, primary, "ops.heartbeat")?.write();
/// let polling = Poller::new("db2", source).start(|replica: &str, sample: Sample| {
///     println!("{replica}: {} µs behind", sample.behind());
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct MysqlHeartbeat {
    name: String,
    replica: MysqlServer,
    primary: MysqlServer,
    /// Quoted.
    table: String,
    writes: bool,
    silence: Duration,
    beats: Mutex<Silence>,
}

impl MysqlHeartbeat {
    /// With a table, by `database.table`.
    pub fn new(
        name: impl Into<String>,
        replica: MysqlServer,
        primary: MysqlServer,
        table: &str,
    ) -> Result<Self, InvalidSource> {
        let table = quoted(table).ok_or_else(|| {
            InvalidSource::new(
                NAME,
                "cannot use the name of the heartbeat table; give database.table",
            )
        })?;
        Ok(Self {
            name: name.into(),
            replica,
            primary,
            table,
            writes: false,
            silence: Duration::from_secs(10),
            beats: Mutex::default(),
        })
    }

    /// Writes the heartbeat too, with each poll: makes the table if there is none, and needs to
    /// `CREATE`, `INSERT` and `UPDATE` it on the primary. A primary that is read-only is not
    /// written to: it may have failed over. So have servers start with `read_only`: an old primary
    /// that comes back as it was is written to, and then has what its successor lacks.
    pub fn write(mut self) -> Self {
        self.writes = true;
        self
    }

    /// For how long the heartbeat may stand still on the primary: more than the interval in which
    /// it is written.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }

    /// The microseconds of the heartbeat of this server.
    async fn read(&self, server: &MysqlServer, id: u64) -> Result<Option<u64>, SourceError> {
        let sql = format!(
            "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', CAST(REPLACE(ts, 'T', ' ') AS \
             DATETIME(6))) FROM {} WHERE server_id = {id}",
            self.table
        );
        match server.try_ask(&[&sql]).await {
            Ok(answer) => {
                let row = answer.first().and_then(|rows| rows.first());
                row.map(microseconds).transpose()
            }
            Err(error) if trouble::is_no_table(&error) => Ok(None),
            Err(error) => Err(trouble::failure(error)),
        }
    }

    /// Writes the next one, and says what it is. It never goes back, though the clock may.
    async fn beat(&self, id: u64, last: Option<u64>) -> Result<u64, SourceError> {
        let table = &self.table;
        if last.is_none() {
            // As `pt-heartbeat` makes it, as far as it is used.
            let create = format!(
                "CREATE TABLE IF NOT EXISTS {table} (ts VARCHAR(26) NOT NULL, \
                 server_id INT UNSIGNED NOT NULL PRIMARY KEY)"
            );
            self.primary.ask(&[&create]).await?;
        }
        let last = last.unwrap_or(0);
        let now = format!(
            "SELECT DATE_FORMAT(next, {FORMAT}), TIMESTAMPDIFF(MICROSECOND, '1970-01-01', next) \
             FROM (SELECT GREATEST(UTC_TIMESTAMP(6), CAST('1970-01-01' AS DATETIME(6)) \
             + INTERVAL {} MICROSECOND) AS next) one",
            last.saturating_add(1)
        );
        let answer = self.primary.ask(&[&now]).await?;
        let (text, next): (String, u64) = (value(&answer, 0, 0)?, value(&answer, 0, 1)?);
        // What is written is put into the log as it is, however that is made; and another writer's
        // is not undone.
        let is_time = |c: u8| c.is_ascii_digit() || b"-T:.".contains(&c);
        if !text.bytes().all(is_time) {
            return Err(trouble::foreign());
        }
        let write = format!(
            "INSERT INTO {table} (ts, server_id) VALUES ('{text}', {id}) \
             ON DUPLICATE KEY UPDATE ts = GREATEST(ts, '{text}')"
        );
        self.primary.ask(&[&write]).await?;
        Ok(next)
    }

    /// Whether the last heartbeat is one: it moves, or is about to be written.
    fn alive(&self, last: Option<u64>) -> Result<u64, SourceError> {
        let last = last.ok_or_else(|| {
            SourceError::new(
                "the primary has no heartbeat; run what writes it, or have this source write it",
            )
        })?;
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        let still = beats.of("", &last.to_string(), clock::instant());
        if still > self.silence && !self.writes {
            return Err(SourceError::new(format!(
                "the heartbeat on the primary stands still for more than {:?}; see whether what writes it runs",
                self.silence
            )));
        }
        Ok(last)
    }
}

fn microseconds(row: &Row) -> Result<u64, SourceError> {
    row.get_opt(0).and_then(Result::ok).ok_or_else(|| {
        SourceError::new(
            "the heartbeat is no time; see that its column ts holds a time as pt-heartbeat writes it",
        )
    })
}

/// The two names in backticks.
fn quoted(table: &str) -> Option<String> {
    let (database, table) = table.split_once('.')?;
    let good = |name: &str| {
        !name.is_empty() && name.len() <= 64 && !name.contains(['`', '.', '\0', '\\', '\''])
    };
    (good(database) && good(table)).then(|| format!("`{database}`.`{table}`"))
}

/// Without the addresses, which may hold passwords.
impl fmt::Debug for MysqlHeartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlHeartbeat")
            .field("name", &self.name)
            .field("table", &self.table)
            .field("writes", &self.writes)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for MysqlHeartbeat {
    /// Reads the replica, then the primary, and writes last: so the replica has had the time between
    /// two polls for what is expected of it, and the leader is known at the moment of the write.
    async fn poll(&self) -> Result<Readings, SourceError> {
        let answer = self
            .primary
            .ask(&["SELECT @@global.server_id, @@global.read_only"])
            .await?;
        let id: u64 = value(&answer, 0, 0)?;
        let read_only: String = value(&answer, 0, 1)?;
        if self.writes && !matches!(read_only.as_str(), "0" | "OFF") {
            return Err(SourceError::new(
                "the primary is read-only, and no heartbeat is written; see whether it failed over",
            ));
        }
        let answer = self.replica.ask(&["SELECT @@global.server_id"]).await?;
        if value::<u64>(&answer, 0, 0)? == id {
            return Err(SourceError::new(
                "the replica is its primary, or has its server_id; correct an address, or give each an id of its own",
            ));
        }
        let applied = self.read(&self.replica, id).await?;
        let last = self.read(&self.primary, id).await?;
        let leader = match (last, self.writes) {
            (None, true) => None,
            (last, _) => Some(self.alive(last)?),
        };
        let sample = applied.zip(leader).map_or_else(
            || {
                Err(SourceError::new(
                    "no heartbeat of its primary has come to the replica yet; see whether it replicates the table",
                ))
            },
            |(applied, leader)| Ok(Sample::new(leader, applied).epoch(id)),
        );
        let next = if self.writes {
            Some(self.beat(id, last).await?)
        } else {
            leader
        };
        let readings = Readings::new().follower(FollowerReading::new(&self.name, sample));
        Ok(match next {
            Some(position) => readings.leader(position, id),
            None => readings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables() {
        for (name, expected) in [
            ("ops.heartbeat", Some("`ops`.`heartbeat`")),
            ("my ops.h", Some("`my ops`.`h`")),
            ("heartbeat", None),
            ("a.b.c", None),
            (".b", None),
            ("a.", None),
            ("a.b` WHERE `x", None),
            ("a.b\\", None),
            ("", None),
        ] {
            assert_eq!(quoted(name).as_deref(), expected, "{name}");
        }
    }
}
