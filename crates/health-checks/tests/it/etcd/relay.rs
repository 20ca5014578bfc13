//! A way to a server that can be cut after a request, before its answer.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Passes bytes on, both ways, while it lives.
pub(super) struct Relay {
    pub(super) port: u16,
    cut: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Relay {
    pub(super) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        let cutting = cut.clone();
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(client, port, cutting.clone()));
            }
        });
        Self {
            port: own,
            cut,
            task: task.abort_handle(),
        }
    }

    /// Closes the connection that is next answered, without the answer.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cut(&self) -> bool {
        !self.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, port: u16, cut: Arc<AtomicBool>) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut of_client, mut of_server) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            Ok(read @ 1..) = client.read(&mut of_client) => {
                server.write_all(&of_client[..read]).await.unwrap();
            }
            Ok(read @ 1..) = server.read(&mut of_server) => {
                // An answer holds data; what only keeps HTTP/2 going is shorter.
                if read > 60 && cut.swap(false, Ordering::Relaxed) {
                    return;
                }
                client.write_all(&of_server[..read]).await.unwrap();
            }
            else => return,
        }
    }
}
