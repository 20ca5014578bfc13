//! Asks one NTP server for the time: one request, and the answer to it.
//!
//! What an answer must be is in `packet`. It asks once; how often, `ntp` decides.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use super::packet::{self, Answer, NtpTime, Refused};
use super::server::Server;
use crate::clock;
use crate::lookup::Lookup;

/// How many of a name's addresses are tried, each in its part of the time.
const MOST_ADDRESSES: usize = 2;
/// Longer answers are cut there, which only loses what is not looked at.
const BUFFER: usize = 128;

/// Why a server has not told the time.
#[derive(Debug, Error)]
pub(super) enum AskError {
    #[error("its name cannot be resolved: {0}")]
    Lookup(io::Error),
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    #[error("no answer in time")]
    Silent,
    #[error("{0}")]
    Refused(Refused),
    #[error("no random number: {0}")]
    Random(getrandom::Error),
}

/// Asks `server` until `until`. Cancel safe.
pub(super) async fn ask(
    server: &Server,
    lookup: &Lookup,
    until: Instant,
) -> Result<Answer, AskError> {
    let found = lookup.addresses(&server.host, server.port);
    let addresses = timeout_at(until.into(), found)
        .await
        .map_err(|_| AskError::Lookup(io::ErrorKind::TimedOut.into()))?
        .map_err(AskError::Lookup)?;
    let mut failure = AskError::Lookup(io::ErrorKind::NotFound.into());
    for (address, left) in addresses.iter().zip((1..=MOST_ADDRESSES).rev()) {
        let shares = left.min(addresses.len());
        let now = clock::instant();
        let share = until.saturating_duration_since(now) / u32::try_from(shares).unwrap_or(1);
        match ask_address(*address, now + share).await {
            // A word of the server's is a word for all of its addresses.
            result @ (Ok(_) | Err(AskError::Refused(_))) => return result,
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn ask_address(address: SocketAddr, until: Instant) -> Result<Answer, AskError> {
    let socket = connected(address).await.map_err(AskError::Unreachable)?;
    let cookie = getrandom::u64().map_err(AskError::Random)?;
    let (wall, begin) = (clock::wall(), clock::instant());
    let request = packet::request(cookie);
    socket.send(&request).await.map_err(AskError::Unreachable)?;
    let mut stray = None;
    let mut buffer = [0; BUFFER];
    loop {
        let Ok(received) = timeout_at(until.into(), socket.recv(&mut buffer)).await else {
            return Err(stray.map_or(AskError::Silent, AskError::Refused));
        };
        let length = received.map_err(AskError::Unreachable)?;
        // By the monotonic clock, so that a wall clock that is set meanwhile spoils nothing.
        let elapsed = clock::instant().saturating_duration_since(begin);
        let datagram = buffer.get(..length).unwrap_or_default();
        let (sent, received) = (NtpTime::of(wall), NtpTime::of(wall + elapsed));
        match packet::read(datagram, cookie, sent, received) {
            Err(Refused::Foreign) => stray = Some(Refused::Foreign),
            result => return result.map_err(AskError::Refused),
        }
    }
}

/// A socket that hears nobody but `address`: the kernel sees to it.
async fn connected(address: SocketAddr) -> io::Result<UdpSocket> {
    let any = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(address).await?;
    Ok(socket)
}
