//! The way to a server: a client that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout of its own: who uses it ends what hangs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectError, ConnectOptions, Event, ServerAddr};
use futures_util::StreamExt;

use super::advice::Failure;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::kept::Kept;

/// Where clients come from.
pub(super) enum Door {
    /// The service made it; it reconnects by itself.
    Shared(Client),
    /// Made by ourselves, and kept from run to run.
    Own { way: Box<Way>, kept: Kept<Opened> },
}

/// What a client is made from.
pub(super) struct Way {
    servers: Vec<ServerAddr>,
    pub(super) options: ConnectOptions,
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
    pub(super) fn own(name: &'static str, urls: &str) -> Result<Self, InvalidCheck> {
        let server = |url: &str| -> Option<ServerAddr> {
            let server: ServerAddr = url.parse().ok()?;
            // The crate `async-nats` would leave credentials in it unused.
            let plain = !server.has_user_pass() && server.password().is_none();
            (plain && !server.host().is_empty()).then_some(server)
        };
        // What is wrong with it is not repeated, as it may hold a password.
        let servers: Option<Vec<ServerAddr>> = urls.split(',').map(server).collect();
        let servers = servers.ok_or_else(|| {
            InvalidCheck::new(
                name,
                "cannot use the URL; give nats://host[:port], or several with commas between, and credentials by the options",
            )
        })?;
        Ok(Self::Own {
            way: Box::new(Way {
                servers,
                options: ConnectOptions::new(),
            }),
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
        let leaving = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&leaving);
        let options = self
            .options
            .clone()
            // The task of a client that goes on reconnecting outlives the client, so it tries
            // each server once and ends; the next run makes a new one.
            .max_reconnects(self.servers.len())
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
        let client = options.connect(&self.servers[..]).await?;
        Ok(Opened { client, leaving })
    }
}
