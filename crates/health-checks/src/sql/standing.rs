//! What is asked of a server beyond an answer, what it answered, and what that means.
//!
//! Pure. How a server is asked, the families say.

use health_core::{Outcome, Status};

use crate::invalid::InvalidCheck;
use crate::limits::{Limits, figure};
use crate::percent::percent;
use crate::stores::{DatabaseRole, Finding, worst};

/// Fractions of the connections that may be used.
const CONNECTION_LIMITS: Limits = Limits::rising(0.8, 0.95);

/// What is asked of a server beyond an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Demands {
    pub(crate) writable: bool,
    pub(crate) role: Option<DatabaseRole>,
    pub(crate) connections: Option<Limits>,
}

impl Demands {
    /// Connections in use, by the limits that there are, or those of [`CONNECTION_LIMITS`].
    pub(crate) fn watch_connections(&mut self) {
        self.connections.get_or_insert(CONNECTION_LIMITS);
    }

    /// The same by other limits, for the check of this `name`.
    pub(crate) fn limit_connections(
        &mut self,
        name: &'static str,
        degraded: f64,
        unhealthy: f64,
    ) -> Result<(), InvalidCheck> {
        let limits = CONNECTION_LIMITS.set(name, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        self.connections = Some(limits);
        Ok(())
    }
}

/// What a server answered in one run; what was not asked for is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) latency_ms: f64,
    /// Or why it takes no writes, and what to do.
    pub(crate) writable: Option<Result<(), &'static str>>,
    pub(crate) role: Option<DatabaseRole>,
    /// Of a replica: whether it follows.
    pub(crate) replicating: Option<bool>,
    pub(crate) connections: Option<Connections>,
    /// Whether a connection of the check's own speaks TLS.
    pub(crate) tls: Option<&'static str>,
}

/// The connections of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connections {
    pub(crate) used: u64,
    /// How many an ordinary user may take.
    pub(crate) limit: u64,
}

/// What `facts` mean by `demands`. A demand without its fact is not met.
pub(crate) fn judge(name: &str, demands: Demands, facts: &Facts) -> Outcome {
    let mut findings = vec![(Status::Healthy, format!("{name} answers"))];
    if demands.writable {
        findings.push(judge_writable(name, facts.writable));
    }
    if let Some(expected) = demands.role {
        findings.push(judge_role(name, expected, facts));
    }
    if let Some(limits) = demands.connections {
        findings.push(judge_connections(name, limits, facts.connections));
    }
    details(facts, worst(&findings))
}

fn untold(name: &str, what: &str) -> Finding {
    (Status::Unhealthy, format!("{name} does not tell {what}"))
}

fn judge_writable(name: &str, writable: Option<Result<(), &'static str>>) -> Finding {
    match writable {
        Some(Ok(())) => (Status::Healthy, "takes writes".to_owned()),
        Some(Err(reason)) => (
            Status::Unhealthy,
            format!("{name} takes no writes: {reason}"),
        ),
        None => untold(name, "whether it takes writes"),
    }
}

fn judge_role(name: &str, expected: DatabaseRole, facts: &Facts) -> Finding {
    match (facts.role, facts.replicating) {
        (Some(DatabaseRole::Replica), Some(false)) if expected == DatabaseRole::Replica => (
            Status::Unhealthy,
            format!("{name} is a replica that does not follow; see its replication status"),
        ),
        (Some(role), _) if role == expected => (Status::Healthy, format!("is a {role}")),
        (Some(role), _) => (
            Status::Unhealthy,
            format!(
                "{name} is a {role} where a {expected} is expected; see whether it failed over, or correct the address"
            ),
        ),
        (None, _) => untold(name, "its role"),
    }
}

fn judge_connections(name: &str, limits: Limits, connections: Option<Connections>) -> Finding {
    let Some(connections) = connections else {
        return untold(name, "its connections");
    };
    let used = used_fraction(connections);
    let (status, limit) = limits.judge(used);
    let Connections {
        used: count,
        limit: most,
    } = connections;
    let subject = match status {
        Status::Healthy => String::new(),
        _ => format!("{name} has "),
    };
    let remedy = match status {
        Status::Healthy => "",
        _ => "; find who holds them, or raise max_connections",
    };
    (
        status,
        format!(
            "{subject}{count} of {most} connections in use, {} %, limit {} %{remedy}",
            percent(used),
            percent(limit)
        ),
    )
}

fn details(facts: &Facts, outcome: Outcome) -> Outcome {
    let mut outcome = outcome.detail("latency_ms", facts.latency_ms);
    if let Some(writable) = facts.writable {
        outcome = outcome.detail("writable", writable.is_ok());
    }
    if let Some(role) = facts.role {
        outcome = outcome.detail("role", role.to_string());
    }
    if let Some(tls) = facts.tls {
        outcome = outcome.detail("tls", tls);
    }
    if let Some(replicating) = facts.replicating {
        outcome = outcome.detail("replicating", replicating);
    }
    if let Some(connections) = facts.connections {
        outcome = outcome
            .detail("connections_used", connections.used)
            .detail("connections_limit", connections.limit)
            .detail(
                "connections_used_percent",
                percent(used_fraction(connections)),
            );
    }
    outcome
}

fn used_fraction(connections: Connections) -> f64 {
    figure(connections.used) / figure(connections.limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    use DatabaseRole::{Primary, Replica};
    use Status::{Degraded, Healthy, Unhealthy};

    fn demand(writable: bool, role: Option<DatabaseRole>, connections: bool) -> Demands {
        Demands {
            writable,
            role,
            connections: connections.then_some(CONNECTION_LIMITS),
        }
    }

    #[test]
    fn demands() {
        let bare = Facts::default();
        let role = |role: DatabaseRole| Facts {
            role: Some(role),
            ..bare.clone()
        };
        let follows = |replicating: bool| Facts {
            replicating: Some(replicating),
            ..role(Replica)
        };
        let writes = |writable: Result<(), &'static str>| Facts {
            writable: Some(writable),
            ..bare.clone()
        };
        for (demands, facts, status, message) in [
            (
                demand(false, None, false),
                bare.clone(),
                Healthy,
                "db answers",
            ),
            (
                demand(false, None, false),
                writes(Err("x")),
                Healthy,
                "db answers",
            ),
            (
                demand(true, None, false),
                writes(Ok(())),
                Healthy,
                "db answers, takes writes",
            ),
            (
                demand(true, None, false),
                writes(Err("x")),
                Unhealthy,
                "db takes no writes: x",
            ),
            (
                demand(true, None, false),
                bare.clone(),
                Unhealthy,
                "db does not tell whether it takes writes",
            ),
            (
                demand(false, Some(Primary), false),
                role(Primary),
                Healthy,
                "db answers, is a primary",
            ),
            (
                demand(false, Some(Replica), false),
                follows(true),
                Healthy,
                "db answers, is a replica",
            ),
            (
                demand(false, Some(Replica), false),
                role(Replica),
                Healthy,
                "db answers, is a replica",
            ),
            (
                demand(false, Some(Replica), false),
                follows(false),
                Unhealthy,
                "db is a replica that does not follow; see its replication status",
            ),
            (
                demand(false, Some(Primary), false),
                follows(false),
                Unhealthy,
                "db is a replica where a primary is expected; see whether it failed over, or correct the address",
            ),
            (
                demand(false, Some(Replica), false),
                role(Primary),
                Unhealthy,
                "db is a primary where a replica is expected; see whether it failed over, or correct the address",
            ),
            (
                demand(true, Some(Replica), true),
                bare.clone(),
                Unhealthy,
                "db does not tell whether it takes writes, db does not tell its role, db does not tell its connections",
            ),
        ] {
            let outcome = judge("db", demands, &facts);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
        }
    }

    #[test]
    fn connections() {
        for (used, limit, status, message) in [
            (
                1,
                97,
                Healthy,
                "db answers, 1 of 97 connections in use, 1 %, limit 80 %",
            ),
            (
                79,
                100,
                Healthy,
                "db answers, 79 of 100 connections in use, 79 %, limit 80 %",
            ),
            (
                80,
                100,
                Degraded,
                "db has 80 of 100 connections in use, 80 %, limit 80 %; find who holds them, or raise max_connections",
            ),
            (
                95,
                100,
                Unhealthy,
                "db has 95 of 100 connections in use, 95 %, limit 95 %; find who holds them, or raise max_connections",
            ),
            // Reserved ones are taken too.
            (
                100,
                97,
                Unhealthy,
                "db has 100 of 97 connections in use, 103 %, limit 95 %; find who holds them, or raise max_connections",
            ),
        ] {
            let facts = Facts {
                connections: Some(Connections { used, limit }),
                ..Facts::default()
            };
            let outcome = judge("db", demand(false, None, true), &facts);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["connections_used"], used);
            assert_eq!(outcome.details()["connections_limit"], limit);
        }
        let none = Facts {
            connections: Some(Connections { used: 0, limit: 0 }),
            ..Facts::default()
        };
        assert_eq!(
            judge("db", demand(false, None, true), &none).status(),
            Unhealthy
        );
    }

    #[test]
    fn limits_of_connections() {
        for (degraded, unhealthy, good) in [
            (0.5, 0.9, true),
            (0.9, 0.8, false),
            (0.0, 0.5, false),
            (0.5, 1.1, false),
            (f64::NAN, 0.5, false),
        ] {
            let mut demands = demand(false, None, false);
            let refused = demands.limit_connections("db", degraded, unhealthy).err();
            assert_eq!(refused.is_none(), good, "{degraded} {unhealthy}");
            assert_eq!(demands.connections.is_some(), good);
            let refused = refused.map(|refused| refused.to_string());
            assert!(refused.is_none_or(|refused| refused.starts_with("db: ")));
        }
        let mut demands = demand(false, None, false);
        demands.limit_connections("db", 0.1, 0.2).unwrap();
        let limited = demands;
        demands.watch_connections();
        assert_eq!(demands, limited);
    }

    #[test]
    fn the_worst_is_told() {
        let facts = Facts {
            latency_ms: 0.5,
            writable: Some(Err("it is a replica")),
            role: Some(Replica),
            replicating: Some(true),
            connections: Some(Connections {
                used: 85,
                limit: 100,
            }),
            tls: Some("none"),
        };
        let outcome = judge("db", demand(true, Some(Replica), true), &facts);
        assert_eq!(outcome.message(), "db takes no writes: it is a replica");
        for (key, value) in [
            ("latency_ms", "0.5"),
            ("writable", "false"),
            ("role", "\"replica\""),
            ("replicating", "true"),
            ("tls", "\"none\""),
            ("connections_used_percent", "85.0"),
        ] {
            assert_eq!(outcome.details()[key].to_string(), value, "{key}");
        }
    }
}
