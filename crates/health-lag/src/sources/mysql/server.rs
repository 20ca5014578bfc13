//! The way to a server: a pool that the service has, or a connection of our own.
//!
//! It judges nothing, does not know what is asked, and has no timeout: who polls ends what hangs.

use std::fmt;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, Row};

use super::{NAME, trouble};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;
use crate::sources::kept::Kept;

/// A server that a source asks.
///
/// ```
/// use health_lag::mysql::MysqlServer;
///
/// let server = MysqlServer::connect("mysql://watcher:secret@db1:3306")?;
/// assert!(!format!("{server:?}").contains("secret"));
/// # Ok::<(), health_lag::InvalidSource>(())
/// ```
pub struct MysqlServer(Door);

enum Door {
    Pool(Pool),
    /// A connection made by ourselves, and kept from poll to poll.
    Own {
        opts: Opts,
        kept: Kept<Conn>,
    },
}

impl MysqlServer {
    /// Asks through a pool of the service.
    pub fn pool(pool: Pool) -> Self {
        Self(Door::Pool(pool))
    }

    /// Connects to `mysql://user:password@host:port/database` by itself, and keeps one connection.
    /// Without TLS, unless the service enables it in the crate `mysql_async`.
    pub fn connect(url: &str) -> Result<Self, InvalidSource> {
        // What is wrong with it is not repeated: it may hold a password.
        let opts = Opts::from_url(url).map_err(|_| {
            InvalidSource::new(
                NAME,
                "cannot use the URL; give mysql://user:password@host:port/database, and for TLS enable it in the crate `mysql_async`",
            )
        })?;
        Ok(Self::connect_with(opts))
    }

    /// Connects by itself, and keeps one connection.
    pub fn connect_with(opts: impl Into<Opts>) -> Self {
        Self(Door::Own {
            opts: by_host(opts.into()),
            kept: Kept::default(),
        })
    }

    /// The rows that answer each of the queries, one after the other on one connection. Cancel
    /// safe: the client marks a connection as unusable while an answer is to come, so that it is
    /// closed then, and not given back to a pool.
    pub(super) async fn ask(&self, queries: &[&str]) -> Result<Vec<Vec<Row>>, SourceError> {
        self.try_ask(queries).await.map_err(trouble::failure)
    }

    /// The same with the client's own error.
    pub(super) async fn try_ask(
        &self,
        queries: &[&str],
    ) -> Result<Vec<Vec<Row>>, mysql_async::Error> {
        match &self.0 {
            Door::Pool(pool) => all(&mut pool.get_conn().await?, queries).await,
            Door::Own { opts, kept } => {
                if let Some(mut conn) = kept.take() {
                    match all(&mut conn, queries).await {
                        // It may have been closed since the last poll, which says nothing of now.
                        Err(error) if !matches!(error, mysql_async::Error::Server(_)) => {}
                        answer => {
                            kept.keep(conn);
                            return answer;
                        }
                    }
                }
                let mut conn = Conn::new(opts.clone()).await?;
                let answer = all(&mut conn, queries).await;
                kept.keep(conn);
                answer
            }
        }
    }
}

async fn all(conn: &mut Conn, queries: &[&str]) -> Result<Vec<Vec<Row>>, mysql_async::Error> {
    let mut answers = Vec::with_capacity(queries.len());
    for query in queries {
        answers.push(conn.query(*query).await?);
    }
    Ok(answers)
}

/// The same options with a host in place of a URL, whose name the client would look up in a call
/// that blocks the thread.
fn by_host(opts: Opts) -> Opts {
    let host = opts.ip_or_hostname();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host).to_owned();
    OptsBuilder::from_opts(opts).ip_or_hostname(host).into()
}

/// Without the address, which may hold a password.
impl fmt::Debug for MysqlServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlServer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, good) in [
            ("mysql://alice:sw0rdfish@db01:3307/shop", true),
            ("mysql://alice:sw0rdfish@db01:port/shop", false),
            ("mysql://alice:sw0rdfish@db01/shop?sw0rdfish=1", false),
            ("postgres://alice:sw0rdfish@db01", false),
            ("", false),
        ] {
            match MysqlServer::connect(url) {
                Ok(server) => {
                    let shown = format!("{server:?}");
                    assert!(good && !shown.contains("sw0rdfish") && !shown.contains("db01"));
                }
                Err(error) => {
                    assert!(!good, "{url}");
                    assert!(!error.to_string().contains("sw0rdfish"), "{error}");
                }
            }
        }
        let opts = by_host(Opts::from_url("mysql://[::1]/shop").unwrap());
        assert_eq!(opts.ip_or_hostname(), "::1");
        assert!(!format!("{opts:?}").contains("Url("), "{opts:?}");
    }
}
