//! The way to a server: a connection that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout: who polls ends what hangs.

use redis::aio::ConnectionLike;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisResult};

use super::info::{self, Replication};
use super::{NAME, advice};
use crate::source_error::SourceError;
use crate::sources::invalid::InvalidSource;
use crate::sources::kept::Kept;

type Connection = Box<dyn ConnectionLike + Send>;

/// Where connections come from.
pub(super) enum Door {
    /// The service keeps it, and makes it anew.
    Shared(Box<dyn Fn() -> Connection + Send + Sync>),
    /// Made by ourselves, and kept from poll to poll.
    Own {
        client: Client,
        kept: Kept<Connection>,
    },
}

impl Door {
    pub(super) fn shared<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::Shared(Box::new(move || Box::new(connection.clone())))
    }

    pub(super) fn own(client: Client) -> Self {
        Self::Own {
            client,
            kept: Kept::default(),
        }
    }

    /// What is wrong with the URL is not repeated, as it may hold a password.
    pub(super) fn url(url: &str) -> Result<Self, InvalidSource> {
        let client = Client::open(url).map_err(|_| {
            InvalidSource::new(
                NAME,
                "cannot use the URL; give redis://[[user]:password@]host[:port], or rediss:// with TLS enabled in the crate `redis`",
            )
        })?;
        Ok(Self::own(client))
    }

    /// What a server says of replication. Cancel safe: a connection of our own is dropped with its
    /// question.
    pub(super) async fn ask(&self) -> Result<Replication, SourceError> {
        let text = self.text().await.map_err(advice::failure)?;
        info::read(&text).ok_or_else(advice::foreign)
    }

    async fn text(&self) -> RedisResult<String> {
        match self {
            Self::Shared(connection) => ask(&mut connection()).await,
            Self::Own { client, kept } => {
                if let Some(mut connection) = kept.take() {
                    match ask(&mut connection).await {
                        // It may have been closed since, which says nothing of now.
                        Err(error) if error.is_io_error() => {}
                        answer => {
                            kept.keep(connection);
                            return answer;
                        }
                    }
                }
                let mut connection = connect(client).await?;
                let answer = ask(&mut connection).await?;
                kept.keep(connection);
                Ok(answer)
            }
        }
    }
}

async fn connect(client: &Client) -> RedisResult<Connection> {
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let connection = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await?;
    Ok(Box::new(connection))
}

async fn ask(connection: &mut Connection) -> RedisResult<String> {
    let command = redis::cmd("INFO").arg("replication").to_owned();
    let answer = connection.req_packed_command(&command).await?;
    Ok(String::from_redis_value(answer.extract_error()?)?)
}
