//! Looks a host up, on a thread of its own.
//!
//! The system's resolver blocks, and cannot be stopped; tokio's way to call it holds up the
//! end of the runtime. It remembers nothing: a pool's name means other servers each time.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread::Builder;

use tokio::sync::{Semaphore, oneshot};

/// The addresses of `host`. While an earlier look is still under way, which held `alone`, it
/// waits for that. Cancel safe.
pub(super) async fn addresses(
    host: &str,
    port: u16,
    alone: &Arc<Semaphore>,
) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let gone = || io::Error::other("the thread that looks names up is gone");
    let permit = Arc::clone(alone)
        .acquire_owned()
        .await
        .map_err(|_| gone())?;
    let (sender, found) = oneshot::channel();
    let host = host.to_owned();
    Builder::new()
        .name("health-lookup".to_owned())
        .spawn(move || {
            let addresses = (host.as_str(), port).to_socket_addrs();
            drop(permit);
            // Nobody waits any more if the run was dropped.
            let _ = sender.send(addresses.map(Iterator::collect));
        })?;
    found.await.map_err(|_| gone())?
}
