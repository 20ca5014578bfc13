//! Redis as something that keeps values. Whether it works is judged in `distributed`.

use std::fmt;

use async_trait::async_trait;
use redis::aio::ConnectionLike;
use redis::{Client, Cmd, FromRedisValue, RedisResult};

use super::door::{self, Door};
use crate::distributed::{AdapterError, KeyValue};
use crate::invalid::InvalidCheck;

/// How long a value stays that nobody deletes, as its writer was killed.
const EXPIRY_SECONDS: u64 = 300;

/// A Redis server that keeps values, each for 300 s at most.
#[must_use = "it does nothing until a check uses it"]
pub struct RedisKeyValue {
    door: Door,
}

impl RedisKeyValue {
    /// Connects to a URL by itself, as [`RedisCheck::new`](super::RedisCheck::new) does.
    pub fn new(url: &str) -> Result<Self, InvalidCheck> {
        Ok(Self::with_options(door::client("redis", url)?))
    }

    /// Connects by itself as a `redis::Client` says, and keeps one connection.
    pub fn with_options(client: Client) -> Self {
        Self {
            door: Door::own(client),
        }
    }

    /// Through a connection of the service.
    pub fn client<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self {
            door: Door::shared(connection),
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (mut connection, _) = self.door.open().await?;
        let answer = self.door.ask(&mut connection, command).await?;
        self.door.keep(connection);
        Ok(answer)
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisKeyValue").finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyValue for RedisKeyValue {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError> {
        let mut command = redis::cmd("SET");
        command.arg(key).arg(value).arg("EX").arg(EXPIRY_SECONDS);
        Ok(self.ask(&command).await?)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AdapterError> {
        Ok(self.ask(redis::cmd("GET").arg(key)).await?)
    }

    async fn delete(&self, key: &str) -> Result<(), AdapterError> {
        Ok(self.ask(redis::cmd("DEL").arg(key)).await?)
    }
}
