//! What `INFO replication` says. It judges nothing. Pure.

use std::collections::HashMap;

/// How many lines of replicas are read at most.
const MOST_REPLICAS: usize = 10_000;

/// What a server says of replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replication {
    /// It takes writes.
    Primary {
        at: Position,
        replicas: Vec<Connected>,
    },
    /// It follows another one.
    Replica {
        at: Position,
        link: Link,
        /// How much it has read, from Redis 7 on.
        received: Option<u64>,
    },
}

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) offset: u64,
    /// The first 64 bits of the replication id.
    pub(super) history: u64,
}

/// A replica as its primary sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connected {
    /// Its address and port.
    pub(super) name: String,
    pub(super) state: String,
    /// What it has acknowledged; `None` before the first time.
    pub(super) acknowledged: Option<u64>,
}

/// A replica's link to its primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Up,
    /// The primary's data set is on its way.
    Synchronising,
    Down,
}

/// Reads the section; `None` if it is none.
pub(super) fn read(text: &str) -> Option<Replication> {
    let fields: HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'))
        .collect();
    let field = |name: &str| fields.get(name).copied();
    let history = history(field("master_replid")?)?;
    match field("role")? {
        "master" => {
            let offset = field("master_repl_offset")?.parse().ok()?;
            let replicas = (0..MOST_REPLICAS)
                .map_while(|number| field(&format!("slave{number}")))
                .map(|line| connected(line, offset))
                .collect::<Option<_>>()?;
            Some(Replication::Primary {
                at: Position { offset, history },
                replicas,
            })
        }
        "slave" => {
            let offset = field("slave_repl_offset")?.parse().ok()?;
            Some(Replication::Replica {
                at: Position { offset, history },
                link: match field("master_link_status")? {
                    "up" => Link::Up,
                    _ if field("master_sync_in_progress") == Some("1") => Link::Synchronising,
                    _ => Link::Down,
                },
                received: match field("slave_read_repl_offset") {
                    Some(offset) => Some(offset.parse().ok()?),
                    None => None,
                },
            })
        }
        _ => None,
    }
}

fn history(id: &str) -> Option<u64> {
    u64::from_str_radix(id.get(..16)?, 16).ok()
}

/// `ip=10.0.0.7,port=6379,state=online,offset=14,lag=0`
fn connected(line: &str, leader: u64) -> Option<Connected> {
    let fields: HashMap<&str, &str> = line
        .split(',')
        .filter_map(|field| field.split_once('='))
        .collect();
    let (ip, port) = (fields.get("ip")?, fields.get("port")?);
    let offset: u64 = fields.get("offset")?.parse().ok()?;
    Some(Connected {
        name: if ip.contains(':') {
            format!("[{ip}]:{port}")
        } else {
            format!("{ip}:{port}")
        },
        state: (*fields.get("state")?).to_owned(),
        // It is 0 until the replica has acknowledged something.
        acknowledged: Some(offset).filter(|offset| *offset > 0 || leader == 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f9a2c3b4d5e6f708192a3b4c5d6e7f801234567";

    #[test]
    fn servers_as_they_write_it() {
        let at = |offset| Position {
            offset,
            history: 0x8f9a_2c3b_4d5e_6f70,
        };
        let connected = |name: &str, state: &str, acknowledged| Connected {
            name: name.to_owned(),
            state: state.to_owned(),
            acknowledged,
        };
        let replica = |link, received| {
            Some(Replication::Replica {
                at: at(90),
                link,
                received,
            })
        };
        for (lines, expected) in [
            (
                "role:master\r\nconnected_slaves:0\r\nmaster_repl_offset:100\r\n",
                Some(Replication::Primary {
                    at: at(100),
                    replicas: vec![],
                }),
            ),
            (
                "role:master\r\nslave0:ip=10.0.0.7,port=1,state=online,offset=90,lag=7\r\n\
                 slave1:ip=::1,port=2,state=wait_bgsave,offset=0,lag=0,type=rdb-channel\r\n\
                 master_repl_offset:100\r\n",
                Some(Replication::Primary {
                    at: at(100),
                    replicas: vec![
                        connected("10.0.0.7:1", "online", Some(90)),
                        connected("[::1]:2", "wait_bgsave", None),
                    ],
                }),
            ),
            (
                "role:slave\r\nmaster_link_status:up\r\nslave_read_repl_offset:95\r\nslave_repl_offset:90\r\nmaster_repl_offset:90\r\n",
                replica(Link::Up, Some(95)),
            ),
            (
                "role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:90\r\n",
                replica(Link::Up, None),
            ),
            (
                "role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:1\r\nslave_repl_offset:90\r\n",
                replica(Link::Synchronising, None),
            ),
            (
                "role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:90\r\n",
                replica(Link::Down, None),
            ),
            ("role:sentinel\r\n", None),
            ("role:master\r\nmaster_repl_offset:-1\r\n", None),
            (
                "role:master\r\nslave0:ip=a,port=1,state=online\r\nmaster_repl_offset:1\r\n",
                None,
            ),
            ("role:slave\r\nmaster_link_status:up\r\n", None),
            ("", None),
        ] {
            let text = format!("# Replication\r\n{lines}master_replid:{ID}\r\n");
            assert_eq!(read(&text), expected, "{lines}");
        }
        assert_eq!(read("role:master\r\nmaster_repl_offset:1\r\n"), None);
        let short = "role:master\r\nmaster_repl_offset:1\r\nmaster_replid:8f9a\r\n";
        assert_eq!(read(short), None);
    }
}
