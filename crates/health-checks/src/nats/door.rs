//! The way to a server: a client that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout of its own: who uses it ends what hangs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use futures_util::StreamExt;

use super::advice::Failure;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::kept::Kept;
use crate::lookup::Lookup;
use crate::stores::Credentials;

/// An address that nothing can listen at: port 0 of this machine.
const NOWHERE: &str = "nats://127.0.0.1:0";

/// Where clients come from.
pub(super) enum Door {
    /// The service made it; it reconnects by itself.
    Shared(Client),
    /// Made by ourselves, and kept from run to run.
    Own { way: Box<Way>, kept: Kept<Opened> },
}

/// What a client is made from: servers, of which the first that lets us in is asked.
pub(super) struct Way {
    servers: Vec<Server>,
    options: ConnectOptions,
}

/// One server.
struct Server {
    /// Without credentials.
    address: ServerAddr,
    /// In place of those in the options; a user without a password is a token.
    credentials: Option<Credentials>,
    lookup: Lookup,
}

/// A client, and whether its server has said that it will go.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) client: Client,
    leaving: Arc<AtomicBool>,
}

/// Without addresses and options, of which the latter may hold a password.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared(_) => "Shared",
            Self::Own { .. } => "Own",
        })
    }
}

impl Door {
    /// Credentials in a URL take the place of those in the options.
    pub(super) fn own(
        name: &'static str,
        urls: &str,
        options: ConnectOptions,
    ) -> Result<Self, InvalidCheck> {
        // What is wrong with it is not repeated, as it may hold a password.
        let servers: Option<Vec<Server>> = urls.split(',').map(Server::parse).collect();
        let servers = servers.ok_or_else(|| {
            InvalidCheck::new(
                name,
                "cannot use the URL; give nats://[user:password@]host[:port] or nats://token@host, or several with commas between, with %XX for what is special in a password",
            )
        })?;
        Ok(Self::Own {
            way: Box::new(Way { servers, options }),
            kept: Kept::default(),
        })
    }

    /// A client that is, as far as it knows, connected; `None` if the service's is not.
    pub(super) async fn open(&self) -> Result<Option<Opened>, ConnectError> {
        let connected = |client: &Client| client.connection_state() == State::Connected;
        match self {
            Self::Shared(client) => Ok(connected(client).then(|| Opened {
                client: client.clone(),
                leaving: Arc::default(),
            })),
            Self::Own { way, kept } => match kept.take() {
                Some(opened) if connected(&opened.client) => Ok(Some(opened)),
                _ => way.connect().await.map(Some),
            },
        }
    }

    /// Keeps a client that is still good.
    pub(super) fn keep(&self, opened: Opened) {
        if let Self::Own { kept, .. } = self {
            kept.keep(opened);
        }
    }
}

impl Opened {
    /// Sends an empty message to a fresh inbox: the milliseconds until it is back.
    pub(super) async fn echo(&self) -> Result<f64, Failure> {
        let begin = clock::instant();
        let inbox = self.client.new_inbox();
        // It unsubscribes when it is dropped, at the deadline too.
        let mut messages = self.client.subscribe(inbox.clone()).await?;
        self.client.publish(inbox, Vec::new().into()).await?;
        messages.next().await.ok_or(Failure::Lost)?;
        Ok(clock::since_ms(begin))
    }

    pub(super) fn leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed) || self.client.server_info().lame_duck_mode
    }
}

impl Way {
    async fn connect(&self) -> Result<Opened, ConnectError> {
        let mut failure = None;
        for server in &self.servers {
            match server.connect(self.options.clone()).await {
                Ok(opened) => return Ok(opened),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| ConnectError::new(ConnectErrorKind::ServerParse)))
    }
}

impl Server {
    fn parse(url: &str) -> Option<Self> {
        let address: ServerAddr = url.parse().ok()?;
        let credentials = match (address.username(), address.password()) {
            (None, None) => None,
            (user, password) => Some(Credentials::decode(user.unwrap_or_default(), password)?),
        };
        // The crate `async-nats` would leave them unused there, and log them.
        let mut url = address.into_inner();
        url.set_username("")
            .and_then(|()| url.set_password(None))
            .ok()?;
        let address = ServerAddr::from_url(url).ok()?;
        (!address.host().is_empty()).then(|| Self {
            address,
            credentials,
            lookup: Lookup::default(),
        })
    }

    async fn connect(&self, options: ConnectOptions) -> Result<Opened, ConnectError> {
        // The client takes no addresses in place of a name, for which it verifies a
        // certificate. A resolver that hangs does so here, and not in the client.
        let (host, port) = (self.address.host(), self.address.port());
        let found = self.lookup.addresses(host, port).await;
        found.map_err(|error| ConnectError::with_source(ConnectErrorKind::Dns, error))?;
        let leaving = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&leaving);
        let options = match self.credentials.clone() {
            Some(Credentials {
                user,
                password: Some(password),
            }) => options.user_and_password(user, password),
            Some(Credentials { user: token, .. }) => options.token(token),
            None => options,
        };
        let options = options
            .max_reconnects(1)
            .reconnect_delay_callback(|_| Duration::ZERO)
            .ignore_discovered_servers()
            .event_callback(move |event| {
                match event {
                    Event::LameDuckMode => told.store(true, Ordering::Relaxed),
                    Event::Connected => told.store(false, Ordering::Relaxed),
                    _ => {}
                }
                std::future::ready(())
            });
        let client = options.connect(&self.address).await?;
        // The task of a client that goes on reconnecting outlives the client, and resolves
        // names by itself: it may reconnect to nowhere, and ends. The next run makes a new one.
        let nowhere = client.set_server_pool(NOWHERE).await;
        nowhere.map_err(|error| ConnectError::with_source(ConnectErrorKind::Io, error))?;
        Ok(Opened { client, leaving })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_of_urls() {
        for (url, place) in [
            ("localhost", "nats://localhost"),
            ("nats://alice:sw0rd%40fish@db01:4223", "nats://db01:4223"),
            ("tls://sw0rdfish@db01", "tls://db01"),
            ("alice:@[::1]:1", "nats://[::1]:1"),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!(server.address.as_url_str(), place, "{url}");
        }
        for none in [
            "nats://:sw0rdfish@db01",
            "nats://%ff@db01",
            "nats://alice:%ff@db01",
        ] {
            assert!(Server::parse(none).is_none(), "{none}");
        }
    }
}
