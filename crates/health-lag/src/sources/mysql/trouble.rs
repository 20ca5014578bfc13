//! What an error of the client means. What is then said of it, `trouble` of all sources says.

use mysql_async::{DriverError, Error, IoError};

use super::NAME;
use crate::source_error::SourceError;
use crate::sources::trouble::Trouble;

/// A connection or an answer that did not come.
pub(super) fn failure(error: Error) -> SourceError {
    of(&error).with(NAME, error)
}

/// What answers is none, or speaks otherwise.
pub(super) fn foreign() -> SourceError {
    Trouble::Foreign.of(NAME)
}

/// Whether the server says that there is no such table, or no such database.
pub(super) fn is_no_table(error: &Error) -> bool {
    matches!(error, Error::Server(error) if matches!(error.code, 1146 | 1049))
}

fn of(error: &Error) -> Trouble {
    match error {
        Error::Server(error) => of_code(error.code),
        Error::Io(IoError::Io(error)) => Trouble::of_io(error),
        // There are other ones where the service enables TLS.
        #[allow(unreachable_patterns, reason = "the features of the service decide")]
        Error::Io(_) | Error::Driver(DriverError::NoClientSslFlagFromServer) => Trouble::Tls,
        Error::Driver(DriverError::ConnectionClosed) => Trouble::Ended,
        Error::Driver(
            DriverError::CantParseServerVersion { .. }
            | DriverError::PacketOutOfOrder
            | DriverError::UnexpectedPacket { .. },
        ) => Trouble::Foreign,
        _ => Trouble::Other,
    }
}

/// By the number of the server's answer, listed in the error references of MySQL and MariaDB.
fn of_code(code: u16) -> Trouble {
    match code {
        // Refused, no password, host unknown or blocked, password expired, account locked (twice).
        1045 | 1698 | 1130 | 1129 | 1820 | 1862 | 3118 | 4151 => Trouble::Credentials,
        1044 | 1049 => Trouble::NoDatabase,
        1040 | 1203 | 1226 => Trouble::Full,
        1053 | 1077..=1079 => Trouble::NotReady,
        // Network errors as the server sees them, killed, idle for too long.
        1158..=1161 | 1927 | 4031 => Trouble::Ended,
        1142 | 1143 | 1227 => Trouble::Permission(
            "grant it REPLICATION CLIENT, or SLAVE MONITOR and BINLOG MONITOR on MariaDB, and the heartbeat table",
        ),
        3159 => Trouble::Tls,
        _ => Trouble::Answered(format!("error {code}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use mysql_async::ServerError;

    use super::*;

    #[test]
    fn errors() {
        let server = |code| {
            Error::Server(ServerError {
                code,
                message: "alice at db01".to_owned(),
                state: String::new(),
            })
        };
        let io = |kind: io::ErrorKind| Error::Io(IoError::Io(kind.into()));
        for (error, words) in [
            (server(1045), "refuses the login"),
            (server(1049), "no such database"),
            (server(1040), "no connection left"),
            (server(1053), "shutting down"),
            (server(1927), "closed the connection"),
            (server(1227), "SLAVE MONITOR"),
            (server(3159), "TLS"),
            (server(1064), "answers with error 1064"),
            (io(io::ErrorKind::ConnectionRefused), "start it"),
            (
                Error::Driver(DriverError::ConnectionClosed),
                "closed the connection",
            ),
            (
                Error::Driver(DriverError::PacketOutOfOrder),
                "correct its address",
            ),
            (Error::Other("alice at db01".into()), "see the log"),
        ] {
            let failure = failure(error);
            assert!(failure.message().contains(words), "{failure}");
            assert!(!failure.message().contains("alice"), "{failure}");
            assert!(failure.error().is_some());
        }
        assert!(is_no_table(&server(1146)) && !is_no_table(&server(1045)));
    }
}
