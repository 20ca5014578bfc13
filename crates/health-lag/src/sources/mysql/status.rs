//! What a replica says of one of its channels, under the names of MariaDB and of both ages of MySQL.
//! Pure but for the rows of the client.

use mysql_async::Row;
use mysql_async::prelude::FromValue;

use super::trouble;
use crate::source_error::SourceError;

/// A replica's channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) channel: String,
    pub(super) receives: bool,
    pub(super) applies: bool,
    pub(super) primary_id: u64,
    /// File and offset up to which it has read, and up to which it has applied.
    pub(super) read: (String, u64),
    pub(super) applied: (String, u64),
    /// The ids up to which it has read, if it follows by ids, as MariaDB may.
    pub(super) read_gtids: Option<String>,
    /// The ids that it has received since it keeps its relay log, and all that it has applied, if
    /// it is MySQL.
    pub(super) retrieved: Option<String>,
    pub(super) executed: Option<String>,
    /// As the server has it: `None` when it is broken.
    pub(super) seconds_behind: Option<u64>,
}

/// Whether a server of this version has MariaDB's ids, rather than MySQL's.
pub(super) fn is_mariadb(version: &str) -> bool {
    version.to_ascii_lowercase().contains("mariadb")
}

/// How a server of this version is asked whom it follows, by all its channels.
pub(super) fn query(version: &str) -> &'static str {
    if is_mariadb(version) {
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

impl Status {
    pub(super) fn read(row: &Row) -> Option<Self> {
        Self::from_columns(|name| value(row, name), |name| value(row, name))
    }

    /// By the text and the numbers of columns.
    fn from_columns(
        text: impl Fn(&str) -> Option<String>,
        number: impl Fn(&str) -> Option<u64>,
    ) -> Option<Self> {
        let either = |now: &str, earlier: &str| text(now).or_else(|| text(earlier));
        let number_of = |now: &str, earlier: &str| number(now).or_else(|| number(earlier));
        let runs = |now, earlier| Some(either(now, earlier)? == "Yes");
        Some(Self {
            channel: either("Channel_Name", "Connection_name").unwrap_or_default(),
            receives: runs("Replica_IO_Running", "Slave_IO_Running")?,
            applies: runs("Replica_SQL_Running", "Slave_SQL_Running")?,
            primary_id: number_of("Source_Server_Id", "Master_Server_Id")?,
            read: (
                either("Source_Log_File", "Master_Log_File")?,
                number_of("Read_Source_Log_Pos", "Read_Master_Log_Pos")?,
            ),
            applied: (
                either("Relay_Source_Log_File", "Relay_Master_Log_File")?,
                number_of("Exec_Source_Log_Pos", "Exec_Master_Log_Pos")?,
            ),
            // Else it keeps what it was when it last followed by ids.
            read_gtids: text("Gtid_IO_Pos")
                .filter(|_| text("Using_Gtid").is_some_and(|using| using != "No")),
            retrieved: text("Retrieved_Gtid_Set"),
            executed: text("Executed_Gtid_Set"),
            seconds_behind: number_of("Seconds_Behind_Source", "Seconds_Behind_Master"),
        })
    }

    /// What of it stands still.
    pub(super) fn broken(&self) -> Option<&'static str> {
        match (self.receives, self.applies) {
            (true, true) => None,
            (true, false) => Some(
                "the replica does not apply (its SQL thread does not run); see SHOW REPLICA STATUS for its last error, and start it",
            ),
            (false, true) => Some(
                "the replica is not connected to its primary (its IO thread does not run); see SHOW REPLICA STATUS for its last error",
            ),
            (false, false) => {
                Some("replication is stopped on the replica; see its last error, and START REPLICA")
            }
        }
    }
}

fn value<T: FromValue>(row: &Row, name: &str) -> Option<T> {
    row.get_opt::<Option<T>, _>(name)?.ok().flatten()
}

/// The channel of this name, or the only one.
pub(super) fn channel<'a>(
    all: &'a [Status],
    name: Option<&str>,
) -> Result<&'a Status, SourceError> {
    let error = |message: &'static str| Err(SourceError::new(message));
    match (all, name) {
        ([], _) => error("mysql is no replica; see whether it failed over, or correct the address"),
        ([only], None) => Ok(only),
        (_, None) => error("the replica follows several primaries; name its channel"),
        (all, Some(name)) => match all.iter().find(|it| it.channel == name) {
            Some(status) => Ok(status),
            None => error("the replica has no channel of this name; correct the name"),
        },
    }
}

/// The channels in the answer to [`query`].
pub(super) fn channels(rows: &[Row]) -> Result<Vec<Status>, SourceError> {
    let all: Option<Vec<_>> = rows.iter().map(Status::read).collect();
    all.ok_or_else(trouble::foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_versions_are_asked() {
        for (version, words) in [
            ("10.11.6-MariaDB-0+deb12u1", "ALL SLAVES"),
            ("5.5.5-10.5.1-MariaDB", "ALL SLAVES"),
            ("8.0.22", "REPLICA"),
            ("8.4.0", "REPLICA"),
            ("9.1.0-commercial", "REPLICA"),
            ("8.0.21-log", "SLAVE STATUS"),
            ("5.7.44", "SLAVE STATUS"),
            ("", "SLAVE STATUS"),
        ] {
            assert!(query(version).contains(words), "{version}");
        }
    }

    fn read(columns: &[(&str, &str)]) -> Option<Status> {
        let text = |name: &str| {
            let column = columns.iter().find(|(column, _)| *column == name);
            column.map(|(_, text)| (*text).to_owned())
        };
        Status::from_columns(text, |name| text(name)?.parse().ok())
    }

    #[test]
    fn names_of_all_ages() {
        let mariadb = [
            ("Connection_name", "a"),
            ("Slave_IO_Running", "Yes"),
            ("Slave_SQL_Running", "No"),
            ("Master_Server_Id", "7"),
            ("Master_Log_File", "log.2"),
            ("Read_Master_Log_Pos", "90"),
            ("Relay_Master_Log_File", "log.1"),
            ("Exec_Master_Log_Pos", "80"),
            ("Gtid_IO_Pos", "0-7-5"),
            ("Using_Gtid", "Slave_Pos"),
        ];
        let status = read(&mariadb).unwrap();
        let expected = Status {
            channel: "a".to_owned(),
            receives: true,
            applies: false,
            primary_id: 7,
            read: ("log.2".to_owned(), 90),
            applied: ("log.1".to_owned(), 80),
            read_gtids: Some("0-7-5".to_owned()),
            retrieved: None,
            executed: None,
            seconds_behind: None,
        };
        assert_eq!(status, expected);
        let mut by_file = mariadb;
        by_file[9].1 = "No";
        assert_eq!(read(&by_file).unwrap().read_gtids, None);
        let mysql = [
            ("Channel_Name", ""),
            ("Replica_IO_Running", "Connecting"),
            ("Replica_SQL_Running", "Yes"),
            ("Source_Server_Id", "7"),
            ("Source_Log_File", "log.2"),
            ("Read_Source_Log_Pos", "90"),
            ("Relay_Source_Log_File", "log.1"),
            ("Exec_Source_Log_Pos", "80"),
            ("Seconds_Behind_Source", "3"),
            (
                "Retrieved_Gtid_Set",
                "3e11fa47-71ca-11e1-9e33-c80aa9429562:4-9",
            ),
            (
                "Executed_Gtid_Set",
                "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-8,\n896e7882-18fe-11ef-ab88-22222d34d411:1",
            ),
            ("Auto_Position", "1"),
        ];
        let status = read(&mysql).unwrap();
        assert_eq!((status.receives, status.applies), (false, true));
        assert_eq!(status.seconds_behind, Some(3));
        assert_eq!(status.read_gtids, None);
        assert!(status.retrieved.unwrap().ends_with(":4-9"));
        assert!(
            status
                .executed
                .unwrap()
                .ends_with(",\n896e7882-18fe-11ef-ab88-22222d34d411:1")
        );
        for missing in 1..8 {
            let mut columns = mariadb.to_vec();
            columns.remove(missing);
            assert_eq!(read(&columns), None, "without {:?}", mariadb[missing]);
        }
    }

    #[test]
    fn channels_and_what_is_broken() {
        let status = |channel: &str, receives, applies| Status {
            channel: channel.to_owned(),
            receives,
            applies,
            ..Status::default()
        };
        for (receives, applies, words) in [
            (true, true, ""),
            (true, false, "SQL thread"),
            (false, true, "IO thread"),
            (false, false, "is stopped"),
        ] {
            let said = status("", receives, applies).broken().unwrap_or_default();
            assert!(said.contains(words) && said.is_empty() == words.is_empty());
        }
        let two = [status("a", true, true), status("b", true, true)];
        for (all, name, found) in [
            (&two[..1], None, Ok("a")),
            (&two, Some("b"), Ok("b")),
            (&two, None, Err("name its channel")),
            (&two, Some("c"), Err("no channel of this name")),
            (&[], None, Err("is no replica")),
        ] {
            match (channel(all, name), found) {
                (Ok(status), Ok(name)) => assert_eq!(status.channel, name),
                (Err(error), Err(words)) => assert!(error.message().contains(words), "{error}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
