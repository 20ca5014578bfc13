//! What comes of answers, errors, hangs and panics of a source, and of who is told.

use super::*;

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
