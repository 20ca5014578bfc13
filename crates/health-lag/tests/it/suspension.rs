//! A process that was suspended: when it wakes, that nobody could look is no silence of anybody.

use std::future::{Future, poll_fn};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use health_lag::{
    Condition, FollowerReading, LagMonitor, LagSource, Poller, Readings, Sample, SourceError,
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{advance, sleep};

use crate::said;

const SILENCE: Duration = Duration::from_secs(2);
/// Longer than any silence that is let pass; the one real wait here, for a stop has no other end.
const SUSPENDED: Duration = Duration::from_secs(4);
const WATCHES: &str = "watches";

fn monitor() -> LagMonitor {
    let monitor = LagMonitor::builder()
        .silence(SILENCE)
        .stalled(SILENCE)
        .build()
        .unwrap();
    monitor.watch().unwrap();
    monitor
}

/// A follower that is behind by one, and moves with each poll.
struct Moves(Arc<AtomicU64>);

#[async_trait]
impl LagSource for Moves {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let polls = self.0.fetch_add(1, Ordering::SeqCst);
        let sample = Ok(Sample::new(polls + 1, polls));
        Ok(Readings::new().follower(FollowerReading::new("b", sample)))
    }
}

/// Watches until its standard input ends, and says what was found meanwhile: by the watch, and by a
/// thread that asks all the time.
#[test]
#[ignore = "started by `who_was_suspended_wakes_to_no_silence`"]
fn a_monitor_in_a_process_of_its_own() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let monitor = monitor();
    let polls = Arc::new(AtomicU64::new(0));
    let polling = Poller::new("a", Moves(Arc::clone(&polls)))
        .every(Duration::from_millis(50))
        .start(monitor.sink("a").expect("b").unwrap())
        .unwrap();
    // The thread pushes for it, when it comes to it.
    let pushed = monitor.follower("c").unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let asker = std::thread::spawn({
        let (monitor, ended, pushed) = (monitor.clone(), Arc::clone(&ended), pushed.clone());
        move || {
            let mut step = 0;
            while !ended.load(Ordering::SeqCst) {
                step += 1;
                if step % 200 == 0 {
                    pushed.push(Sample::new(step, step)).unwrap();
                }
                for status in monitor.statuses() {
                    let wrong = status.conditions.iter().map(Condition::name);
                    let wrong: Vec<_> = wrong.collect();
                    if !wrong.is_empty() {
                        println!("found {wrong:?}: {status}");
                    }
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    while polls.load(Ordering::SeqCst) < 20 {
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("\n{WATCHES}");
    let before = polls.load(Ordering::SeqCst);
    let _ = std::io::stdin().read(&mut [0]);
    while polls.load(Ordering::SeqCst) < before + 20 {
        std::thread::sleep(Duration::from_millis(1));
    }
    ended.store(true, Ordering::SeqCst);
    asker.join().unwrap();
    runtime.block_on(polling.stop());
    for words in said(&monitor) {
        println!("said {words}");
    }
}

#[test]
fn who_was_suspended_wakes_to_no_silence() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "suspension::a_monitor_in_a_process_of_its_own"])
        .args(["--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line.trim() != WATCHES {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "it ended");
    }
    signal(&child, Signal::STOP);
    std::thread::sleep(SUSPENDED);
    signal(&child, Signal::CONT);
    drop(child.stdin.take());
    let mut printed = String::new();
    output.read_to_string(&mut printed).unwrap();
    assert!(child.wait().unwrap().success(), "{printed}");
    let wrong = |line: &&str| line.starts_with("found ") || line.starts_with("said ");
    let wrong: Vec<_> = printed.lines().filter(wrong).collect();
    assert_eq!(wrong, [""; 0]);
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_counts_from_where_it_was() {
    let monitor = monitor();
    let follower = monitor.follower("b").unwrap();
    for step in 0..20 {
        follower.push(Sample::new(step, step)).unwrap();
        sleep(Duration::from_millis(300)).await;
    }
    for _ in 0..2 {
        advance(Duration::from_mins(1)).await;
        let status = follower.status().unwrap();
        assert!(status.conditions.is_empty(), "{status}");
        assert!(status.silence < SILENCE, "{status:?}");
        // It is a minute old all the same.
        assert!(status.last_sample_age > Some(Duration::from_mins(1)));
        // The watch wakes, and vouches again.
        sleep(Duration::from_millis(200)).await;
    }
    sleep(SILENCE).await;
    assert_eq!(said(&monitor), ["b no_data:firing"]);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_stalls_is_forgiven_once() {
    let monitor = monitor();
    let follower = monitor.follower("b").unwrap();
    follower.push(Sample::new(1, 1)).unwrap();
    sleep(Duration::from_millis(100)).await;
    // Nothing runs but who asks. Of one sample nobody knows how often they come, so it may be silent
    // for 30 s.
    for (silent, expected) in [(0, false), (20, false), (40, true), (60, true)] {
        let mut time = Box::pin(advance(Duration::from_secs(20)));
        poll_fn(|task| Poll::Ready(time.as_mut().poll(task).is_ready())).await;
        let status = follower.status().unwrap();
        assert_eq!(status.silence.as_secs(), silent);
        assert_eq!(status.conditions.has(Condition::NoData), expected);
    }
}

/// One that was under way says nothing of its server, which is asked anew at once.
#[tokio::test(start_paused = true)]
async fn a_poll_that_was_under_way_is_followed_by_another_at_once() {
    /// Answers the second time, and tells when it was asked.
    struct Hangs(Arc<AtomicU64>);

    #[async_trait]
    impl LagSource for Hangs {
        async fn poll(&self) -> Result<Readings, SourceError> {
            if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
                std::future::pending::<()>().await;
            }
            let sample = Ok(Sample::new(7, 7));
            Ok(Readings::new().follower(FollowerReading::new("b", sample)))
        }
    }

    let monitor = monitor();
    let asked = Arc::new(AtomicU64::new(0));
    let polling = Poller::new("a", Hangs(Arc::clone(&asked)))
        .every(Duration::from_hours(1))
        .start(monitor.sink("a"))
        .unwrap();
    sleep(Duration::from_millis(1)).await;
    advance(Duration::from_mins(1)).await;
    let begin = tokio::time::Instant::now();
    let mut watch = polling.watch();
    while watch.next().await.unwrap().error.is_some() {}
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}
