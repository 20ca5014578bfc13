//! Where a server is, taken out of the options of the client, which would look its name up in
//! the runtime's blocking pool, or in a call that blocks the thread.
//!
//! It connects to nothing.

use std::io;

use mysql_async::{Opts, OptsBuilder};

use crate::lookup::Lookup;

/// Options, and the resolver of their host.
pub(super) struct Place {
    opts: Opts,
    lookup: Lookup,
}

impl Place {
    pub(super) fn of(opts: Opts) -> Self {
        Self {
            opts: by_host(opts),
            lookup: Lookup::default(),
        }
    }

    /// Options that need no resolver; the name is still the one that TLS verifies. Cancel safe.
    pub(super) async fn opts(&self) -> io::Result<Opts> {
        let by_socket = self.opts.socket().is_some();
        if by_socket || self.opts.resolved_ips().is_some() {
            return Ok(self.opts.clone());
        }
        let (host, port) = (self.opts.ip_or_hostname(), self.opts.tcp_port());
        let found = self.lookup.addresses(host, port).await?;
        let addresses: Vec<_> = found.iter().map(std::net::SocketAddr::ip).collect();
        let opts = OptsBuilder::from_opts(self.opts.clone());
        Ok(opts.resolved_ips(Some(addresses)).into())
    }
}

/// The same options with a host in place of a URL.
fn by_host(opts: Opts) -> Opts {
    let host = opts.ip_or_hostname();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host).to_owned();
    OptsBuilder::from_opts(opts).ip_or_hostname(host).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_is_taken_out_of_its_url_and_resolved() {
        for (url, host, port) in [
            (
                "mysql://alice:sw0rdfish@localhost:3307/shop",
                "localhost",
                3307,
            ),
            ("mysql://[::1]/shop", "::1", 3306),
            ("mysql://127.0.0.1", "127.0.0.1", 3306),
        ] {
            let opts = Place::of(Opts::from_url(url).unwrap())
                .opts()
                .await
                .unwrap();
            assert_eq!((opts.ip_or_hostname(), opts.tcp_port()), (host, port));
            let addresses = opts.resolved_ips().clone().unwrap();
            assert!(!addresses.is_empty() && addresses.iter().all(std::net::IpAddr::is_loopback));
        }
        let opts = Opts::from_url("mysql://alice:sw0rdfish@127.0.0.1/shop").unwrap();
        let opts = Place::of(opts).opts().await.unwrap();
        let login = (opts.user(), opts.pass(), opts.db_name());
        assert_eq!(login, (Some("alice"), Some("sw0rdfish"), Some("shop")));
        let nowhere = Opts::from_url("mysql://db.invalid").unwrap();
        assert!(Place::of(nowhere).opts().await.is_err());
    }
}
