//! Judges one server: what is asked of it, and how it is registered.
//!
//! How it is reached is in `door`, what its answers mean in `sql`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, Socket};

use super::door::Door;
use super::own::Target;
use super::pool::PostgresPool;
use super::query;
use crate::invalid::InvalidCheck;
use crate::sql::{Demands, judge};
use crate::stores::{self, DatabaseRole};

const NAME: &str = "postgres";

/// Watches a PostgreSQL server: that it answers a query, and on request that it takes writes,
/// which role it plays, and how many of its connections are in use.
///
/// Without a request the query is `SELECT 1`. All is asked in one query, by the simple
/// protocol: one round trip, no prepared statement, so that it works through a pooler such as
/// `PgBouncer` too, which is then asked as well.
///
/// Unhealthy when there is no connection or no answer; the message says which, and what to do
/// about a login refused, a database missing, no connection left, a server that is starting,
/// and so on. Registered as `postgres`: critical, a shared dependency, every 30 s, with a
/// timeout of 10 s, down after 3 bad runs and up after 2 good ones. Its details are
/// `latency_ms` (of the query alone; absent without an answer), `tls` (of a connection of its
/// own: `as configured` or `none`), and, as far as they are asked for, `writable`, `role`,
/// `connections_used`, `connections_limit` and `connections_used_percent`.
///
/// ```no_run
/// use health_checks::postgres::{DatabaseRole, PostgresCheck};
///
/// # fn service(client: std::sync::Arc<tokio_postgres::Client>) -> Result<(), Box<dyn std::error::Error>> {
/// # let health = health_core::Health::new();
/// health.register(PostgresCheck::client(client))?;
///
/// let reports = PostgresCheck::new("postgres://health:secret@reports/shop")?
///     .expect_role(DatabaseRole::Replica)
///     .thresholds(0.7, 0.9)?;
/// health.register(reports.registration().named("postgres-reports"))?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct PostgresCheck {
    door: Door,
    demands: Demands,
}

impl PostgresCheck {
    /// Connects by itself without TLS, and keeps one connection: with
    /// `postgres://user:password@host:port/database`, or `host=… user=… dbname=…`.
    /// The rest is as for [`with_options`](Self::with_options).
    pub fn new(address: &str) -> Result<Self, InvalidCheck> {
        // What is wrong with it is not repeated: it may hold a password.
        let config: Config = address.parse().map_err(|_| {
            InvalidCheck::new(
                NAME,
                "cannot use the address; give postgres://user:password@host:port/database, or host=… user=… dbname=…",
            )
        })?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(InvalidCheck::new(
                NAME,
                "cannot connect with TLS by itself; give a connector to with_options",
            ));
        }
        Self::with_options(config, NoTls)
    }

    /// Connects by itself, and keeps one connection; `tls` is a connector such as
    /// `MakeRustlsConnect` of `tokio-postgres-rustls`, used as `sslmode` says: by `prefer`,
    /// the default, a server without TLS is asked without, which the detail `tls` shows.
    ///
    /// The connection lives within the runs: no task is spawned for it. One that was closed
    /// since the last run is replaced within the next. The server sees it as `health-check`
    /// unless the configuration has another `application_name`. Of several hosts the first that
    /// lets it in is asked; with `load_balance_hosts=random` each new connection begins with
    /// the next of them.
    pub fn with_options<T>(mut config: Config, tls: T) -> Result<Self, InvalidCheck>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if config.get_application_name().is_none() {
            config.application_name("health-check");
        }
        Ok(Self::through(Door::own(Target::new(NAME, &config, tls)?)))
    }

    /// Asks through a client of the service. Once its connection has ended the check is
    /// unhealthy, as the service is without a database then: a client does not reconnect.
    ///
    /// A query that got no answer in time stays underway on the client, and no other is sent
    /// before it is answered, or the connection ends.
    pub fn client(client: Arc<Client>) -> Self {
        Self::through(Door::lent(client))
    }

    /// Asks through a pool of the service, so that an exhausted pool shows too.
    ///
    /// A query that got no answer in time stays underway, and its connection with the check; no
    /// other is sent before it is answered, or the connection ends. Where the network may
    /// swallow a connection, give the pool a `tcp_user_timeout`.
    pub fn pool(pool: impl PostgresPool) -> Self {
        Self::through(Door::lent(pool))
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            demands: Demands::default(),
        }
    }

    /// Unhealthy unless the server takes writes: it is no replica, and
    /// `default_transaction_read_only` is off, as seen by the connection that asks.
    ///
    /// A value set for a database or a role holds for new connections only, and so shows on a
    /// connection kept or pooled when that is made anew.
    pub fn expect_writable(mut self) -> Self {
        self.demands.writable = true;
        self
    }

    /// Unhealthy unless the server plays this role; a replica is a standby, whether or not it
    /// receives anything.
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

    /// Degraded and unhealthy from these used fractions of the connections on. The limit is
    /// `max_connections` without those reserved for superusers and the like, so that 100 % is
    /// where the service is refused. Asks no privilege; a user without `pg_monitor` sees
    /// parallel workers of other users as connections.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.demands.limit_connections(NAME, degraded, unhealthy)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        stores::registration(NAME, "a PostgreSQL server", self)
    }
}

impl From<PostgresCheck> for Registration {
    fn from(check: PostgresCheck) -> Self {
        check.registration()
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for PostgresCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresCheck")
            .field("demands", &self.demands)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Check for PostgresCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let sql = query::sql(self.demands);
        let answered = self.door.ask(sql, stores::until(cx)).await;
        match answered.and_then(|answered| query::read(&answered)) {
            Ok(facts) => judge(NAME, self.demands, &facts),
            Err(failure) => failure.outcome(NAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let refused = |address: &str| match PostgresCheck::new(address) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        for (address, words) in [
            ("postgres://alice:sw0rdfish@db01/shop", ""),
            ("postgresql://db01", ""),
            ("host=/run/postgresql user=alice", ""),
            ("hostaddr=127.0.0.1 password=sw0rdfish", ""),
            (
                "postgres://alice:sw0rdfish@db01:port/shop",
                "cannot use the address",
            ),
            (
                "postgres://alice:sw0rdfish@db01/shop?sw0rdfish=1",
                "cannot use the address",
            ),
            ("password=sw0rdfish sw0rdfish", "cannot use the address"),
            ("mysql://alice:sw0rdfish@db01", "cannot use the address"),
            ("", "nowhere"),
            ("user=alice password=sw0rdfish", "nowhere"),
            (
                "postgres://alice:sw0rdfish@db01/shop?sslmode=require",
                "with_options",
            ),
        ] {
            let refused = refused(address);
            assert!(refused.contains(words), "{address}: {refused}");
            assert_eq!(refused.is_empty(), words.is_empty(), "{address}: {refused}");
            assert!(!refused.contains("sw0rdfish"), "{refused}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let check = PostgresCheck::new("postgres://alice:sw0rdfish@db01/shop").unwrap();
        let shown = format!("{check:?}");
        for private in ["sw0rdfish", "alice", "db01"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}
