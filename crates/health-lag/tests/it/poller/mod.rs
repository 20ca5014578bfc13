//! Polling as a service does it, of a source that does as it is told.

mod answers;
mod bounds;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use health_core::Cause;
use health_lag::{
    Condition, FollowerReading, LagMonitor, LagSink, LagSource, PollState, PollWatch, Poller,
    PollerError, Readings, Sample, SourceError,
};
use tokio::time::{Instant, sleep};

/// What a poll does.
#[derive(Clone, Debug)]
enum Turn {
    Names(&'static [&'static str]),
    OnlyNames(&'static [&'static str]),
    Fails,
    Hangs,
    /// Until it is let go.
    Blocks(Arc<Mutex<Receiver<()>>>),
    Panics,
    PanicsAtOnce,
}

/// Takes one turn a poll, the last one for ever.
#[derive(Clone)]
struct Turns {
    all: Arc<Vec<Turn>>,
    taken: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
    begun: Arc<Mutex<Vec<Instant>>>,
}

impl Turns {
    fn new(turns: &[Turn]) -> Self {
        Self {
            all: Arc::new(turns.to_vec()),
            taken: Arc::default(),
            at_once: Arc::default(),
            most_at_once: Arc::default(),
            begun: Arc::default(),
        }
    }
}

struct Within<'a>(&'a AtomicUsize);

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl LagSource for Turns {
    fn poll<'a: 't, 't>(
        &'a self,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Readings, SourceError>> + Send + 't>>
    where
        Self: 't,
    {
        let turn = self.taken.fetch_add(1, Ordering::SeqCst);
        let turn = self.all.get(turn).or(self.all.last()).unwrap().clone();
        assert!(!matches!(turn, Turn::PanicsAtOnce), "no future at all");
        Box::pin(async move {
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            let _within = Within(&self.at_once);
            self.begun.lock().unwrap().push(Instant::now());
            let naming = |all: &[&str]| {
                all.iter().fold(Readings::new(), |readings, name| {
                    readings.follower(FollowerReading::new(*name, Ok(Sample::new(9, 7))))
                })
            };
            match turn {
                Turn::Names(names) => Ok(naming(names).leader(10, 1)),
                Turn::OnlyNames(names) => Ok(naming(names).complete()),
                Turn::Fails => Err(SourceError::new("no host in redis://:sw0rdfish@db/1; see")
                    .with_error("as sw0rdfish")),
                Turn::Hangs => std::future::pending().await,
                Turn::Blocks(let_go) => {
                    let _ = let_go.lock().unwrap().recv();
                    Ok(naming(&["late"]))
                }
                Turn::Panics | Turn::PanicsAtOnce => panic!("no such table"),
            }
        })
    }
}

/// All calls of the sink, in words.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn push(&self, call: String) {
        self.0.lock().unwrap().push(call);
    }
}

impl LagSink for Calls {
    fn sample(&mut self, follower: &str, sample: Sample) {
        self.push(format!("{follower} {}/{}", sample.applied, sample.leader));
    }

    fn leader(&mut self, position: u64, epoch: u64) {
        self.push(format!("leader {position} of {epoch}"));
    }

    fn failed(&mut self, follower: Option<&str>, error: &SourceError) {
        let follower = follower.unwrap_or("all");
        self.push(format!("{follower} unknown: {error}"));
    }

    fn forgotten(&mut self, follower: &str) {
        self.push(format!("{follower} forgotten"));
    }
}

async fn next(watch: &mut PollWatch) -> Arc<PollState> {
    watch.next().await.unwrap()
}

const SILENT: &str =
    "unknown: is not named by its leader any more; see whether it runs and is connected";
