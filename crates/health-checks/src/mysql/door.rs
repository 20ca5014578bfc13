//! The way to a server: a pool that the service has, or a connection of our own.
//!
//! It judges nothing, and does not know what is asked.

use std::time::Instant;

use mysql_async::{Conn, Opts, Pool};

use super::place::Place;
use super::{query, trouble};
use crate::kept::Kept;
use crate::sql::{Demands, Facts, Failure, Stage, Trouble, within};

/// Where answers come from.
pub(super) enum Door {
    Pool(Pool),
    /// A connection made by ourselves, and kept from run to run.
    Own {
        place: Place,
        kept: Kept<Conn>,
    },
}

impl Door {
    pub(super) fn own(opts: Opts) -> Self {
        Self::Own {
            place: Place::of(opts),
            kept: Kept::default(),
        }
    }

    /// What a server answers. Cancel safe: the client marks a connection as unusable while
    /// an answer is to come, so that it is closed then, and not given back to a pool.
    pub(super) async fn ask(&self, demands: Demands, deadline: Instant) -> Result<Facts, Failure> {
        match self {
            Self::Pool(pool) => {
                let conn = within(deadline, Stage::Pool, pool.get_conn()).await?;
                let mut conn = conn.map_err(trouble::failure)?;
                ask(&mut conn, demands, deadline).await?
            }
            Self::Own { place, kept } => {
                if let Some(mut conn) = kept.take()
                    && let Ok(facts) = ask(&mut conn, demands, deadline).await?
                {
                    kept.keep(conn);
                    return Ok(facts);
                }
                // What was kept may have been closed since, which says nothing of now.
                let mut conn = within(deadline, Stage::Connect, connect(place)).await??;
                let facts = ask(&mut conn, demands, deadline).await??;
                kept.keep(conn);
                Ok(facts)
            }
        }
    }
}

async fn connect(place: &Place) -> Result<Conn, Failure> {
    let opts = place.opts().await;
    let opts = opts.map_err(|error| Failure::with_error(Trouble::Unreachable, error))?;
    Conn::new(opts).await.map_err(trouble::failure)
}

/// The outer failure is a wait in vain, the inner one what the connection came to.
async fn ask(
    conn: &mut Conn,
    demands: Demands,
    deadline: Instant,
) -> Result<Result<Facts, Failure>, Failure> {
    let mut latency_ms = None;
    let asked = query::ask(conn, demands, &mut latency_ms);
    match within(deadline, Stage::Query, asked).await {
        Ok(facts) => Ok(facts.map_err(|failure| failure.after(latency_ms))),
        Err(late) => Err(late.after(latency_ms)),
    }
}
