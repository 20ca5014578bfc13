//! What the tests are played on: waiting for a condition, counting runs, gates, and a log.
//!
//! It asserts nothing but that a condition comes true at all.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use health_core::{CheckState, Health, Outcome, Registration, check_fn};
use tokio::time::Instant;

/// After this long a condition is taken not to come true at all.
const HOPELESS: Duration = Duration::from_mins(1);

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Lets everything that is due now happen, in paused time.
pub(crate) async fn settle() {
    tokio::time::sleep(ms(2)).await;
}

/// Waits for `condition` in real time.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(ms(1)).await;
        }
    };
    tokio::time::timeout(HOPELESS, waiting)
        .await
        .unwrap_or_else(|_| panic!("never came true: {what}"));
}

/// The same without a runtime.
pub(crate) fn until_blocking(what: &str, mut condition: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !condition() {
        assert!(start.elapsed() < HOPELESS, "never came true: {what}");
        std::thread::park_timeout(ms(1));
    }
}

/// Waits for a condition that threads bring about, in paused time: a thread may
/// be in the midst of waking a task while the time of tasks flies.
pub(crate) async fn until_settled(what: &str, mut condition: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    settle().await;
    while !condition() {
        assert!(start.elapsed() < HOPELESS, "never came true: {what}");
        std::thread::park_timeout(ms(1));
        settle().await;
    }
}

/// A runtime whose time is paused.
pub(crate) fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

pub(crate) fn check(health: &Health, name: &str) -> Arc<CheckState> {
    health.check(name).unwrap()
}

/// Counts the runs of a check, and how many there were at once.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<Counts>);

#[derive(Default)]
struct Counts {
    inside: AtomicUsize,
    most: AtomicUsize,
    starts: Mutex<Vec<Instant>>,
}

/// A run under way.
pub(crate) struct Inside(Arc<Counts>);

impl Meter {
    pub(crate) fn enter(&self) -> Inside {
        self.0.starts.lock().unwrap().push(Instant::now());
        let inside = self.0.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(inside, Ordering::SeqCst);
        Inside(Arc::clone(&self.0))
    }

    pub(crate) fn runs(&self) -> usize {
        self.0.starts.lock().unwrap().len()
    }

    pub(crate) fn inside(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst)
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }

    /// The times between starts, but the first: the grid begins with the second.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        let starts = self.0.starts.lock().unwrap();
        starts
            .windows(2)
            .skip(1)
            .map(|pair| pair[1] - pair[0])
            .collect()
    }

    /// Whether it started every `interval`, give or take 5 %, at least `times`.
    pub(crate) fn assert_cadence(&self, name: &str, interval: Duration, times: usize) {
        let gaps = self.gaps();
        assert!(gaps.len() >= times, "{name}: {} of {times}", gaps.len());
        let (least, most) = (interval.mul_f64(0.95), interval.mul_f64(1.05));
        for gap in gaps {
            assert!(least <= gap && gap <= most, "{name}: {gap:?}");
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A check that counts its runs and then does as `body` says.
pub(crate) fn metered<Fut, T>(
    name: &str,
    meter: &Meter,
    body: impl Fn() -> Fut + Send + Sync + 'static,
) -> Registration
where
    Fut: Future<Output = T> + Send + 'static,
    T: Into<Outcome> + Send + 'static,
{
    let meter = meter.clone();
    check_fn(name, move |_| {
        let (inside, run) = (meter.enter(), body());
        async move {
            let outcome = run.await;
            drop(inside);
            outcome
        }
    })
}

/// A check whose next outcome the test sets.
#[derive(Clone)]
pub(crate) struct Dial(Arc<Mutex<Box<dyn Fn() -> Outcome + Send>>>);

impl Dial {
    pub(crate) fn new(outcome: impl Fn() -> Outcome + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(outcome))))
    }

    pub(crate) fn set(&self, outcome: impl Fn() -> Outcome + Send + 'static) {
        *self.0.lock().unwrap() = Box::new(outcome);
    }

    pub(crate) fn check(&self, name: &str) -> Registration {
        let dial = self.clone();
        check_fn(name, move |_| {
            let outcome = (dial.0.lock().unwrap())();
            async move { outcome }
        })
    }
}

/// Holds threads until it is opened, which dropping it does too.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Opens it at the end of the scope, also of a failing one: a runtime does
    /// not end while a thread of it is held.
    pub(crate) fn opened_at_end(&self) -> OpenedAtEnd {
        OpenedAtEnd(self.clone())
    }
}

pub(crate) struct OpenedAtEnd(Gate);

impl Drop for OpenedAtEnd {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// What this thread logs while the log is held.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn capture(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn lines_with(&self, part: &str) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains(part));
        lines.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
