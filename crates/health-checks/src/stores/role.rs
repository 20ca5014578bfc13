//! The part that a server plays in replication.

use std::fmt;

/// The part that a server plays in replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatabaseRole {
    /// It follows no other server, whether or not others follow it: a master, in the words of
    /// Redis, and a source, in those of MySQL.
    Primary,
    /// It follows another server: a standby, in the words of PostgreSQL.
    Replica,
}

impl fmt::Display for DatabaseRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        })
    }
}
