//! The way to a cluster: a client that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout: who uses it ends what hangs.

use std::fmt;

use etcd_client::{Client, ConnectOptions, Error};

use super::advice::worth_another_client;
use super::channel::Names;
use super::endpoints::Endpoints;
use crate::invalid::InvalidCheck;
use crate::kept::Kept;

/// Where clients come from.
pub(super) enum Door {
    /// The service made it; it reconnects by itself.
    Shared(Client),
    /// Made by ourselves, and kept from run to run.
    Own { way: Way, kept: Kept<Client> },
}

/// What a client is made from.
pub(super) struct Way {
    urls: Vec<String>,
    options: ConnectOptions,
    names: Names,
}

/// Without endpoints and options, of which the latter may hold a password.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared(_) => "Shared",
            Self::Own { .. } => "Own",
        })
    }
}

impl Door {
    /// Credentials in the endpoints take the place of those in the options.
    pub(super) fn own(
        name: &'static str,
        endpoints: &str,
        options: ConnectOptions,
    ) -> Result<Self, InvalidCheck> {
        let endpoints = Endpoints::parse(name, endpoints)?;
        let names = Names::of(endpoints.hosts());
        let options = match endpoints.credentials {
            Some(login) => options.with_user(login.user, login.password.unwrap_or_default()),
            None => options,
        };
        Ok(Self::Own {
            way: Way {
                urls: endpoints.urls,
                options,
                names,
            },
            kept: Kept::default(),
        })
    }

    /// Does `work` with a client, which is kept if that was of use.
    ///
    /// With a kept one the server may have closed the connection since, or forgotten who we
    /// are; that says nothing of now, so it is replaced.
    pub(super) async fn with<T, F>(&self, work: impl Fn(Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match self {
            Self::Shared(client) => work(client.clone()).await,
            Self::Own { way, kept } => {
                if let Some(client) = kept.take() {
                    match work(client.clone()).await {
                        Err(error) if worth_another_client(&error) => {}
                        done => return keep(kept, client, done),
                    }
                }
                let client = way.connect().await?;
                let done = work(client.clone()).await;
                keep(kept, client, done)
            }
        }
    }
}

impl Way {
    async fn connect(&self) -> Result<Client, Error> {
        let (options, names) = (Some(self.options.clone()), self.names.clone());
        Client::connect_with_balanced_channel(&self.urls, options, names).await
    }
}

fn keep<T>(kept: &Kept<Client>, client: Client, done: Result<T, Error>) -> Result<T, Error> {
    if done.is_ok() {
        kept.keep(client);
    }
    done
}
