//! The client's way over HTTP/2, with names resolved by the check: the client would ask the
//! runtime's blocking pool.
//!
//! TLS, and for which name its certificates are verified, stays as the client's options say.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Poll, ready};

use etcd_client::{BalancedChannelBuilder, Channel, Error};
use futures_util::stream;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::mpsc::{self, Sender};
use tonic::transport::Endpoint;
use tonic::transport::channel::Change;
use tower::balance::p2c::Balance;
use tower::buffer::Buffer;
use tower::discover;
use tower::load::Constant;
use tower::util::BoxCloneSyncService;

use crate::lookup::Lookup;

/// How many requests may wait for a connection; a check has one at a time.
const BUFFER: usize = 16;

/// The resolvers of one check, one for each name; a clone has the same ones.
#[derive(Clone)]
pub(super) struct Names(Arc<HashMap<String, Lookup>>);

impl Names {
    pub(super) fn of(hosts: impl IntoIterator<Item = String>) -> Self {
        let lookups = hosts.into_iter().map(|host| (host, Lookup::default()));
        Self(Arc::new(lookups.collect()))
    }

    async fn addresses(self, name: Name) -> io::Result<std::vec::IntoIter<SocketAddr>> {
        let lookup = self.0.get(name.as_str());
        let lookup = lookup.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        // The connector knows the port.
        Ok(lookup.addresses(name.as_str(), 0).await?.into_iter())
    }

    /// As tonic makes it by itself, but for the resolver. It connects when it is used.
    fn channel(&self, endpoint: &Endpoint) -> tonic::transport::Channel {
        let names = self.clone();
        let resolver = tower::service_fn(move |name| names.clone().addresses(name));
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        connector.set_nodelay(endpoint.get_tcp_nodelay());
        connector.set_keepalive(endpoint.get_tcp_keepalive());
        connector.set_keepalive_interval(endpoint.get_tcp_keepalive_interval());
        connector.set_keepalive_retries(endpoint.get_tcp_keepalive_retries());
        connector.set_connect_timeout(endpoint.get_connect_timeout());
        endpoint.connect_with_connector_lazy(connector)
    }
}

impl BalancedChannelBuilder for Names {
    type Error = Error;

    fn balanced_channel(
        self,
        buffer: usize,
    ) -> Result<(Channel, Sender<Change<Uri, Endpoint>>), Error> {
        let (sender, mut changes) = mpsc::channel(buffer);
        let discovered = stream::poll_fn(move |cx| {
            let change = ready!(changes.poll_recv(cx));
            // Once nobody tells of changes any more, there are none.
            let Some(change) = change else {
                return Poll::Pending;
            };
            Poll::Ready(Some(Ok::<_, Infallible>(match change {
                Change::Insert(uri, endpoint) => {
                    // Which of them is used, chance decides.
                    discover::Change::Insert(uri, Constant::new(self.channel(&endpoint), 0))
                }
                Change::Remove(uri) => discover::Change::Remove(uri),
            })))
        });
        let balanced = Buffer::new(Balance::new(discovered), BUFFER);
        Ok((Channel::Custom(BoxCloneSyncService::new(balanced)), sender))
    }
}
