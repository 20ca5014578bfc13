//! A connection of the check's own, which lives within its runs.
//!
//! It keeps none from run to run; `door` does.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use tokio_postgres::config::LoadBalanceHosts;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage, Socket};

use super::place::{Place, bare};
use super::tls::{self, Begun, Watched};
use super::trouble;
use crate::invalid::InvalidCheck;
use crate::sql::{Failure, Trouble};

/// What a connection does; it ends with an error, or after its client.
type Work = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Makes connections.
#[async_trait]
pub(super) trait Connect: Send + Sync {
    async fn connect(&self) -> Result<Connected, Failure>;
}

/// Where to, and with what TLS.
pub(super) struct Target<T> {
    /// Without a place.
    config: Config,
    places: Vec<Place>,
    /// Where the next connection is tried first, if the load is to be spread.
    turn: AtomicUsize,
    tls: T,
}

impl<T> Target<T> {
    pub(super) fn new(name: &'static str, config: &Config, tls: T) -> Result<Self, InvalidCheck> {
        Ok(Self {
            places: Place::all(name, config)?,
            config: bare(config),
            turn: AtomicUsize::new(0),
            tls,
        })
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        let first = match self.config.get_load_balance_hosts() {
            LoadBalanceHosts::Random => self.turn.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        let count = self.places.len();
        let places = self.places.iter().cycle();
        places.skip(first % count.max(1)).take(count)
    }
}

#[async_trait]
impl<T> Connect for Target<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn connect(&self) -> Result<Connected, Failure> {
        let mut failure = Failure::new(Trouble::Unreachable);
        for place in self.places() {
            let configs = match place.configs(&self.config).await {
                Ok(configs) => configs,
                Err(error) => {
                    failure = Failure::with_error(Trouble::Unreachable, error);
                    continue;
                }
            };
            for config in configs {
                match open(&config, self.tls.clone()).await {
                    Ok(connected) => return Ok(connected),
                    Err(error) => failure = trouble::failure(error),
                }
            }
        }
        Err(failure)
    }
}

async fn open<T>(config: &Config, tls: T) -> Result<Connected, Error>
where
    T: MakeTlsConnect<Socket> + Send + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let begun = Begun::default();
    // The one without TLS says so to the client alone, and would not through another.
    let (client, connection): (_, Work) = if tls::is_none::<T>() {
        let (client, connection) = config.connect(tls).await?;
        (client, Box::pin(connection))
    } else {
        let watched = Watched {
            tls,
            begun: begun.clone(),
        };
        let (client, connection) = config.connect(watched).await?;
        (client, Box::pin(connection))
    };
    Ok(Connected {
        client,
        connection: Some(connection),
        tls: begun.as_str(),
    })
}

/// The two halves of a connection. The second does the work of the first, and is polled while
/// there is some; both end together.
pub(super) struct Connected {
    client: Client,
    connection: Option<Work>,
    /// Whether it speaks TLS.
    pub(super) tls: &'static str,
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
