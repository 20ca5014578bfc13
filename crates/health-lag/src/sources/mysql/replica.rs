//! A replica by its positions, with or without those of its primary.
//!
//! How they are reached is in `server`, how a replica's status reads in `status`.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mysql_async::Row;

use super::binlog::Binlogs;
use super::gtid::Gtids;
use super::server::MysqlServer;
use super::status::{self, Status};
use super::trouble;
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;

const VERSION: &str = "SELECT @@version";
const APPLIED_GTIDS: &str = "SELECT @@global.gtid_slave_pos";
const PRIMARY_GTIDS: &str = "SELECT @@global.server_id, @@global.log_bin, @@global.gtid_binlog_pos";
const PRIMARY: &str = "SELECT @@global.server_id, @@global.log_bin";
const FILES: &str = "SHOW BINARY LOGS";

/// One replica by what it has applied, under a name that you give: against its primary, or by ids
/// also against what it has received.
///
/// A replica that is broken (one of its threads does not run, and `Seconds_Behind_Master` is NULL)
/// is as far behind as it is, with a remark; one that is broken and has all there is may not apply
/// the next write, so that is an error, not a lag of zero. Without its primary it is known only
/// while it receives. One that follows another server than this primary is an error. Details:
/// `receives`, `applies` and, unless it is NULL, `seconds_behind` as the server has it.
///
/// The user needs `REPLICATION CLIENT`, or on MariaDB `SLAVE MONITOR` on the replica and
/// `BINLOG MONITOR` on the primary.
///
/// ```no_run
/// use health_lag::mysql::{MysqlReplica, MysqlServer};
/// use health_lag::{Poller, Sample};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// let replica = MysqlServer::connect("mysql://watcher:secret@db2")?;
/// let primary = MysqlServer::connect("mysql://watcher:secret@db1")?;
/// let source = MysqlReplica::by_gtid("db2", replica).primary(primary);
/// let polling = Poller::new("db2", source).start(|replica: &str, sample: Sample| {
///     println!("{replica}: {} transactions behind", sample.behind());
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct MysqlReplica {
    name: String,
    replica: MysqlServer,
    channel: Option<String>,
    by: By,
}

enum By {
    Gtid {
        primary: Option<MysqlServer>,
    },
    File {
        primary: MysqlServer,
        logs: Mutex<Binlogs>,
    },
}

impl MysqlReplica {
    /// By MariaDB's global transaction ids: a position is the number of transactions. Without its
    /// [primary](Self::primary) against what the replica has received, which needs
    /// `MASTER_USE_GTID`.
    pub fn by_gtid(name: impl Into<String>, replica: MysqlServer) -> Self {
        Self {
            name: name.into(),
            replica,
            channel: None,
            by: By::Gtid { primary: None },
        }
    }

    /// By files of the binary log: a position is a number of bytes.
    pub fn by_file(name: impl Into<String>, replica: MysqlServer, primary: MysqlServer) -> Self {
        Self {
            name: name.into(),
            replica,
            channel: None,
            by: By::File {
                primary,
                logs: Mutex::default(),
            },
        }
    }

    /// Against this primary, which is asked after the replica.
    pub fn primary(mut self, server: MysqlServer) -> Self {
        match &mut self.by {
            By::Gtid { primary } => *primary = Some(server),
            By::File { primary, .. } => *primary = server,
        }
        self
    }

    /// Which channel, of a replica that follows several primaries: the name of its connection, in
    /// the words of MariaDB.
    pub fn channel(mut self, name: impl Into<String>) -> Self {
        self.channel = Some(name.into());
        self
    }

    async fn view(&self) -> Result<View, SourceError> {
        let answer = self.replica.ask(&[VERSION]).await?;
        let version: String = value(&answer, 0, 0)?;
        let status_query = status::query(&version);
        match &self.by {
            By::Gtid { primary } => {
                if !status_query.contains("ALL SLAVES") {
                    return Err(SourceError::new(
                        "the ids of MySQL are not read; use MysqlReplica::by_file, or a heartbeat",
                    ));
                }
                let answer = self.replica.ask(&[APPLIED_GTIDS, status_query]).await?;
                let applied = gtids(&value::<String>(&answer, 0, 0)?)?;
                let status = self.status(answer.get(1))?;
                let leader = match primary {
                    Some(primary) => Some(primary.ask(&[PRIMARY_GTIDS]).await?),
                    None => None,
                };
                by_gtid(status, &applied, leader.as_deref())
            }
            By::File { primary, logs } => {
                let answer = self.replica.ask(&[status_query]).await?;
                let status = self.status(answer.first())?;
                let answer = primary.ask(&[PRIMARY]).await?;
                follows(&status, &answer)?;
                let files = primary.ask(&[FILES]).await?;
                let files = files_of(files.first().ok_or_else(trouble::foreign)?)?;
                let mut logs = logs.lock().unwrap_or_else(PoisonError::into_inner);
                by_file(status, &files, &mut logs)
            }
        }
    }

    fn status(&self, rows: Option<&Vec<Row>>) -> Result<Status, SourceError> {
        let all = status::channels(rows.ok_or_else(trouble::foreign)?)?;
        status::channel(&all, self.channel.as_deref()).cloned()
    }
}

/// A replica and its leader, as far as it is known.
struct View {
    status: Status,
    leader: u64,
    applied: u64,
    received: Option<u64>,
    /// The primary itself was asked.
    asked: bool,
}

impl View {
    fn sample(&self) -> Result<Sample, SourceError> {
        let unproven = if self.asked || self.status.receives {
            self.applied >= self.leader
        } else {
            // Nobody knows how far the primary is.
            true
        };
        match self.status.broken() {
            Some(reason) if unproven => Err(SourceError::new(reason)),
            _ => Ok(Sample {
                received: self.received,
                ..Sample::new(self.leader, self.applied).epoch(self.status.primary_id)
            }),
        }
    }

    fn readings(&self, name: &str) -> Readings {
        let mut reading = FollowerReading::new(name, self.sample())
            .detail("receives", self.status.receives)
            .detail("applies", self.status.applies);
        if let Some(seconds) = self.status.seconds_behind {
            reading = reading.detail("seconds_behind", seconds);
        }
        if let Some(reason) = self.status.broken() {
            reading = reading.remark(reason);
        }
        let readings = Readings::new().follower(reading);
        if self.asked {
            readings.leader(self.leader, self.status.primary_id)
        } else {
            readings
        }
    }
}

fn by_gtid(
    status: Status,
    applied: &Gtids,
    primary: Option<&[Vec<Row>]>,
) -> Result<View, SourceError> {
    let read = gtids(status.read_gtids.as_deref().unwrap_or_default())?;
    let asked = match primary {
        Some(answer) => {
            follows(&status, answer)?;
            Some(gtids(&value::<String>(answer, 0, 2)?)?)
        }
        None if read == Gtids::default() => {
            return Err(SourceError::new(
                "the replica does not follow by ids; CHANGE MASTER TO MASTER_USE_GTID=slave_pos, or give its primary",
            ));
        }
        None => None,
    };
    let received = (read != Gtids::default()).then(|| read.or_later(applied));
    let leader = asked
        .as_ref()
        .or(received.as_ref())
        .ok_or_else(trouble::foreign)?;
    Ok(View {
        leader: leader.position(),
        applied: applied.position_in(leader),
        received: received.as_ref().map(|it| it.position_in(leader)),
        asked: asked.is_some(),
        status,
    })
}

fn by_file(
    status: Status,
    files: &[(String, u64)],
    logs: &mut Binlogs,
) -> Result<View, SourceError> {
    let leader = logs.learn(files).ok_or_else(|| SourceError::new(NO_LOG))?;
    let applied = logs
        .position(&status.applied.0, status.applied.1)
        .ok_or_else(|| {
            SourceError::new(
                "the replica applies a file of the log that its primary has no more; see whether it follows this primary",
            )
        })?;
    Ok(View {
        leader,
        applied,
        received: logs.position(&status.read.0, status.read.1),
        asked: true,
        status,
    })
}

const NO_LOG: &str = "the primary writes no binary log; set log_bin";

/// That the replica follows the server that answered this.
fn follows(status: &Status, primary: &[Vec<Row>]) -> Result<(), SourceError> {
    let id: u64 = value(primary, 0, 0)?;
    if value::<u8>(primary, 0, 1)? == 0 {
        return Err(SourceError::new(NO_LOG));
    }
    // It is 0 until they were connected.
    if status.primary_id != 0 && status.primary_id != id {
        return Err(SourceError::new(format!(
            "the replica follows server {}, and its primary is said to be server {id}; see whether it failed over, or correct an address",
            status.primary_id
        )));
    }
    Ok(())
}

fn gtids(text: &str) -> Result<Gtids, SourceError> {
    Gtids::read(text).ok_or_else(trouble::foreign)
}

fn files_of(rows: &[Row]) -> Result<Vec<(String, u64)>, SourceError> {
    let file = |row: &Row| Some((row.get_opt(0)?.ok()?, row.get_opt(1)?.ok()?));
    let files: Option<Vec<_>> = rows.iter().map(file).collect();
    files.ok_or_else(trouble::foreign)
}

/// A column of the first row of an answer.
pub(super) fn value<T: mysql_async::prelude::FromValue>(
    answers: &[Vec<Row>],
    answer: usize,
    column: usize,
) -> Result<T, SourceError> {
    let row = answers.get(answer).and_then(|rows| rows.first());
    let value = row.and_then(|row| row.get_opt::<T, _>(column)?.ok());
    value.ok_or_else(trouble::foreign)
}

/// Without the addresses, which may hold passwords.
impl fmt::Debug for MysqlReplica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlReplica")
            .field("name", &self.name)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LagSource for MysqlReplica {
    async fn poll(&self) -> Result<Readings, SourceError> {
        Ok(self.view().await?.readings(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(receives: bool, applies: bool) -> Status {
        Status {
            receives,
            applies,
            primary_id: 7,
            read: ("log.2".to_owned(), 30),
            applied: ("log.1".to_owned(), 90),
            read_gtids: Some("0-7-100".to_owned()),
            ..Status::default()
        }
    }

    #[test]
    fn broken_is_never_zero() {
        let view = |receives, applies, applied, asked| View {
            status: status(receives, applies),
            leader: 100,
            applied,
            received: None,
            asked,
        };
        for (view, expected) in [
            (view(true, true, 100, true), Ok(0)),
            (view(true, true, 90, false), Ok(10)),
            (view(true, false, 90, true), Ok(10)),
            (view(true, false, 90, false), Ok(10)),
            (view(true, false, 100, true), Err("SQL thread")),
            (view(true, false, 100, false), Err("SQL thread")),
            (view(false, true, 90, true), Ok(10)),
            (view(false, true, 90, false), Err("IO thread")),
            (view(false, true, 100, true), Err("IO thread")),
            (view(false, false, 90, false), Err("is stopped")),
            (view(false, false, 90, true), Ok(10)),
        ] {
            match (view.sample(), expected) {
                (Ok(sample), Ok(behind)) => assert_eq!(sample.behind(), behind),
                (Err(error), Err(words)) => assert!(error.message().contains(words), "{error}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn positions_by_file() {
        let files = |sizes: &[u64]| -> Vec<_> {
            let names = (1..).map(|number| format!("log.{number}"));
            names.zip(sizes.iter().copied()).collect()
        };
        let mut logs = Binlogs::default();
        let view = by_file(status(true, true), &files(&[100, 50]), &mut logs).unwrap();
        assert_eq!(
            (view.leader, view.applied, view.received),
            (150, 90, Some(130))
        );
        for (files, words) in [
            (vec![], "log_bin"),
            (vec![("x.1".to_owned(), 9)], "has no more"),
        ] {
            let error = by_file(status(true, true), &files, &mut logs)
                .err()
                .unwrap();
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn positions_by_what_was_received() {
        let applied = Gtids::read("0-7-90,3-1-5000").unwrap();
        let view = by_gtid(status(true, true), &applied, None).unwrap();
        assert_eq!(
            (view.leader, view.applied, view.received),
            (5_100, 5_090, Some(5_100))
        );
        let unread = Status {
            read_gtids: Some(String::new()),
            ..status(true, true)
        };
        let error = by_gtid(unread, &applied, None).err().unwrap();
        assert!(error.message().contains("MASTER_USE_GTID"), "{error}");
    }
}
