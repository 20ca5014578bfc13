//! What a server says of itself: its role, and its memory. Judged in `check`.

use redis::{ErrorKind, InfoDict, RedisError};

/// From `INFO replication`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replication {
    Primary { replicas: u64 },
    Replica(Link),
}

/// A replica's link to its primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Up,
    /// The primary's data set is on its way.
    Synchronising,
    /// For so many seconds, if it ever was up.
    Down(Option<u64>),
}

/// From `INFO memory`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) used_bytes: u64,
    /// `None` without a limit.
    pub(super) limit_bytes: Option<u64>,
    pub(super) eviction_policy: String,
}

impl Replication {
    pub(super) fn read(info: &InfoDict) -> Result<Self, RedisError> {
        let role: String = field(info, "role")?;
        match role.as_str() {
            "master" => Ok(Self::Primary {
                replicas: field(info, "connected_slaves")?,
            }),
            "slave" => Ok(Self::Replica(link(info)?)),
            _ => Err((ErrorKind::UnexpectedReturnType, "INFO has an unknown role").into()),
        }
    }
}

impl Memory {
    pub(super) fn read(info: &InfoDict) -> Result<Self, RedisError> {
        Ok(Self {
            used_bytes: field(info, "used_memory")?,
            limit_bytes: Some(field(info, "maxmemory")?).filter(|bytes| *bytes > 0),
            eviction_policy: field(info, "maxmemory_policy")?,
        })
    }
}

fn link(info: &InfoDict) -> Result<Link, RedisError> {
    let status: String = field(info, "master_link_status")?;
    if status == "up" {
        Ok(Link::Up)
    } else if info.get("master_sync_in_progress") == Some(1) {
        Ok(Link::Synchronising)
    } else {
        // It is -1 before the first link.
        Ok(Link::Down(info.get("master_link_down_since_seconds")))
    }
}

fn field<T: redis::FromRedisValue>(info: &InfoDict, name: &str) -> Result<T, RedisError> {
    info.get(name).ok_or_else(|| {
        let problem = "INFO lacks a field";
        (ErrorKind::UnexpectedReturnType, problem, name.to_owned()).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replication_as_servers_write_it() {
        let up = Replication::Replica(Link::Up);
        let down = |seconds| Replication::Replica(Link::Down(seconds));
        for (text, read) in [
            (
                "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n",
                Some(Replication::Primary { replicas: 2 }),
            ),
            ("role:slave\r\nmaster_link_status:up\r\n", Some(up)),
            (
                "role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:0\r\nmaster_link_down_since_seconds:7\r\n",
                Some(down(Some(7))),
            ),
            (
                "role:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:-1\r\n",
                Some(down(None)),
            ),
            (
                "role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:1\r\n",
                Some(Replication::Replica(Link::Synchronising)),
            ),
            ("role:sentinel\r\n", None),
            ("role:slave\r\n", None),
            ("role:master\r\nconnected_slaves:many\r\n", None),
            ("", None),
        ] {
            assert_eq!(Replication::read(&InfoDict::new(text)).ok(), read, "{text}");
        }
    }

    #[test]
    fn memory_as_servers_write_it() {
        let memory = |limit_bytes| Memory {
            used_bytes: 7,
            limit_bytes,
            eviction_policy: "noeviction".to_owned(),
        };
        for (limit, read) in [
            ("0", Some(memory(None))),
            ("9", Some(memory(Some(9)))),
            ("-1", None),
            ("", None),
        ] {
            let text =
                format!("used_memory:7\r\nmaxmemory:{limit}\r\nmaxmemory_policy:noeviction\r\n");
            assert_eq!(Memory::read(&InfoDict::new(&text)).ok(), read, "{text}");
        }
        assert!(Memory::read(&InfoDict::new("used_memory:7\r\n")).is_err());
    }
}
