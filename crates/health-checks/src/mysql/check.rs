//! Judges one server: what is asked of it, and how it is registered.
//!
//! How it is reached is in `door`, what its answers mean in `sql`.

use std::fmt;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use mysql_async::{Opts, Pool};

use super::door::Door;
use crate::invalid::InvalidCheck;
use crate::sql::{Demands, judge};
use crate::stores::{self, DatabaseRole};

const NAME: &str = "mysql";

/// Watches a MySQL or MariaDB server: that it answers `SELECT 1`, and on request that it takes
/// writes, which role it plays, and how many of its connections are in use.
///
/// It asks `SELECT 1` and not `COM_PING`, which a proxy may answer by itself.
///
/// Unhealthy when there is no connection or no answer; the message says which, and what to do
/// about a login refused, a database missing, no connection left, a server that shuts down,
/// and so on. Registered as `mysql`: critical, a shared dependency, every 30 s, with a timeout
/// of 10 s, down after 3 bad runs and up after 2 good ones. Its details are `latency_ms` (of
/// `SELECT 1` alone; absent without an answer to it), and, as far as they are asked for, `writable`, `role`, `replicating` (of
/// a replica), `connections_used`, `connections_limit` and `connections_used_percent`.
///
/// ```no_run
/// use health_checks::mysql::{DatabaseRole, MysqlCheck};
///
/// # fn service(pool: mysql_async::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// # let health = health_core::Health::new();
/// health.register(MysqlCheck::pool(pool))?;
///
/// let reports = MysqlCheck::new("mysql://health:secret@reports/shop")?
///     .expect_role(DatabaseRole::Replica)
///     .thresholds(0.7, 0.9)?;
/// health.register(reports.registration().named("mysql-reports"))?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct MysqlCheck {
    door: Door,
    demands: Demands,
}

impl MysqlCheck {
    /// Connects by itself, and keeps one connection, with
    /// `mysql://user:password@host:port/database` and the parameters that `mysql_async` knows.
    /// The rest is as for [`with_options`](Self::with_options).
    pub fn new(url: &str) -> Result<Self, InvalidCheck> {
        // What is wrong with it is not repeated: it may hold a password.
        let opts = Opts::from_url(url).map_err(|_| {
            InvalidCheck::new(
                NAME,
                "cannot use the URL; give mysql://user:password@host:port/database, and for TLS enable it in the crate `mysql_async`",
            )
        })?;
        Ok(Self::with_options(opts))
    }

    /// Connects by itself, and keeps one connection. One that was closed since the last run
    /// (by a restart, or by the server's `wait_timeout`) is replaced within the next.
    pub fn with_options(opts: impl Into<Opts>) -> Self {
        Self::through(Door::own(opts.into()))
    }

    /// Asks through a pool of the service, so that an exhausted pool shows too.
    ///
    /// A connection whose query got no answer in time is closed, not given back.
    pub fn pool(pool: Pool) -> Self {
        Self::through(Door::Pool(pool))
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            demands: Demands::default(),
        }
    }

    /// Unhealthy unless the server takes writes of an ordinary user: `read_only` and
    /// `innodb_read_only` are off.
    pub fn expect_writable(mut self) -> Self {
        self.demands.writable = true;
        self
    }

    /// Unhealthy unless the server plays this role. It is a replica while replication is set
    /// up on it, until `RESET REPLICA ALL`; one whose threads do not all run is unhealthy too
    /// where a replica is expected.
    ///
    /// The user needs `REPLICATION CLIENT`, or on MariaDB `SLAVE MONITOR`.
    pub fn expect_role(mut self, role: DatabaseRole) -> Self {
        self.demands.role = Some(role);
        self
    }

    /// Watches how many connections are in use, with [`thresholds`](Self::thresholds) of 0.8
    /// and 0.95.
    pub fn connections(mut self) -> Self {
        self.demands.watch_connections();
        self
    }

    /// Degraded and unhealthy from these used fractions of `max_connections` on.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.demands.limit_connections(NAME, degraded, unhealthy)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        stores::registration(NAME, "a MySQL or MariaDB server", self)
    }
}

impl From<MysqlCheck> for Registration {
    fn from(check: MysqlCheck) -> Self {
        check.registration()
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for MysqlCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlCheck")
            .field("demands", &self.demands)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Check for MysqlCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        match self.door.ask(self.demands, stores::until(cx)).await {
            Ok(facts) => judge(NAME, self.demands, &facts),
            Err(failure) => failure.outcome(NAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, good) in [
            ("mysql://alice:sw0rdfish@db01:3307/shop", true),
            ("mysql://db01", true),
            ("mysql://alice:sw0rdfish@db01:port/shop", false),
            ("mysql://alice:sw0rdfish@db01/shop?sw0rdfish=1", false),
            (
                "mysql://alice:sw0rdfish@db01/shop?pool_min=sw0rdfish",
                false,
            ),
            ("postgres://alice:sw0rdfish@db01", false),
            ("sw0rdfish", false),
            ("", false),
        ] {
            match MysqlCheck::new(url) {
                Ok(_) => assert!(good, "{url}"),
                Err(error) => {
                    assert!(!good, "{url}");
                    let error = error.to_string();
                    assert!(error.starts_with("mysql: cannot use the URL"), "{error}");
                    assert!(!error.contains("sw0rdfish"), "{error}");
                }
            }
        }
    }

    #[test]
    fn no_password_is_shown() {
        let own = MysqlCheck::new("mysql://alice:sw0rdfish@db01/shop").unwrap();
        let pool = MysqlCheck::pool(Pool::new("mysql://alice:sw0rdfish@db01/shop"));
        for check in [own, pool] {
            let shown = format!("{check:?}");
            for private in ["sw0rdfish", "alice", "db01"] {
                assert!(!shown.contains(private), "{shown}");
            }
        }
    }
}
