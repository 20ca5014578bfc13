//! The trait by which a pool of the service lends a connection.
//!
//! No pool is here: which one a service uses is its own choice.

use std::error::Error;

use async_trait::async_trait;
use tokio_postgres::Client;

/// A pool that lends connections, such as those of `deadpool-postgres` and `bb8-postgres`.
///
/// ```
/// use std::error::Error;
/// use async_trait::async_trait;
/// use health_checks::postgres::PostgresPool;
///
/// struct Deadpool(deadpool_postgres::Pool);
///
/// #[async_trait]
/// impl PostgresPool for Deadpool {
///     type Connection = deadpool_postgres::Object;
///
///     async fn get(&self) -> Result<Self::Connection, Box<dyn Error + Send + Sync>> {
///         Ok(self.0.get().await?)
///     }
///
///     fn client(connection: &Self::Connection) -> &tokio_postgres::Client {
///         connection
///     }
/// }
/// ```
///
/// With `bb8-postgres` the connection is
/// `bb8::PooledConnection<'static, PostgresConnectionManager<NoTls>>`, and `get` calls
/// `get_owned`.
#[async_trait]
pub trait PostgresPool: Send + Sync + 'static {
    /// A connection that goes back to the pool when it is dropped.
    type Connection: Send + Sync;

    /// Lends a connection. Dropped at the deadline of the run, so it must be cancel safe.
    ///
    /// The error is for the log alone; where its sources hold a `tokio_postgres::Error`, that
    /// decides about the public message.
    async fn get(&self) -> Result<Self::Connection, Box<dyn Error + Send + Sync>>;

    /// The client in a connection.
    fn client(connection: &Self::Connection) -> &Client;
}
