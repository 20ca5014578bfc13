//! The way to a server: a pool that the service has, or a connection of our own.
//!
//! It judges nothing, and does not know what is asked.

use std::time::Instant;

use mysql_async::{Conn, Opts, Pool};

use super::{query, trouble};
use crate::kept::Kept;
use crate::sql::{Demands, Facts, Failure, Stage, within};

/// Where answers come from.
pub(super) enum Door {
    Pool(Pool),
    /// A connection made by ourselves, and kept from run to run.
    Own {
        opts: Opts,
        kept: Kept<Conn>,
    },
}

impl Door {
    pub(super) fn own(opts: Opts) -> Self {
        Self::Own {
            opts,
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
                within(deadline, Stage::Query, query::ask(&mut conn, demands)).await?
            }
            Self::Own { opts, kept } => {
                if let Some(mut conn) = kept.take() {
                    let facts = within(deadline, Stage::Query, query::ask(&mut conn, demands));
                    if let Ok(facts) = facts.await? {
                        kept.keep(conn);
                        return Ok(facts);
                    }
                    // It may have been closed since the last run, which says nothing of now.
                }
                let conn = within(deadline, Stage::Connect, Conn::new(opts.clone())).await?;
                let mut conn = conn.map_err(trouble::failure)?;
                let facts =
                    within(deadline, Stage::Query, query::ask(&mut conn, demands)).await??;
                kept.keep(conn);
                Ok(facts)
            }
        }
    }
}
