//! Runs a server on a thread and runtime of its own.
//!
//! It does not know what is served.

use std::future::Future;
use std::io;
use std::thread::{Builder, JoinHandle};

use tokio::runtime::{self, EnterGuard, Runtime};
use tokio::sync::oneshot;

/// The thread's name, as tools show it.
const NAME: &str = "health-http";

/// A current-thread runtime that may be dropped anywhere, also within another runtime.
#[derive(Debug)]
pub(crate) struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The thread of a server.
#[derive(Debug)]
pub(crate) struct OwnThread {
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

impl OwnRuntime {
    pub(crate) fn new() -> io::Result<Self> {
        runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    /// Lets the caller make sockets and timers of this runtime.
    pub(crate) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }

    /// Runs `server` to its end on a new thread, and `beside` for as long.
    pub(crate) fn start(
        self,
        server: impl Future<Output = ()> + Send + 'static,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<OwnThread> {
        let (ending, ended) = oneshot::channel();
        let body = move || {
            if let Some(runtime) = &self.0 {
                drop(runtime.spawn(beside));
                runtime.block_on(server);
            }
            drop(self);
            // Nobody may be waiting.
            let _ = ending.send(());
        };
        let thread = Builder::new().name(NAME.to_owned()).spawn(body)?;
        Ok(OwnThread { ended, thread })
    }
}

impl OwnThread {
    /// Waits for the server's end without blocking the runtime of the caller.
    pub(crate) async fn join(self) {
        // An error says the same: the thread is at its end, and joining it takes no time.
        let _ = self.ended.await;
        drop(self.thread.join());
    }
}
