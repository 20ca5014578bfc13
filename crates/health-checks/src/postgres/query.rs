//! The queries, and how their answers read.
//!
//! It sends nothing.

use tokio_postgres::SimpleQueryMessage;

use super::door::Answered;
use crate::sql::{Connections, Demands, Facts, Failure, Trouble};
use crate::stores::DatabaseRole;

const PING: &str = "SELECT 1";

/// Role and writability; they cost nothing, and are asked together.
const STATE: &str =
    "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";

/// Those, the connections of clients, and how many an ordinary user may take.
///
/// What somebody without `pg_monitor` sees of other users' sessions is their database and user
/// alone; that leaves out all but clients and parallel workers.
const STATE_AND_CONNECTIONS: &str = "SELECT pg_catalog.pg_is_in_recovery(), \
    pg_catalog.current_setting('transaction_read_only'), \
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity \
     WHERE datid IS NOT NULL AND usesysid IS NOT NULL \
     AND coalesce(backend_type, 'client backend') = 'client backend'), \
    pg_catalog.current_setting('max_connections')::int \
    - pg_catalog.current_setting('superuser_reserved_connections')::int \
    - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0)";

/// The columns of an answer, as text.
pub(super) type Row = Vec<Option<String>>;

/// The one query that answers `demands`.
pub(super) fn sql(demands: Demands) -> &'static str {
    if demands.connections.is_some() {
        STATE_AND_CONNECTIONS
    } else if demands.writable || demands.role.is_some() {
        STATE
    } else {
        PING
    }
}

/// The first row.
pub(super) fn row(messages: &[SimpleQueryMessage]) -> Option<Row> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|column| row.try_get(column).ok().flatten().map(str::to_owned))
                .collect(),
        ),
        _ => None,
    })
}

/// What the answer to one of the queries tells.
pub(super) fn read(answered: &Answered) -> Result<Facts, Failure> {
    let facts = facts(&answered.row, answered.latency_ms);
    let facts = facts.ok_or_else(|| Failure::new(Trouble::Foreign))?;
    Ok(Facts {
        tls: answered.tls,
        ..facts
    })
}

fn facts(row: &Row, latency_ms: f64) -> Option<Facts> {
    let mut facts = Facts {
        latency_ms,
        ..Facts::default()
    };
    let columns: Vec<&str> = row.iter().map(Option::as_deref).collect::<Option<_>>()?;
    match columns.as_slice() {
        ["1"] => {}
        [recovery, read_only, connections @ ..] => {
            let follows = truth(recovery, "t", "f")?;
            let read_only = truth(read_only, "on", "off")?;
            facts.role = Some(if follows {
                DatabaseRole::Replica
            } else {
                DatabaseRole::Primary
            });
            facts.writable = Some(match (follows, read_only) {
                (true, _) => {
                    Err("it is a replica; see whether it failed over, or correct the address")
                }
                (false, true) => Err("default_transaction_read_only is on; turn it off"),
                (false, false) => Ok(()),
            });
            facts.connections = match connections {
                [] => None,
                [used, limit] => Some(Connections {
                    used: used.parse().ok()?,
                    // All may be reserved, and more than all.
                    limit: limit.parse::<i64>().ok()?.try_into().unwrap_or(0),
                }),
                _ => return None,
            };
        }
        _ => return None,
    }
    Some(facts)
}

fn truth(text: &str, yes: &str, no: &str) -> Option<bool> {
    (text == yes || text == no).then_some(text == yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_asked_than_is_demanded() {
        let mut connections = Demands::default();
        connections.watch_connections();
        for (demands, query) in [
            (Demands::default(), PING),
            (
                Demands {
                    writable: true,
                    ..Demands::default()
                },
                STATE,
            ),
            (
                Demands {
                    role: Some(DatabaseRole::Primary),
                    ..Demands::default()
                },
                STATE,
            ),
            (connections, STATE_AND_CONNECTIONS),
        ] {
            assert_eq!(sql(demands), query, "{demands:?}");
        }
    }

    fn told(columns: &[&str]) -> Option<Facts> {
        facts(
            &columns
                .iter()
                .map(|text| Some((*text).to_owned()))
                .collect(),
            0.5,
        )
    }

    #[test]
    fn answers() {
        let bare = Facts {
            latency_ms: 0.5,
            ..Facts::default()
        };
        assert_eq!(told(&["1"]), Some(bare));
        for (columns, role, writable, connections) in [
            (&["f", "off"][..], DatabaseRole::Primary, true, None),
            (&["f", "on"], DatabaseRole::Primary, false, None),
            (&["t", "on"], DatabaseRole::Replica, false, None),
            (
                &["f", "off", "7", "97"],
                DatabaseRole::Primary,
                true,
                Some((7, 97)),
            ),
            (
                &["f", "off", "7", "-1"],
                DatabaseRole::Primary,
                true,
                Some((7, 0)),
            ),
        ] {
            let facts = told(columns).unwrap();
            assert_eq!(facts.role, Some(role), "{columns:?}");
            assert_eq!(facts.writable.unwrap().is_ok(), writable, "{columns:?}");
            let read = facts.connections.map(|read| (read.used, read.limit));
            assert_eq!(read, connections, "{columns:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for columns in [
            &[][..],
            &["2"],
            &["f"],
            &["x", "off"],
            &["f", ""],
            &["f", "off", "7"],
            &["f", "off", "many", "97"],
            &["f", "off", "7", "97", "1"],
        ] {
            assert_eq!(told(columns), None, "{columns:?}");
        }
        assert_eq!(facts(&vec![None], 0.5), None);
    }
}
