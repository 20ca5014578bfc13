//! Resolves the name of a server for the client, which would ask the runtime's blocking pool.
//!
//! It connects to nothing but what it is given.

#[cfg(feature = "distributed")]
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use redis::RedisFuture;
#[cfg(feature = "distributed")]
use redis::aio::PubSub;
use redis::io::AsyncDNSResolver;
#[cfg(feature = "distributed")]
use redis::{Client, ConnectionAddr, RedisError, RedisResult};

use crate::lookup::Lookup;

/// The resolver of one check; a clone is the same one.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Lookup>);

impl AsyncDNSResolver for Names {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        Box::pin(async move {
            let found = self.0.addresses(host, port).await?;
            Ok(Box::new(found.into_iter()) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}

#[cfg(feature = "distributed")]
impl Names {
    /// A connection for subscriptions. The client takes no resolver for it: it is given
    /// addresses in place of a name, unless a certificate is to be verified for that.
    pub(super) async fn subscriber(&self, client: &Client) -> RedisResult<PubSub> {
        let info = client.get_connection_info();
        match info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let mut failure = RedisError::from(io::Error::from(io::ErrorKind::NotFound));
                for address in self.0.addresses(host, *port).await? {
                    let address = ConnectionAddr::Tcp(address.ip().to_string(), *port);
                    let client = Client::open(info.clone().set_addr(address))?;
                    match client.get_async_pubsub().await {
                        Ok(subscriber) => return Ok(subscriber),
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
            ConnectionAddr::TcpTls { host, port, .. } => {
                // A resolver that hangs does so here, and not in the client.
                self.0.addresses(host, *port).await?;
                client.get_async_pubsub().await
            }
            _ => client.get_async_pubsub().await,
        }
    }
}
