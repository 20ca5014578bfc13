//! The addresses of an endpoint, by the resolver of the system. It judges none of them.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use super::aside::Aside;
use super::endpoint::Endpoint;

/// Resolves the names of one check, one at a time.
#[derive(Debug, Default)]
pub(super) struct Lookup(Aside<Answer>);

#[derive(Debug)]
struct Answer {
    asked: Endpoint,
    addresses: io::Result<Vec<SocketAddr>>,
}

impl Lookup {
    /// The addresses in the order of the system's preference, none of them twice. Cancel
    /// safe: a lookup that hangs is waited for by the next run, rather than begun again.
    pub(super) async fn addresses(&self, endpoint: &Endpoint) -> io::Result<Vec<SocketAddr>> {
        if let Some(address) = endpoint.literal() {
            return Ok(vec![address]);
        }
        loop {
            let asked = endpoint.clone();
            let answer = self.0.call(move || resolve(asked)).await?;
            // It may be the answer to another endpoint, which an earlier run gave up on.
            if answer.asked == *endpoint {
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

fn resolve(asked: Endpoint) -> Answer {
    let found = (asked.host(), asked.port()).to_socket_addrs();
    let addresses = found.map(|found| {
        let mut addresses = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    });
    Answer { asked, addresses }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_need_no_resolver_and_names_do() {
        let lookup = Lookup::default();
        for (endpoint, good) in [
            ("127.0.0.1:80", true),
            ("[::1]:80", true),
            ("localhost:80", true),
            ("no-such-host.invalid:80", false),
        ] {
            let endpoint = Endpoint::parse("tcp", endpoint).unwrap();
            let addresses = lookup.addresses(&endpoint).await;
            assert_eq!(addresses.is_ok(), good, "{endpoint}: {addresses:?}");
            for address in addresses.into_iter().flatten() {
                assert!(address.ip().is_loopback() && address.port() == 80);
            }
        }
    }
}
