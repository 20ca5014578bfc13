//! What an error of the client means.
//!
//! What is then said of it, `sql` says.

use mysql_async::{DriverError, Error, IoError};

use crate::sql::{Failure, Trouble};

/// A connection or an answer that did not come.
pub(super) fn failure(error: Error) -> Failure {
    Failure::with_error(of(&error), error)
}

fn of(error: &Error) -> Trouble {
    match error {
        Error::Server(error) => of_code(error.code),
        Error::Io(IoError::Io(error)) => Trouble::of_io(error),
        // There are other ones where the service enables TLS.
        #[allow(unreachable_patterns, reason = "the features of the service decide")]
        Error::Io(_) => Trouble::Tls,
        Error::Driver(error) => of_driver(error),
        _ => Trouble::Other,
    }
}

fn of_driver(error: &DriverError) -> Trouble {
    match error {
        DriverError::ConnectionClosed => Trouble::Ended,
        DriverError::PoolDisconnected => Trouble::Pool,
        DriverError::NoClientSslFlagFromServer => Trouble::Tls,
        DriverError::CantParseServerVersion { .. }
        | DriverError::PacketOutOfOrder
        | DriverError::UnexpectedPacket { .. } => Trouble::Foreign,
        _ => Trouble::Other,
    }
}

/// By the number of the server's answer, listed in the error references of MySQL and MariaDB.
fn of_code(code: u16) -> Trouble {
    match code {
        // Refused, no password, host unknown, password expired, account locked (twice).
        1045 | 1698 | 1130 | 1820 | 1862 | 3118 | 4151 => Trouble::Credentials,
        1044 | 1049 => Trouble::NoDatabase,
        1040 | 1203 | 1226 => Trouble::Full,
        1053 | 1077..=1079 => Trouble::NotReady,
        // Network errors as the server sees them, killed, idle for too long.
        1158..=1161 | 1927 | 4031 => Trouble::Ended,
        // Interrupted, or longer than MySQL's or MariaDB's limit.
        1317 | 3024 | 1969 => Trouble::Cancelled,
        1129 => Trouble::Blocked,
        1142 | 1227 => {
            Trouble::Permission("grant it REPLICATION CLIENT, or SLAVE MONITOR on MariaDB")
        }
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
            (server(1040), "raise max_connections"),
            (server(1053), "shutting down"),
            (server(1927), "closed the connection"),
            (server(1969), "cancelled the query"),
            (server(1129), "FLUSH HOSTS"),
            (server(1227), "SLAVE MONITOR"),
            (server(3159), "TLS"),
            (server(1064), "answers with error 1064"),
            (io(io::ErrorKind::ConnectionRefused), "start it"),
            (io(io::ErrorKind::ConnectionReset), "closed the connection"),
            (
                Error::Driver(DriverError::ConnectionClosed),
                "closed the connection",
            ),
            (
                Error::Driver(DriverError::PoolDisconnected),
                "the pool gives no connection",
            ),
            (
                Error::Driver(DriverError::PacketOutOfOrder),
                "correct its address",
            ),
            (Error::Driver(DriverError::PacketTooLarge), "see the log"),
            (Error::Other("alice at db01".into()), "see the log"),
        ] {
            let outcome = failure(error).outcome("mysql");
            assert!(outcome.message().contains(words), "{outcome:?}");
            assert!(!outcome.message().contains("alice"), "{outcome:?}");
            assert!(outcome.error().is_some());
        }
    }
}
