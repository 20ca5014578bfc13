//! The way to a server: a connection that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout: who uses it ends what hangs.

use redis::aio::ConnectionLike;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, Value,
};

use super::names::Names;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::kept::{Kept, Underway};

/// A connection that commands can be sent through.
pub(super) type Connection = Box<dyn ConnectionLike + Send>;

/// Where connections come from.
pub(super) enum Door {
    /// The service keeps it, and makes it anew.
    Shared {
        connection: Box<dyn Fn() -> Connection + Send + Sync>,
        /// The command without an answer yet.
        underway: Underway<RedisResult<Value>>,
    },
    /// Made by ourselves, and kept from run to run.
    Own {
        client: Client,
        names: Names,
        kept: Kept<Connection>,
    },
}

impl Door {
    pub(super) fn shared<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::Shared {
            connection: Box::new(move || Box::new(connection.clone())),
            underway: Underway::default(),
        }
    }

    pub(super) fn own(client: Client) -> Self {
        Self::Own {
            client,
            names: Names::default(),
            kept: Kept::default(),
        }
    }

    /// A connection that has just answered, and the milliseconds that it took to answer.
    ///
    /// A kept one may have been closed since (by a restart, or by the server's `timeout`);
    /// that says nothing of now, so it is replaced. On a shared one an earlier command is
    /// waited for first.
    pub(super) async fn open(&self) -> RedisResult<(Connection, f64)> {
        match self {
            Self::Shared {
                connection,
                underway,
            } => {
                underway.settle().await;
                self.answering(connection()).await
            }
            Self::Own {
                client,
                names,
                kept,
            } => {
                if let Some(connection) = kept.take() {
                    match self.answering(connection).await {
                        Err(error) if error.is_io_error() => {}
                        answered => return answered,
                    }
                }
                self.answering(connect(client, names).await?).await
            }
        }
    }

    async fn answering(&self, mut connection: Connection) -> RedisResult<(Connection, f64)> {
        let begin = clock::instant();
        let answer: String = self.ask(&mut connection, &redis::cmd("PING")).await?;
        if answer == "PONG" {
            Ok((connection, clock::since_ms(begin)))
        } else {
            Err((ErrorKind::UnexpectedReturnType, "PING without PONG").into())
        }
    }

    /// Sends one command, and reads its answer. Cancel safe on a shared connection, where it
    /// stays underway; one of our own is to be dropped then.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        connection: &mut Connection,
        command: &Cmd,
    ) -> RedisResult<T> {
        let answer = match self {
            Self::Own { .. } => connection.req_packed_command(command).await?,
            Self::Shared {
                connection,
                underway,
            } => {
                let (mut connection, command) = (connection(), command.clone());
                let question = async move { connection.req_packed_command(&command).await };
                underway.answer(Box::pin(question)).await?
            }
        };
        Ok(T::from_redis_value(answer.extract_error()?)?)
    }

    /// Keeps a connection that is still good.
    pub(super) fn keep(&self, connection: Connection) {
        if let Self::Own { kept, .. } = self {
            kept.keep(connection);
        }
    }
}

/// The client of a URL; what is wrong with the URL is not repeated, as it may hold a password.
pub(super) fn client(name: &'static str, url: &str) -> Result<Client, InvalidCheck> {
    Client::open(url).map_err(|_| {
        InvalidCheck::new(
            name,
            "cannot use the URL; give redis://[[user]:password@]host[:port][/database], or rediss:// with TLS enabled in the crate `redis`",
        )
    })
}

async fn connect(client: &Client, names: &Names) -> Result<Connection, RedisError> {
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_dns_resolver(names.clone());
    let connection = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await?;
    Ok(Box::new(connection))
}
