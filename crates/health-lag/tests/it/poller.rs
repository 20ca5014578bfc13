//! Polling as a service does it: errors, hangs and panics of a source, and of who is told.

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

#[tokio::test(start_paused = true)]
async fn what_comes_is_told_and_what_fails_is_never_a_sample() {
    let turns = Turns::new(&[
        Turn::Names(&["a", "b"]),
        Turn::Names(&["b"]),
        Turn::Fails,
        Turn::Hangs,
        Turn::Panics,
        Turn::PanicsAtOnce,
        Turn::OnlyNames(&["a"]),
        Turn::Names(&["a"]),
    ]);
    let calls = Calls::default();
    let polling = Poller::new("turns", turns.clone())
        .start(calls.clone())
        .unwrap();
    let mut watch = polling.watch();
    let hidden = "all unknown: no host in redis://***@db/1; see";
    let late = "all unknown: gave no answer within 5s; see whether it hangs or is overloaded";
    let silent = format!("a {SILENT}");
    let panicked = "all unknown: panicked: no such table";
    for (expected, cause) in [
        (&["a 7/9", "b 7/9", "leader 10 of 1"][..], None),
        (&[&silent, "b 7/9", "leader 10 of 1"], None),
        (&[hidden], Some(Cause::Reported)),
        (&[late], Some(Cause::Timeout)),
        (&[panicked], Some(Cause::Panic)),
        (
            &["all unknown: panicked: no future at all"],
            Some(Cause::Panic),
        ),
        (&["b forgotten", "a 7/9"], None),
        (&["a 7/9", "leader 10 of 1"], None),
    ] {
        let state = next(&mut watch).await;
        assert_eq!(calls.take(), expected);
        assert_eq!(state.error.as_ref().map(SourceError::cause), cause);
        // Nothing that is not proven now reads as known.
        let known = state
            .followers
            .values()
            .filter(|it| it.reading().sample.is_ok());
        assert_eq!(known.count() > 0, cause.is_none(), "{state:?}");
        let shown = format!("{state:?} {}", serde_json::to_string(&*state).unwrap());
        assert!(!shown.contains("sw0rdfish"), "{shown}");
    }
    let state = polling.state();
    let counts = (state.polls, state.failed, state.timed_out, state.panicked);
    assert_eq!(counts, (8, 4, 1, 2));
    assert_eq!((state.forgotten, state.refused), (1, 0));
    assert_eq!(turns.most_at_once.load(Ordering::SeqCst), 1);
    polling.stop().await;
    assert!(watch.next().await.is_none());
    assert_eq!(turns.at_once.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_are_asked_less_often() {
    let turns = Turns::new(&[
        Turn::Names(&["a"]),
        Turn::Fails,
        Turn::Fails,
        Turn::Fails,
        Turn::Hangs,
        Turn::Fails,
        Turn::Fails,
        Turn::Names(&["a"]),
        Turn::Names(&["a"]),
    ]);
    let polling = Poller::new("turns", turns.clone())
        .every(Duration::from_millis(500))
        .at_least_every(Duration::from_secs(3))
        .start(Calls::default())
        .unwrap();
    let mut watch = polling.watch();
    for _ in 0..9 {
        next(&mut watch).await;
    }
    let begun = turns.begun.lock().unwrap().clone();
    let waits: Vec<u128> = begun
        .windows(2)
        .map(|two| (two[1] - two[0]).as_millis())
        .collect();
    assert_eq!(waits, [500, 500, 1_000, 2_000, 8_000, 3_000, 3_000, 500]);
    polling.stop().await;
}

/// A poll that blocks its thread cannot be dropped; it is reported all the same, and holds the
/// next one back.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_source_that_blocks_is_reported_and_never_polled_twice_at_once() {
    let (let_go, held) = channel();
    let turns = Turns::new(&[
        Turn::Blocks(Arc::new(Mutex::new(held))),
        Turn::Names(&["a"]),
    ]);
    let polling = Poller::new("turns", turns.clone())
        .every(Duration::from_millis(5))
        .timeout(Duration::from_millis(20))
        .at_least_every(Duration::from_millis(5))
        .start(Calls::default())
        .unwrap();
    let mut watch = polling.watch();
    let first = next(&mut watch).await;
    assert!(
        first
            .error
            .as_ref()
            .unwrap()
            .message()
            .starts_with("gave no answer")
    );
    let mut held_back = 0;
    loop {
        let state = next(&mut watch).await;
        match &state.error {
            Some(error) if error.message().contains("still blocks") => {
                held_back += 1;
                if held_back == 3 {
                    let_go.send(()).unwrap();
                }
            }
            Some(error) => assert!(error.message().starts_with("gave no answer"), "{error}"),
            None => break,
        }
    }
    assert!(held_back >= 3);
    assert_eq!(turns.most_at_once.load(Ordering::SeqCst), 1);
    // What it said in the end was too late.
    assert!(!polling.state().followers.contains_key("late"));
    polling.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_panics_ends_nothing() {
    let told = Arc::new(AtomicU64::new(0));
    let count = told.clone();
    let polling = Poller::new("turns", Turns::new(&[Turn::Names(&["a", "b"])]))
        .start(move |follower: &str, _: Sample| {
            count.fetch_add(1, Ordering::SeqCst);
            assert!(follower != "a", "a sink that likes no a");
        })
        .unwrap();
    let mut watch = polling.watch();
    for polls in 1..=3 {
        let state = next(&mut watch).await;
        assert_eq!((state.polls, state.sink_panicked), (polls, polls));
        assert_eq!(told.load(Ordering::SeqCst), 2 * polls);
    }
    polling.stop().await;
}

#[tokio::test(start_paused = true)]
async fn followers_are_bounded_and_forgotten() {
    let turns = Turns::new(&[
        Turn::Names(&["a", "b", "c"]),
        Turn::Names(&["b"]),
        Turn::Names(&["b"]),
        Turn::Names(&["b"]),
    ]);
    let calls = Calls::default();
    let polling = Poller::new("turns", turns)
        .followers_at_most(2)
        .forget_after(Duration::from_secs(2))
        .start(calls.clone())
        .unwrap();
    let mut watch = polling.watch();
    assert_eq!(next(&mut watch).await.refused, 1);
    assert_eq!(calls.take(), ["a 7/9", "b 7/9", "leader 10 of 1"]);
    next(&mut watch).await;
    assert_eq!(
        calls.take(),
        [&format!("a {SILENT}"), "b 7/9", "leader 10 of 1"]
    );
    let state = next(&mut watch).await;
    assert_eq!(calls.take(), ["a forgotten", "b 7/9", "leader 10 of 1"]);
    assert_eq!((state.forgotten, state.followers.len()), (1, 1));
    polling.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handle_ends_the_poll_under_way() {
    let turns = Turns::new(&[Turn::Hangs]);
    let polling = Poller::new("turns", turns.clone())
        .start(Calls::default())
        .unwrap();
    while turns.at_once.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    drop(polling);
    while turns.at_once.load(Ordering::SeqCst) > 0 {
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let poller = || Poller::new("turns", Turns::new(&[Turn::Fails]));
    for (poller, words) in [
        (poller().every(Duration::ZERO), "interval: 0ns is no time"),
        (poller().timeout(Duration::ZERO), "timeout: 0ns is no time"),
        (poller().every(Duration::MAX), "interval: "),
        (poller(), "within a tokio runtime"),
    ] {
        let error: PollerError = poller.start(Calls::default()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// Whatever a source does instead of answering, its followers have no data in time, and never a lag
/// of zero.
#[tokio::test(start_paused = true)]
async fn a_source_without_an_answer_is_no_data() {
    for silent in [Turn::Fails, Turn::Hangs, Turn::Panics, Turn::Names(&["b"])] {
        let turns = Turns::new(&[Turn::Names(&["a"]), Turn::Names(&["a"]), silent.clone()]);
        let monitor = LagMonitor::new();
        monitor.watch().unwrap();
        let sink = monitor.sink("leader").expect("never").unwrap();
        let polling = Poller::new("turns", turns).start(sink).unwrap();
        let status = |name| monitor.get(name).and_then(|it| it.status());
        let mut watch = polling.watch();
        next(&mut watch).await;
        next(&mut watch).await;
        assert!(status("a").unwrap().conditions.is_empty());
        for name in ["a", "never"] {
            let silent_for = Instant::now();
            while !status(name).unwrap().conditions.has(Condition::NoData) {
                sleep(Duration::from_millis(100)).await;
            }
            assert!(
                silent_for.elapsed() <= Duration::from_secs(31),
                "{silent:?}"
            );
            assert!(!status(name).unwrap().is_proven());
        }
        assert_eq!(
            monitor.statistics().followers,
            2 + u64::from(status("b").is_some())
        );
        polling.stop().await;
    }
}
