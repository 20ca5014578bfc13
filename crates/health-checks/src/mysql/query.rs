//! The queries, and how their answers read.
//!
//! What the answers mean, `sql` says.

use mysql_async::prelude::{ColumnIndex, Queryable};
use mysql_async::{Conn, Row};

use super::trouble;
use crate::clock;
use crate::sql::{Connections, Demands, Facts, Failure, Trouble};
use crate::stores::DatabaseRole;

const PING: &str = "SELECT 1";
const STATE: &str =
    "SELECT @@global.read_only, @@global.innodb_read_only, @@global.max_connections, @@version";
const CONNECTED: &str = "SHOW GLOBAL STATUS LIKE 'Threads_connected'";

/// Asks what `demands` need.
///
/// `latency_ms` is told as soon as it is known, whatever becomes of the rest.
pub(super) async fn ask(
    conn: &mut Conn,
    demands: Demands,
    latency_ms: &mut Option<f64>,
) -> Result<Facts, Failure> {
    let begin = clock::instant();
    let one = row(conn, PING).await?;
    let mut facts = Facts {
        latency_ms: *latency_ms.insert(clock::since_ms(begin)),
        ..Facts::default()
    };
    if one.as_slice() != ["1"] {
        return Err(foreign());
    }
    if demands == Demands::default() {
        return Ok(facts);
    }
    let state = row(conn, STATE).await?;
    let [read_only, innodb, most, version] = state.as_slice() else {
        return Err(foreign());
    };
    facts.writable = Some(writable(read_only, innodb));
    if demands.connections.is_some() {
        let connected = row(conn, CONNECTED).await?;
        facts.connections = Some(connections(&connected, most).ok_or_else(foreign)?);
    }
    if demands.role.is_some() {
        let rows: Vec<Row> = conn
            .query(status_query(version))
            .await
            .map_err(trouble::failure)?;
        let running: Vec<bool> = rows.iter().map(runs).collect();
        (facts.role, facts.replicating) = role(&running);
    }
    Ok(facts)
}

/// The first row, as text; none if there is a column that is not.
async fn row(conn: &mut Conn, sql: &'static str) -> Result<Vec<String>, Failure> {
    let row: Option<Row> = conn.query_first(sql).await.map_err(trouble::failure)?;
    let row = row.ok_or_else(foreign)?;
    (0..row.len())
        .map(|column| text(&row, column).ok_or_else(foreign))
        .collect()
}

fn text(row: &Row, column: impl ColumnIndex) -> Option<String> {
    row.get_opt(column)?.ok()
}

fn foreign() -> Failure {
    Failure::new(Trouble::Foreign)
}

/// Later MariaDB has more words than on and off; all but off keep ordinary users from writing.
fn writable(read_only: &str, innodb: &str) -> Result<(), &'static str> {
    let off = |value: &str| value == "0" || value.eq_ignore_ascii_case("off");
    if !off(innodb) {
        Err("innodb_read_only is on; see whether it is the server that takes writes")
    } else if !off(read_only) {
        Err("read_only is on; turn it off, or see whether it failed over")
    } else {
        Ok(())
    }
}

fn connections(connected: &[String], most: &str) -> Option<Connections> {
    match connected {
        [_, used] => Some(Connections {
            used: used.parse().ok()?,
            limit: most.parse().ok()?,
        }),
        _ => None,
    }
}

/// How a server of this version is asked whom it follows, by all its channels.
fn status_query(version: &str) -> &'static str {
    if version.to_ascii_lowercase().contains("mariadb") {
        return "SHOW ALL SLAVES STATUS";
    }
    let digits = |part: &str| {
        let end = part.find(|c: char| !c.is_ascii_digit());
        part.get(..end.unwrap_or(part.len()))?.parse::<u32>().ok()
    };
    let parts: Vec<u32> = version.splitn(3, '.').filter_map(digits).collect();
    if parts.as_slice() >= [8, 0, 22].as_slice() {
        "SHOW REPLICA STATUS"
    } else {
        "SHOW SLAVE STATUS"
    }
}

/// Whether one channel fetches and applies.
fn runs(row: &Row) -> bool {
    let runs = |now: &str, earlier: &str| {
        text(row, now).or_else(|| text(row, earlier)).as_deref() == Some("Yes")
    };
    runs("Replica_IO_Running", "Slave_IO_Running")
        && runs("Replica_SQL_Running", "Slave_SQL_Running")
}

/// By whether each of its channels runs.
fn role(running: &[bool]) -> (Option<DatabaseRole>, Option<bool>) {
    if running.is_empty() {
        (Some(DatabaseRole::Primary), None)
    } else {
        let all = running.iter().all(|runs| *runs);
        (Some(DatabaseRole::Replica), Some(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_writes() {
        for (read_only, innodb, takes) in [
            ("0", "0", true),
            ("OFF", "off", true),
            ("1", "0", false),
            ("0", "1", false),
            ("NO_LOCK", "0", false),
            ("", "0", false),
        ] {
            assert_eq!(
                writable(read_only, innodb).is_ok(),
                takes,
                "{read_only} {innodb}"
            );
        }
    }

    #[test]
    fn how_versions_are_asked() {
        for (version, words) in [
            ("10.11.6-MariaDB-0+deb12u1", "ALL SLAVES"),
            ("5.5.5-10.5.1-MariaDB", "ALL SLAVES"),
            ("8.0.22", "REPLICA"),
            ("8.0.36-0ubuntu0.22.04.1", "REPLICA"),
            ("8.4.0", "REPLICA"),
            ("9.1.0-commercial", "REPLICA"),
            ("8.0.21-log", "SLAVE STATUS"),
            ("5.7.44", "SLAVE STATUS"),
            ("", "SLAVE STATUS"),
            ("so new", "SLAVE STATUS"),
        ] {
            assert!(status_query(version).contains(words), "{version}");
        }
    }

    #[test]
    fn roles() {
        use DatabaseRole::{Primary, Replica};
        for (running, told) in [
            (&[][..], (Some(Primary), None)),
            (&[true], (Some(Replica), Some(true))),
            (&[true, false], (Some(Replica), Some(false))),
        ] {
            assert_eq!(role(running), told, "{running:?}");
        }
    }

    #[test]
    fn counts() {
        let row = |used: &str| vec!["Threads_connected".to_owned(), used.to_owned()];
        let read = connections(&row("7"), "151");
        assert_eq!(
            read,
            Some(Connections {
                used: 7,
                limit: 151
            })
        );
        for (used, most) in [("", "151"), ("-1", "151"), ("7", "many")] {
            assert_eq!(connections(&row(used), most), None, "{used} of {most}");
        }
        assert_eq!(connections(&[], "151"), None);
    }
}
