//! The addresses of a name, by the resolver of the system. It judges none of them.
//!
//! The clients of the stores would ask the runtime's blocking pool, where a resolver that
//! hangs holds up the end of the runtime, and a thread more with each run.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use crate::aside::Aside;

/// Resolves the names of one check, one at a time, each on a thread of its own.
#[derive(Debug, Default)]
pub(crate) struct Lookup(Aside<Answer>);

#[derive(Debug)]
struct Answer {
    host: String,
    port: u16,
    addresses: io::Result<Vec<SocketAddr>>,
}

impl Lookup {
    /// The addresses in the order of the system's preference, none of them twice. Cancel
    /// safe: a lookup that hangs is waited for by the next run, rather than begun again.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        loop {
            let asked = host.to_owned();
            let answer = self.0.call(move || resolve(asked, port)).await?;
            // It may be the answer for another name, which an earlier run gave up on.
            if answer.host == host && answer.port == port {
                return match Arc::try_unwrap(answer) {
                    Ok(answer) => answer.addresses,
                    Err(answer) => match &answer.addresses {
                        Ok(addresses) => Ok(addresses.clone()),
                        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                    },
                };
            }
        }
    }
}

fn resolve(host: String, port: u16) -> Answer {
    let found = (host.as_str(), port).to_socket_addrs();
    let addresses = found.map(|found| {
        let mut addresses = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    });
    Answer {
        host,
        port,
        addresses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_need_no_resolver_and_names_do() {
        let lookup = Lookup::default();
        for (host, good) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("localhost", true),
            ("no-such-host.invalid", false),
        ] {
            let addresses = lookup.addresses(host, 80).await;
            assert_eq!(addresses.is_ok(), good, "{host}: {addresses:?}");
            for address in addresses.into_iter().flatten() {
                assert!(address.ip().is_loopback() && address.port() == 80);
            }
        }
    }
}
