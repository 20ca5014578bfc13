//! The handle on the shutdown of one service: set up first of all, begun by whoever must.
//!
//! It begins; the order is `sequence`'s, and the stopping the driver's.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use health_core::Health;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::board;
use crate::builder::{ShutdownBuilder, drain_delay};
use crate::clock;
use crate::driver;
use crate::isolation;
use crate::line::Line;
use crate::log::Log;
use crate::panic_hook;
use crate::plan::{Plan, PlanBuilder};
use crate::policy::{CriticalPolicy, Mode};
use crate::progress::Progress;
use crate::reason::Reason;
use crate::report::Report;
use crate::signals::{Signal, Signals};
use crate::standing::Standing;
#[cfg(all(feature = "systemd", unix))]
use crate::teller::Teller;
use crate::trigger::{Counts, Trigger};
use crate::watchdog::{self, Watchdog};

/// How long the end of a shutdown waits for the last lines of the log, before the process ends.
const LAST_LINES: Duration = Duration::from_millis(50);
/// How long a shutdown waits for the node to know of it: this, and a tenth of the whole at most.
const ANNOUNCING: Duration = Duration::from_secs(1);

/// The shutdown of one service. Cheap to clone; all clones are the same one.
#[derive(Clone, Debug)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) health: Health,
    pub(crate) whole: Duration,
    drain_delay: Duration,
    section: bool,
    /// Whether somebody has begun; `begun` follows once readiness has failed.
    triggered: AtomicBool,
    begun: watch::Sender<Option<Begun>>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) critical: Counts,
    pub(crate) log: Arc<Log>,
    watchdog: Option<Watchdog>,
    #[cfg(all(feature = "systemd", unix))]
    pub(crate) teller: Option<Teller>,
}

/// That and when a shutdown began.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) reason: Reason,
    pub(crate) at: Instant,
    pub(crate) wall: SystemTime,
}

/// Why nothing was installed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The handlers.
    #[error("cannot listen to signals: {0}")]
    Signals(#[source] io::Error),
    /// The thread.
    #[error("cannot start the thread of the watchdog: {0}")]
    Watchdog(#[source] io::Error),
    /// The thread.
    #[cfg(feature = "systemd")]
    #[error("cannot start the thread that tells systemd: {0}")]
    Systemd(#[source] io::Error),
}

impl ShutdownBuilder {
    /// Installs what was asked for. Call it before slow initialisation: a signal meanwhile
    /// is kept, and [`Shutdown::requested`] completes.
    pub fn install(self) -> Result<Shutdown, InstallError> {
        let standing = Arc::<Standing>::default();
        let watchdog = self.watchdog.then(|| {
            let standing = Arc::clone(&standing);
            Watchdog::start(move || standing.last_words())
        });
        let log = Arc::<Log>::default();
        #[cfg(all(feature = "systemd", unix))]
        let teller = if self.systemd {
            Teller::start(Arc::clone(&log)).map_err(InstallError::Systemd)?
        } else {
            None
        };
        let inner = Arc::new(Inner {
            health: self.health,
            whole: self.whole,
            drain_delay: drain_delay(self.drain_delay, self.whole),
            section: self.section,
            triggered: AtomicBool::new(false),
            begun: watch::Sender::new(None),
            standing,
            critical: Counts::default(),
            log,
            watchdog: watchdog.transpose().map_err(InstallError::Watchdog)?,
            #[cfg(all(feature = "systemd", unix))]
            teller,
        });
        if let Some(signals) = self.signals {
            inner.listen(signals).map_err(InstallError::Signals)?;
        }
        if self.on_panic {
            panic_hook::install(Arc::downgrade(&inner));
        }
        Ok(Shutdown { inner })
    }
}

impl Shutdown {
    /// Sets up the shutdown of the service whose health is `health`.
    pub fn of(health: &Health) -> ShutdownBuilder {
        ShutdownBuilder::new(health.clone())
    }

    /// Begins the shutdown, if none has begun: readiness fails at once. `why` is for the
    /// log and the report. Never blocks for long, and may be called from any thread.
    pub fn request(&self, why: impl Into<String>) {
        self.inner.begin(Reason::Requested(why.into()));
    }

    /// Begins a shutdown once a critical check or component of `health` has failed for as long as
    /// `policy` asks. The log says why it did, or why it did not: when a failure begins, when it
    /// is held back (by the grace, the jitter, a guard), and when it is over. It follows the node
    /// from [`Health::start`] to [`Health::stop`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use health_core::Health;
    /// use health_shutdown::{CriticalPolicy, Shutdown};
    ///
    /// let health = Health::new();
    /// let shutdown = Shutdown::of(&health).install()?;
    /// shutdown.on_critical_failure(
    ///     &health,
    ///     CriticalPolicy::enforce().after(3).sustained(Duration::from_secs(30)),
    /// );
    /// # Ok::<(), health_shutdown::InstallError>(())
    /// ```
    pub fn on_critical_failure(&self, health: &Health, policy: CriticalPolicy) {
        if policy.mode != Mode::Off {
            let shutdown = Arc::downgrade(&self.inner);
            let begun = self.inner.begun.subscribe();
            health.accompany(Trigger::new(shutdown, begun, health, policy).run());
        }
    }

    /// How many critical failures were confirmed, in a dry run or not; each once, however often
    /// the guards are asked.
    pub fn critical_failures(&self) -> u64 {
        self.inner.critical.confirmed.load(Ordering::Relaxed)
    }

    /// How many of them would have begun a shutdown, were it no dry run.
    pub fn dry_runs(&self) -> u64 {
        self.inner.critical.dry_runs.load(Ordering::Relaxed)
    }

    /// How often a guard objected.
    pub fn vetoes(&self) -> u64 {
        self.inner.critical.vetoes.load(Ordering::Relaxed)
    }

    /// Whether a shutdown has begun. From then on answers should carry `Connection: close`.
    pub fn is_requested(&self) -> bool {
        self.inner.has_begun()
    }

    /// Waits until a shutdown has begun. Cancel safe.
    pub async fn requested(&self) -> Reason {
        self.inner.begun().await.reason
    }

    /// A plan of what to stop, within this shutdown's bounds.
    pub fn plan(&self) -> PlanBuilder {
        PlanBuilder::new(self.inner.whole, self.inner.drain_delay)
    }

    /// Waits until a shutdown has begun, carries `plan` out, and reports. To be called once.
    ///
    /// Nothing in the plan holds it up past the deadline: what hangs is asked to hurry,
    /// aborted, and reported. Dropped on its way, it aborts what it is stopping. Where the
    /// watchdog has begun to report in its place, it does not return: the process ends.
    pub async fn run(&self, plan: Plan) -> Report {
        let execution = async {
            let begun = self.inner.begun().await;
            let report = driver::execute(&self.inner, begun, plan).await;
            self.inner.log.flush(LAST_LINES);
            if !self.inner.standing.hand_over() {
                // The watchdog reports, and ends the process.
                std::future::pending::<()>().await;
            }
            report
        };
        #[cfg(all(feature = "systemd", unix))]
        if let Some(teller) = &self.inner.teller {
            return driver::while_telling_systemd(&self.inner, teller, execution).await;
        }
        execution.await
    }

    /// What has become of it so far; `None` before it runs.
    pub fn report(&self) -> Option<Report> {
        let elapsed = self.inner.elapsed()?;
        let shown = self.inner.standing.shown()?;
        let progress = shown.lock().unwrap_or_else(PoisonError::into_inner);
        Some(progress.report(elapsed, false))
    }
}

impl Begun {
    /// How long ago it began.
    pub(crate) fn elapsed(&self) -> Duration {
        clock::instant().saturating_duration_since(self.at)
    }
}

impl Inner {
    /// Begins; the first reason counts.
    pub(crate) fn begin(self: &Arc<Self>, reason: Reason) {
        if self.triggered.swap(true, Ordering::Relaxed) {
            self.log.say(Line::Overtaken(reason.to_string()));
            return;
        }
        let begun = Begun {
            reason,
            at: clock::instant(),
            wall: clock::wall(),
        };
        // First of all, as everything else may be slow.
        self.standing.begin(begun.clone());
        if let Some(watchdog) = &self.watchdog {
            watchdog.arm(begun.at + self.whole);
        }
        // Before anybody else learns of it, so that nothing stops while readiness still passes.
        self.fail_readiness();
        let (reason, deadline) = (begun.reason.clone(), self.whole);
        self.log.say(Line::Begins { reason, deadline });
        self.begun.send_replace(Some(begun.clone()));
        if self.section {
            board::start(self, Arc::downgrade(self), begun);
        }
        #[cfg(all(feature = "systemd", unix))]
        if let Some(teller) = &self.teller {
            teller.tell(Teller::look(self, false));
        }
    }

    /// Tells the node that it is stopping, from a thread of its own, for which it waits a while:
    /// the engine is busy for microseconds, unless somebody's aggregation hangs in it.
    fn fail_readiness(&self) {
        let (health, log, whole) = (self.health.clone(), Arc::clone(&self.log), self.whole);
        let (tell, told) = mpsc::sync_channel(0);
        let runtime = Handle::try_current().ok();
        let spawned = std::thread::Builder::new()
            .name("shutdown-announce".to_owned())
            .spawn(move || {
                // Its clock, which may be paused, is the one that counts.
                let _runtime = runtime.as_ref().map(Handle::enter);
                let lines = health.begin_shutdown_unlogged(whole);
                // Whoever began it says so, unless it has gone on.
                if let Err(SendError(lines)) = tell.send(lines) {
                    log.say(Line::Node(lines));
                }
            });
        if spawned.is_err() {
            let lines = self.health.begin_shutdown_unlogged(whole);
            self.log.say(Line::Node(lines));
            return;
        }
        let line = told.recv_timeout(ANNOUNCING.min(whole / 10));
        self.log.say(line.map_or(Line::Unannounced, Line::Node));
    }

    /// Begins on a thread of its own, for callers that must not wait for the node to know of it.
    pub(crate) fn begin_aside(self: &Arc<Self>, reason: Reason) {
        let (inner, why) = (Arc::clone(self), reason.clone());
        let runtime = Handle::try_current().ok();
        let spawned = std::thread::Builder::new()
            .name("shutdown-begin".to_owned())
            .spawn(move || {
                let _runtime = runtime.as_ref().map(Handle::enter);
                isolation::caught(|| inner.begin(why))
            });
        if spawned.is_err() {
            self.begin(reason);
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.borrow().is_some()
    }

    async fn begun(&self) -> Begun {
        let mut begun = self.begun.subscribe();
        loop {
            if let Some(begun) = begun.borrow_and_update().clone() {
                return begun;
            }
            if begun.changed().await.is_err() {
                // The sender is this very struct's.
                std::future::pending::<()>().await;
            }
        }
    }

    fn elapsed(&self) -> Option<Duration> {
        self.begun.borrow().as_ref().map(Begun::elapsed)
    }

    /// Lets the report be drawn from `progress` from now on.
    pub(crate) fn show(&self, progress: Arc<Mutex<Progress>>) {
        self.standing.show(progress);
    }

    fn listen(self: &Arc<Self>, signals: Signals) -> io::Result<()> {
        let weak = Arc::downgrade(self);
        let begin = move |signal: Signal| match weak.upgrade() {
            // The second signal must be heard meanwhile.
            Some(inner) => inner.begin_aside(Reason::Signal(signal.name())),
            // Nobody is left to end it in order.
            None => watchdog::end(signal.exit_code(), None),
        };
        let force = |signal: Signal| watchdog::end(signal.exit_code(), None);
        crate::signals::listen(signals, begin, force)
    }
}
