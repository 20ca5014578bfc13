//! The way to a server: a client that the service has, or a connection of our own.
//!
//! It judges nothing, does not know what is asked, and has no timeout: who polls ends what hangs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, Socket};

use super::own::{Connect, Connected, Target};
use super::table::{Row, tables};
use super::{NAME, trouble};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;
use crate::sources::kept::Kept;

type Answer = Result<Vec<SimpleQueryMessage>, Error>;
type Underway = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Where answers come from.
pub(super) enum Door {
    /// A client of the service, and the query that it has not answered yet.
    Shared {
        client: Arc<Client>,
        underway: Kept<Underway>,
    },
    /// A connection made by ourselves, and kept from poll to poll.
    Own {
        target: Box<dyn Connect>,
        kept: Kept<Connected>,
    },
}

impl Door {
    pub(super) fn shared(client: Arc<Client>) -> Self {
        Self::Shared {
            client,
            underway: Kept::default(),
        }
    }

    pub(super) fn address(address: &str) -> Result<Self, InvalidSource> {
        // What is wrong with it is not repeated: it may hold a password.
        let config: Config = address.parse().map_err(|_| {
            InvalidSource::new(
                NAME,
                "cannot use the address; give postgres://user:password@host:port/database, or host=… user=… dbname=…",
            )
        })?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(InvalidSource::new(
                NAME,
                "cannot connect with TLS by itself; give a connector to connect_with",
            ));
        }
        Self::own(config, NoTls)
    }

    pub(super) fn own<T>(mut config: Config, tls: T) -> Result<Self, InvalidSource>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(InvalidSource::new(
                NAME,
                "cannot connect to nowhere; give a host, or the directory of a Unix socket",
            ));
        }
        if config.get_application_name().is_none() {
            config.application_name("health-lag");
        }
        Ok(Self::Own {
            target: Box::new(Target { config, tls }),
            kept: Kept::default(),
        })
    }

    /// The rows that answer each query of `sql`. Cancel safe: a connection of our own is dropped
    /// with its query, one of the service's is asked nothing more before it has answered.
    pub(super) async fn ask(&self, sql: &'static str) -> Result<Vec<Vec<Row>>, SourceError> {
        let answer = match self {
            Self::Shared { client, underway } => ask_shared(client, underway, sql).await,
            Self::Own { target, kept } => ask_own(target.as_ref(), kept, sql).await,
        };
        Ok(tables(&answer.map_err(trouble::failure)?))
    }
}

/// At most one query is underway on a client that does not answer: it would queue them all.
async fn ask_shared(client: &Arc<Client>, underway: &Kept<Underway>, sql: &'static str) -> Answer {
    if let Some(earlier) = underway.take() {
        // Its answer is as old as its question, and only ends the wait.
        let _ = Waiting::new(earlier, underway).await;
    }
    let client = client.clone();
    let query: Underway = Box::pin(async move { client.simple_query(sql).await });
    Waiting::new(query, underway).await
}

/// A query that is kept if the wait for its answer is given up.
struct Waiting<'a> {
    query: Option<Underway>,
    underway: &'a Kept<Underway>,
}

impl<'a> Waiting<'a> {
    fn new(query: Underway, underway: &'a Kept<Underway>) -> Self {
        Self {
            query: Some(query),
            underway,
        }
    }
}

impl Future for Waiting<'_> {
    type Output = Answer;

    fn poll(
        mut self: Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Answer> {
        let Some(query) = &mut self.query else {
            return std::task::Poll::Pending;
        };
        let polled = query.as_mut().poll(task);
        if polled.is_ready() {
            self.query = None;
        }
        polled
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(query) = self.query.take() {
            self.underway.keep(query);
        }
    }
}

async fn ask_own(target: &dyn Connect, kept: &Kept<Connected>, sql: &'static str) -> Answer {
    if let Some(mut connected) = kept.take()
        && let Ok(answer) = connected.ask(sql).await
    {
        kept.keep(connected);
        return Ok(answer);
    }
    // One that was kept may have been closed since the last poll, which says nothing of now.
    let mut connected = target.connect().await?;
    let answer = connected.ask(sql).await;
    if answer.is_ok() {
        kept.keep(connected);
    }
    answer
}
