//! The way to a server: a client or a pool that the service has, or a connection of our own.
//!
//! It judges nothing, and does not know what is asked.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio_postgres::Client;

use super::own::{Connect, Connected};
use super::pool::PostgresPool;
use super::query::{self, Row};
use super::trouble::{self, Answer};
use crate::clock;
use crate::kept::{Kept, Question, Underway};
use crate::sql::{Failure, Stage, Trouble, within};

/// Where answers come from.
pub(super) enum Door {
    /// The service, and the query without an answer yet, with the connection it was sent through.
    Lent {
        lender: Box<dyn Lend>,
        underway: Underway<Answer>,
    },
    /// A connection made by ourselves, and kept from run to run.
    Own {
        target: Box<dyn Connect>,
        kept: Kept<Connected>,
    },
}

/// What a query brought.
pub(super) struct Answered {
    pub(super) row: Row,
    pub(super) latency_ms: f64,
    /// Whether it came by TLS, where that is known.
    pub(super) tls: Option<&'static str>,
}

impl Door {
    pub(super) fn lent(lender: impl Lend + 'static) -> Self {
        Self::Lent {
            lender: Box::new(lender),
            underway: Underway::default(),
        }
    }

    pub(super) fn own(target: impl Connect + 'static) -> Self {
        Self::Own {
            target: Box::new(target),
            kept: Kept::default(),
        }
    }

    /// The row that answers `sql`. Cancel safe: a connection of our own is dropped with its
    /// query, one of the service's is kept until it has answered.
    pub(super) async fn ask(
        &self,
        sql: &'static str,
        deadline: Instant,
    ) -> Result<Answered, Failure> {
        let (answer, latency_ms, tls) = match self {
            Self::Lent { lender, underway } => {
                within(deadline, Stage::Query, underway.settle()).await?;
                let query = lender.query(sql, deadline).await?;
                let asked = timed(within(deadline, Stage::Query, underway.answer(query)));
                let (answer, latency_ms) = asked.await?;
                (answer, latency_ms, None)
            }
            Self::Own { target, kept } => ask_own(target.as_ref(), kept, sql, deadline).await?,
        };
        let messages = answer.map_err(trouble::failure)?;
        Ok(Answered {
            row: query::row(&messages).ok_or_else(|| Failure::new(Trouble::Foreign))?,
            latency_ms,
            tls,
        })
    }
}

async fn ask_own(
    target: &dyn Connect,
    kept: &Kept<Connected>,
    sql: &'static str,
    deadline: Instant,
) -> Result<(Answer, f64, Option<&'static str>), Failure> {
    if let Some(mut connected) = kept.take() {
        let asked = timed(within(deadline, Stage::Query, connected.ask(sql)));
        let (answer, latency_ms) = asked.await?;
        if answer.is_ok() {
            let tls = Some(connected.tls);
            kept.keep(connected);
            return Ok((answer, latency_ms, tls));
        }
        // It may have been closed since the last run, which says nothing of now.
    }
    let mut connected = within(deadline, Stage::Connect, target.connect()).await??;
    let asked = timed(within(deadline, Stage::Query, connected.ask(sql)));
    let (answer, latency_ms) = asked.await?;
    let tls = Some(connected.tls);
    if answer.is_ok() {
        kept.keep(connected);
    }
    Ok((answer, latency_ms, tls))
}

/// What the service has: a client, or a pool of them.
#[async_trait]
pub(super) trait Lend: Send + Sync {
    /// A query that is sent when it is polled, and holds what it goes through.
    async fn query(
        &self,
        sql: &'static str,
        deadline: Instant,
    ) -> Result<Question<Answer>, Failure>;
}

#[async_trait]
impl Lend for Arc<Client> {
    async fn query(&self, sql: &'static str, _: Instant) -> Result<Question<Answer>, Failure> {
        let client = self.clone();
        Ok(Box::pin(async move { client.simple_query(sql).await }))
    }
}

#[async_trait]
impl<P: PostgresPool> Lend for P {
    async fn query(
        &self,
        sql: &'static str,
        deadline: Instant,
    ) -> Result<Question<Answer>, Failure> {
        let connection = within(deadline, Stage::Pool, self.get())
            .await?
            .map_err(trouble::of_pool)?;
        Ok(Box::pin(async move {
            P::client(&connection).simple_query(sql).await
        }))
    }
}

/// What `work` comes to, and the milliseconds that it took.
async fn timed<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<(T, f64), Failure> {
    let begin = clock::instant();
    let done = work.await?;
    Ok((done, clock::since_ms(begin)))
}
