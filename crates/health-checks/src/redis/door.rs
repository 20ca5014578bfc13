//! The way to a server: a connection that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout: who uses it ends what hangs.

use redis::aio::ConnectionLike;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisResult};

use crate::clock;
use crate::invalid::InvalidCheck;
use crate::kept::Kept;

/// A connection that commands can be sent through.
pub(super) type Connection = Box<dyn ConnectionLike + Send>;

/// Where connections come from.
pub(super) enum Door {
    /// The service keeps it, and makes it anew.
    Shared(Box<dyn Fn() -> Connection + Send + Sync>),
    /// Made by ourselves, and kept from run to run.
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

    /// A connection that has just answered, and the milliseconds that it took to answer.
    ///
    /// A kept one may have been closed since (by a restart, or by the server's `timeout`);
    /// that says nothing of now, so it is replaced.
    pub(super) async fn open(&self) -> RedisResult<(Connection, f64)> {
        match self {
            Self::Shared(connection) => answering(connection()).await,
            Self::Own { client, kept } => {
                if let Some(connection) = kept.take() {
                    match answering(connection).await {
                        Err(error) if error.is_io_error() => {}
                        answered => return answered,
                    }
                }
                answering(connect(client).await?).await
            }
        }
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

/// Sends one command, and reads its answer.
pub(super) async fn ask<T: FromRedisValue>(
    connection: &mut Connection,
    command: &Cmd,
) -> RedisResult<T> {
    let answer = connection.req_packed_command(command).await?;
    Ok(T::from_redis_value(answer.extract_error()?)?)
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

async fn answering(mut connection: Connection) -> RedisResult<(Connection, f64)> {
    let begin = clock::instant();
    let answer: String = ask(&mut connection, &redis::cmd("PING")).await?;
    if answer == "PONG" {
        Ok((connection, clock::since_ms(begin)))
    } else {
        Err((ErrorKind::UnexpectedReturnType, "PING without PONG").into())
    }
}
