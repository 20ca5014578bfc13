//! The parts of the service, and how each is stopped: requests, workers, a queue, a pool.
//!
//! What they do is left out but for the time it takes.
#![expect(
    clippy::disallowed_methods,
    reason = "the parts spawn what the plan stops"
)]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use health_core::{Outcome, Registration, check_fn};
use health_examples::graceful::{Flags, Part};
use health_shutdown::hyper::HyperServer;
use health_shutdown::{Component, Phase, PlanBuilder, Shutdown, Signals, Stop};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const REQUEST: Duration = Duration::from_millis(50);
const WORKERS: usize = 4;
/// How many entries of the queue one write takes, and how long it takes.
const BATCH: usize = 1_000;
const WRITE: Duration = Duration::from_millis(10);

/// Starts everything, and adds to the plan how it is stopped.
pub(crate) fn start(
    shutdown: &Shutdown,
    listener: TcpListener,
    flags: &Flags,
    plan: PlanBuilder,
) -> PlanBuilder {
    let queue = Arc::<AtomicUsize>::default();
    let trouble = Trouble {
        hang: flags.hang,
        panic: flags.panic,
    };
    let (intake, requests) =
        HyperServer::serve(shutdown, listener, handler(&queue)).components("http");
    let mut plan = plan
        .hook(
            Phase::Announce,
            Component::new("deregister", move |_| trouble.at(Part::Hook, async {})),
        )
        .stop_intake(intake)
        .drain_in_flight(requests)
        .stop_service(workers(trouble))
        .flush(flush(queue, trouble))
        .close(Component::new("pool", move |_| {
            trouble.at(Part::Pool, async {})
        }));
    if flags.hang == Some(Part::Workers) {
        let deaf = CancellationToken::new();
        let task = tokio::spawn(std::future::pending::<()>());
        plan = plan.stop_service(Component::task("deaf-worker", deaf, task));
    }
    plan
}

/// Answers after 50 ms, and leaves an entry in the queue.
fn handler(
    queue: &Arc<AtomicUsize>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<String>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let queue = Arc::clone(queue);
    service_fn(move |_| {
        let queue = Arc::clone(&queue);
        async move {
            tokio::time::sleep(REQUEST).await;
            queue.fetch_add(1, Ordering::Relaxed);
            Ok(Response::new("done\n".to_owned()))
        }
    })
}

/// Tasks that work until they are told to end.
fn workers(trouble: Trouble) -> Component {
    let (token, tasks) = (CancellationToken::new(), TaskTracker::new());
    for _ in 0..WORKERS {
        tasks.spawn(token.clone().cancelled_owned());
    }
    if trouble.panic == Some(Part::Workers) {
        return Component::new("workers", move |_| trouble.at(Part::Workers, async {}));
    }
    Component::tasks("workers", token, tasks)
}

/// Writes what the requests have left, a batch at a time.
fn flush(queue: Arc<AtomicUsize>, trouble: Trouble) -> Component {
    Component::new("queue", move |stop: Stop| {
        trouble.at(Part::Queue, async move {
            let all = queue.load(Ordering::Relaxed);
            let mut written = 0;
            while written < all && !stop.hurry().is_cancelled() {
                tokio::time::sleep(WRITE).await;
                written = all.min(written + BATCH);
                stop.progress(format!("{written} of {all} entries written"));
            }
        })
    })
}

/// A critical check that fails from some time on.
pub(crate) fn ledger(fails_after: Option<Duration>) -> Registration {
    let message = "the ledger does not balance; ask the accountant";
    fails_from("ledger", fails_after, message).every(Duration::from_secs(1))
}

/// A check that liveness depends on, which fails from some time on.
pub(crate) fn event_loop(fails_after: Option<Duration>) -> Registration {
    let message = "the event loop is stuck; restart it";
    fails_from("loop", fails_after, message).every(Duration::from_millis(100))
}

fn fails_from(name: &str, after: Option<Duration>, message: &'static str) -> Registration {
    let began = tokio::time::Instant::now();
    check_fn(name, move |_| async move {
        match after {
            Some(after) if began.elapsed() >= after => Outcome::unhealthy(message),
            _ => Outcome::healthy(),
        }
    })
}

/// Which signals are heard, and what they do.
pub(crate) fn signals(flags: &Flags) -> Signals {
    let mut signals = Signals::default();
    if flags.reload_on_hangup {
        signals = signals.reload_on_hangup(|| tracing::info!("reloaded, as SIGHUP asked"));
    }
    if flags.quit_at_once {
        signals = signals.quit_at_once();
    }
    signals
}

/// A task that panics after a while.
#[expect(clippy::panic, reason = "it was asked for")]
pub(crate) fn panic_after(after: Duration) {
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        panic!("as --panic-after asked");
    });
}

/// Blocks every thread of the runtime once the shutdown begins.
pub(crate) fn block_runtime(shutdown: &Shutdown) {
    for _ in 0..16 {
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            shutdown.requested().await;
            loop {
                std::thread::park();
            }
        });
    }
}

/// What was asked to go wrong.
#[derive(Clone, Copy)]
struct Trouble {
    hang: Option<Part>,
    panic: Option<Part>,
}

impl Trouble {
    /// Stops a part, unless it was asked to hang or panic.
    async fn at(self, part: Part, stop: impl Future<Output = ()>) {
        if self.hang == Some(part) {
            std::future::pending::<()>().await;
        }
        assert!(self.panic != Some(part), "as --panic asked");
        stop.await;
    }
}
