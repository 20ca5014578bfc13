//! How often is asked, how many are known, when it ends, and what is refused.

use super::*;

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
    for _ in 0..2 {
        next(&mut watch).await;
        assert_eq!(
            calls.take(),
            [&format!("a {SILENT}"), "b 7/9", "leader 10 of 1"]
        );
    }
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
