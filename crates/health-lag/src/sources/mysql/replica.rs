//! A replica by its positions, with or without those of its primary.
//!
//! How they are reached is in `server`, how a replica's status reads in `status`, and what follows
//! from it in `view`.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mysql_async::Row;

use super::binlog::Binlogs;
use super::server::MysqlServer;
use super::status::{self, Status};
use super::trouble;
use super::view::{self, Primary, View};
use crate::source::{LagSource, Readings};
use crate::source_error::SourceError;

const VERSION: &str = "SELECT @@version";
const APPLIED_GTIDS: &str = "SELECT @@global.gtid_slave_pos";
const GTID_MODE: &str = "SELECT @@global.gtid_mode";
const PRIMARY: &str = "SELECT @@global.server_id, @@global.log_bin";
const PRIMARY_GTIDS: &str = "SELECT @@global.server_id, @@global.log_bin, @@global.gtid_binlog_pos";
const PRIMARY_GTID_SET: &str =
    "SELECT @@global.server_id, @@global.log_bin, @@global.gtid_executed, @@global.gtid_mode";
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
    /// By global transaction ids: a position is a number of transactions. Without its
    /// [primary](Self::primary) against what the replica has received; MariaDB needs
    /// `MASTER_USE_GTID` for that.
    ///
    /// MySQL needs `gtid_mode=ON` on both. Its sets of ids are counted exactly: transactions that
    /// only the replica has are none of its primary's.
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
            By::Gtid { primary } if status::is_mariadb(&version) => {
                let answer = self.replica.ask(&[APPLIED_GTIDS, status_query]).await?;
                let applied: String = value(&answer, 0, 0)?;
                let status = self.status(answer.get(1))?;
                let primary = match primary {
                    Some(primary) => Some(primary_of(&primary.ask(&[PRIMARY_GTIDS]).await?)?),
                    None => None,
                };
                view::by_gtid(status, &applied, primary.as_ref())
            }
            By::Gtid { primary } => {
                let answer = self.replica.ask(&[GTID_MODE, status_query]).await?;
                has_gtids("replica", &value::<String>(&answer, 0, 0)?)?;
                let status = self.status(answer.get(1))?;
                let primary = match primary {
                    Some(primary) => {
                        let answer = primary.ask(&[PRIMARY_GTID_SET]).await?;
                        has_gtids("primary", &value::<String>(&answer, 0, 3)?)?;
                        Some(primary_of(&answer)?)
                    }
                    None => None,
                };
                view::by_gtid_set(status, primary.as_ref())
            }
            By::File { primary, logs } => {
                let answer = self.replica.ask(&[status_query]).await?;
                let status = self.status(answer.first())?;
                let of_primary = primary_of(&primary.ask(&[PRIMARY]).await?)?;
                view::follows(&status, &of_primary)?;
                let files = primary.ask(&[FILES]).await?;
                let files = files_of(files.first().ok_or_else(trouble::foreign)?)?;
                let mut logs = logs.lock().unwrap_or_else(PoisonError::into_inner);
                view::by_file(status, &of_primary, &files, &mut logs)
            }
        }
    }

    fn status(&self, rows: Option<&Vec<Row>>) -> Result<Status, SourceError> {
        let all = status::channels(rows.ok_or_else(trouble::foreign)?)?;
        status::channel(&all, self.channel.as_deref()).cloned()
    }
}

/// What a primary answers: its id, whether it writes a log and, if it was asked, its ids.
fn primary_of(answer: &[Vec<Row>]) -> Result<Primary, SourceError> {
    let asked = answer.first().and_then(|rows| rows.first());
    let has_gtids = asked.is_some_and(|row| row.len() > 2);
    Ok(Primary {
        id: value(answer, 0, 0)?,
        logs: value::<u8>(answer, 0, 1)? != 0,
        gtids: if has_gtids {
            value(answer, 0, 2)?
        } else {
            String::new()
        },
    })
}

/// That every transaction of a server of MySQL has an id.
fn has_gtids(server: &str, mode: &str) -> Result<(), SourceError> {
    if mode.eq_ignore_ascii_case("ON") {
        return Ok(());
    }
    Err(SourceError::new(format!(
        "not all transactions of the {server} have ids; set gtid_mode=ON, or use MysqlReplica::by_file, or a heartbeat"
    )))
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
