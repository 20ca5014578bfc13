//! The way to a server: a client or a pool that the service has, or a connection of our own.
//!
//! It judges nothing, and does not know what is asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Socket};

use super::own::{Connect, Connected, Target};
use super::pool::PostgresPool;
use super::query::{self, Row};
use super::trouble::{self, Answer};
use crate::clock;
use crate::kept::Kept;
use crate::sql::{Failure, Stage, Trouble, within};

type Underway = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Where answers come from.
pub(super) enum Door {
    /// A client of the service, and the query that it has not answered yet.
    Shared {
        client: Arc<Client>,
        underway: Kept<Underway>,
    },
    Pool(Box<dyn Lend>),
    /// A connection made by ourselves, and kept from run to run.
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

    pub(super) fn pool(pool: impl PostgresPool) -> Self {
        Self::Pool(Box::new(pool))
    }

    pub(super) fn own<T>(config: Config, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self::Own {
            target: Box::new(Target { config, tls }),
            kept: Kept::default(),
        }
    }

    /// The row that answers `sql`, and the milliseconds that it took. Cancel safe: a
    /// connection of our own is dropped with its query, one of the service's forgets it.
    pub(super) async fn ask(
        &self,
        sql: &'static str,
        deadline: Instant,
    ) -> Result<(Row, f64), Failure> {
        let (answer, latency_ms) = match self {
            Self::Shared { client, underway } => {
                ask_shared(client, underway, sql, deadline).await?
            }
            Self::Pool(pool) => pool.ask(sql, deadline).await?,
            Self::Own { target, kept } => ask_own(target.as_ref(), kept, sql, deadline).await?,
        };
        let messages = answer.map_err(trouble::failure)?;
        let row = query::row(&messages).ok_or_else(|| Failure::new(Trouble::Foreign))?;
        Ok((row, latency_ms))
    }
}

/// At most one query is underway on a client that does not answer: it would queue them all.
async fn ask_shared(
    client: &Arc<Client>,
    underway: &Kept<Underway>,
    sql: &'static str,
    deadline: Instant,
) -> Result<(Answer, f64), Failure> {
    if let Some(earlier) = underway.take() {
        // Its answer is as old as its question, and only ends the wait.
        let _ = finish(earlier, underway, deadline).await?;
    }
    let client = client.clone();
    let query: Underway = Box::pin(async move { client.simple_query(sql).await });
    timed(finish(query, underway, deadline)).await
}

async fn finish(
    mut query: Underway,
    underway: &Kept<Underway>,
    deadline: Instant,
) -> Result<Answer, Failure> {
    let answer = within(deadline, Stage::Query, query.as_mut()).await;
    if answer.is_err() {
        underway.keep(query);
    }
    answer
}

async fn ask_own(
    target: &dyn Connect,
    kept: &Kept<Connected>,
    sql: &'static str,
    deadline: Instant,
) -> Result<(Answer, f64), Failure> {
    if let Some(mut connected) = kept.take() {
        let asked = timed(within(deadline, Stage::Query, connected.ask(sql))).await?;
        if asked.0.is_ok() {
            kept.keep(connected);
            return Ok(asked);
        }
        // It may have been closed since the last run, which says nothing of now.
    }
    let mut connected = within(deadline, Stage::Connect, target.connect())
        .await?
        .map_err(trouble::failure)?;
    let asked = timed(within(deadline, Stage::Query, connected.ask(sql))).await?;
    if asked.0.is_ok() {
        kept.keep(connected);
    }
    Ok(asked)
}

/// A pool, whatever its connections are.
#[async_trait]
pub(super) trait Lend: Send + Sync {
    async fn ask(&self, sql: &'static str, deadline: Instant) -> Result<(Answer, f64), Failure>;
}

#[async_trait]
impl<P: PostgresPool> Lend for P {
    async fn ask(&self, sql: &'static str, deadline: Instant) -> Result<(Answer, f64), Failure> {
        let connection = within(deadline, Stage::Pool, self.get())
            .await?
            .map_err(trouble::of_pool)?;
        let query = P::client(&connection).simple_query(sql);
        timed(within(deadline, Stage::Query, query)).await
    }
}

/// What `work` comes to, and the milliseconds that it took.
async fn timed<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<(T, f64), Failure> {
    let begin = clock::instant();
    let done = work.await?;
    Ok((done, clock::since_ms(begin)))
}
