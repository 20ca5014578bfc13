//! A connection of the source's own, which lives within its polls.
//!
//! It keeps none from poll to poll; `door` does.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage, Socket};

/// What a connection does; it ends with an error, or after its client.
type Work = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Makes connections.
#[async_trait]
pub(super) trait Connect: Send + Sync {
    async fn connect(&self) -> Result<Connected, Error>;
}

/// Where to, and with what TLS.
pub(super) struct Target<T> {
    pub(super) config: Config,
    pub(super) tls: T,
}

#[async_trait]
impl<T> Connect for Target<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn connect(&self) -> Result<Connected, Error> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        Ok(Connected {
            client,
            connection: Some(Box::pin(connection)),
        })
    }
}

/// The two halves of a connection. The second does the work of the first, and is polled while
/// there is some; both end together.
pub(super) struct Connected {
    client: Client,
    connection: Option<Work>,
}

impl Connected {
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
        let mut query = pin!(self.client.simple_query(sql));
        let connection = &mut self.connection;
        let mut fault = None;
        poll_fn(|task| {
            let ended = connection
                .as_mut()
                .map_or(Poll::Pending, |connection| connection.as_mut().poll(task));
            if let Poll::Ready(end) = ended {
                // Without it the query learns that no more comes.
                *connection = None;
                fault = end.err();
            }
            match query.as_mut().poll(task) {
                Poll::Ready(Err(error)) if error.is_closed() => {
                    Poll::Ready(Err(fault.take().unwrap_or(error)))
                }
                answer => answer,
            }
        })
        .await
    }
}
