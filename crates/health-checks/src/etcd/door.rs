//! The way to a cluster: a client that the service shares, or one of our own.
//!
//! It judges nothing, and has no timeout: who uses it ends what hangs.

use std::fmt;

use etcd_client::{Client, ConnectOptions, Error};

use super::advice::worth_another_client;
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
    endpoints: Vec<String>,
    pub(super) options: ConnectOptions,
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
    pub(super) fn own(name: &'static str, endpoints: Vec<String>) -> Result<Self, InvalidCheck> {
        // What is wrong is not repeated, as it may hold a password.
        if endpoints.is_empty() || !endpoints.iter().all(|endpoint| is_endpoint(endpoint)) {
            return Err(InvalidCheck::new(
                name,
                "cannot use the endpoints; give at least one http://host:port, and credentials by the options",
            ));
        }
        Ok(Self::Own {
            way: Way {
                endpoints,
                options: ConnectOptions::new(),
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
                let client = Client::connect(&way.endpoints, Some(way.options.clone())).await?;
                let done = work(client.clone()).await;
                keep(kept, client, done)
            }
        }
    }
}

fn keep<T>(kept: &Kept<Client>, client: Client, done: Result<T, Error>) -> Result<T, Error> {
    if done.is_ok() {
        kept.keep(client);
    }
    done
}

/// `[http[s]://]host:port`, and nothing else.
fn is_endpoint(text: &str) -> bool {
    let authority = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .unwrap_or(text);
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let strange = |c: char| c.is_whitespace() || c.is_control() || "@/?#".contains(c);
    authority.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(strange)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for (text, good) in [
            ("localhost:2379", true),
            ("http://localhost:2379", true),
            ("https://db01.example.org:2379/", true),
            ("http://[::1]:2379", true),
            ("", false),
            ("localhost", false),
            ("http://", false),
            ("http://:2379", false),
            ("http://localhost:0", false),
            ("http://localhost:65536", false),
            ("http://localhost:2379/path", false),
            ("http://user:swordfish@localhost:2379", false),
            ("ftp://localhost:2379", false),
            ("http://local host:2379", false),
        ] {
            assert_eq!(is_endpoint(text), good, "{text:?}");
        }
    }
}
