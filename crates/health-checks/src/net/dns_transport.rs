//! Carries a question to a DNS server and its answer back: UDP, and TCP if it is truncated.
//! What the answer says is read in `dns_query`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout_at;
use tokio_rustls::rustls::crypto::{GetRandomFailed, ring};

use super::dns_query::{Query, Reply, Unreadable};
use crate::clock;

/// A datagram may be lost; it is sent again after this long.
const AGAIN: Duration = Duration::from_secs(1);
const MAX_DATAGRAM: usize = 4096;

/// Why there is no answer. Each message follows the server's name.
#[derive(Debug, Error)]
pub(super) enum DnsError {
    #[error("does not answer in time; is it up, and does no firewall drop packets?")]
    Overdue,
    #[error("answers what is not DNS; is the port right?")]
    Noise,
    #[error("answers what cannot be read; look at its log")]
    Unreadable(#[from] Unreadable),
    #[error("has nobody at its port; start the DNS server, or correct the address")]
    Nobody(#[source] io::Error),
    #[error("truncates its answer, and cannot be asked by TCP; open its TCP port")]
    Tcp(#[source] io::Error),
    #[error("cannot be reached; look at the routes and the network of this machine")]
    Failed(#[from] io::Error),
    #[error("cannot be asked: this machine has no random numbers")]
    NoRandomness,
}

impl From<GetRandomFailed> for DnsError {
    fn from(_: GetRandomFailed) -> Self {
        Self::NoRandomness
    }
}

/// The answer of `server` before `limit`. Cancel safe.
pub(super) async fn ask(
    server: SocketAddr,
    mut query: Query,
    limit: Instant,
) -> Result<Reply, DnsError> {
    // Neither this nor the port of the socket is to be guessed by who would answer in its stead.
    let mut id = [0; 2];
    ring::default_provider().secure_random.fill(&mut id)?;
    query.set_id(u16::from_be_bytes(id));
    match ask_by_udp(server, &query, limit).await? {
        Reply::Truncated => match timeout_at(limit.into(), ask_by_tcp(server, &query)).await {
            Err(_) => Err(DnsError::Overdue),
            Ok(answer) => answer,
        },
        reply => Ok(reply),
    }
}

async fn ask_by_udp(server: SocketAddr, query: &Query, limit: Instant) -> Result<Reply, DnsError> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Connected, it takes no datagram from others.
    socket.connect(server).await?;
    let mut noise = false;
    let mut datagram = vec![0; MAX_DATAGRAM];
    while clock::instant() < limit {
        socket.send(query.as_slice()).await.map_err(refused)?;
        let again = limit.min(clock::instant() + AGAIN);
        while let Ok(received) = timeout_at(again.into(), socket.recv(&mut datagram)).await {
            let length = received.map_err(refused)?;
            match query.read(datagram.get(..length).unwrap_or_default())? {
                Reply::NotOurs => noise = true,
                reply => return Ok(reply),
            }
        }
    }
    Err(if noise {
        DnsError::Noise
    } else {
        DnsError::Overdue
    })
}

/// An ICMP message that came back shows as an error of the socket.
fn refused(error: io::Error) -> DnsError {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        DnsError::Nobody(error)
    } else {
        DnsError::Failed(error)
    }
}

async fn ask_by_tcp(server: SocketAddr, query: &Query) -> Result<Reply, DnsError> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let question = query.as_slice();
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        stream
            .write_all(&[&length.to_be_bytes(), question].concat())
            .await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    };
    match query.read(&exchange.await.map_err(DnsError::Tcp)?)? {
        // By TCP nothing is truncated, and nobody else's answer comes.
        Reply::Truncated | Reply::NotOurs => Err(DnsError::Noise),
        reply => Ok(reply),
    }
}
