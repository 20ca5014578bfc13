//! One check's runs: deadlines, cadence, what a run is told, who shares it.

use std::future::pending;
use std::sync::{Arc, Mutex};

use health_core::{
    AskError, Cause, CheckContext, CheckStatus, Health, NodeStatus, Outcome, Probe, Status,
    check_fn,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::stage::{Dial, Meter, check, metered, ms, secs, settle};

#[tokio::test(start_paused = true)]
async fn a_hung_check_times_out_at_its_deadline_and_has_no_second_copy() {
    let health = Health::new();
    let meter = Meter::default();
    let hung = metered("hung", &meter, pending::<()>);
    let (hung, timeout) = (hung.every(ms(500)), secs(3));
    health.register(hung.timeout(timeout).critical()).unwrap();
    health.start().unwrap();

    sleep(ms(2995)).await;
    assert_eq!(check(&health, "hung").cause, Cause::Pending);
    assert_eq!((meter.runs(), meter.inside()), (1, 1));

    sleep(ms(10)).await;
    let state = check(&health, "hung");
    assert_eq!(
        (state.status, state.cause),
        (CheckStatus::Unhealthy, Cause::Timeout)
    );
    assert_eq!((state.runs, state.consecutive_failures), (1, 1));
    assert!(state.latency.unwrap() >= timeout && state.latency.unwrap() < timeout + ms(5));
    assert_eq!(meter.inside(), 0, "the hung run is dropped");
    assert!(!health.verdict(Probe::Ready).passing);

    sleep(secs(120)).await;
    assert_eq!(meter.most_at_once(), 1);
    assert!((30..=40).contains(&meter.runs()), "{}", meter.runs());
    assert_eq!(check(&health, "hung").cause, Cause::Timeout, "never stale");
    assert_eq!(health.late_results(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_check_delays_no_other() {
    let health = Health::new();
    let mut meters = Vec::new();
    for i in 0..20 {
        let meter = Meter::default();
        let name = format!("brisk-{i}");
        let brisk = metered(&name, &meter, || async {});
        health.register(brisk.every(secs(1))).unwrap();
        meters.push((name, meter));
    }
    let slow = Meter::default();
    health
        .register(metered("slow", &slow, || sleep(ms(4500))).every(secs(1)))
        .unwrap();
    health
        .register(check_fn("hung", |_| pending::<()>()).every(secs(1)))
        .unwrap();
    health.start().unwrap();
    sleep(secs(60)).await;
    for (name, meter) in &meters {
        meter.assert_cadence(name, secs(1), 57);
    }
    assert_eq!(slow.most_at_once(), 1);
    slow.assert_cadence("slow", secs(5), 10);
}

#[tokio::test(start_paused = true)]
async fn jitter_and_initial_delay_put_off_and_no_more() {
    let health = Health::new();
    let (late, jittered) = (Meter::default(), Meter::default());
    health
        .register(
            metered("late", &late, || async {})
                .every(secs(1))
                .initial_delay(secs(30)),
        )
        .unwrap();
    health
        .register(
            metered("jittered", &jittered, || async {})
                .every(secs(10))
                .jitter(secs(1)),
        )
        .unwrap();
    health.start().unwrap();
    sleep(ms(29_990)).await;
    assert_eq!(late.runs(), 0);
    assert!(!check(&health, "late").enabled || check(&health, "late").cause == Cause::Pending);
    sleep(secs(971)).await;
    late.assert_cadence("late", secs(1), 960);
    let gaps = jittered.gaps();
    assert!((98..=101).contains(&gaps.len()), "{}", gaps.len());
    assert!(gaps.iter().all(|gap| *gap > secs(9) && *gap < secs(11)));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_told_its_deadline_and_what_came_before() {
    let health = Health::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let reader = check_fn("reader", move |cx: CheckContext| {
        let mut seen = seen.lock().unwrap();
        seen.push((
            cx.previous().map(|state| state.message.to_string()),
            cx.deadline() - Instant::now().into_std(),
        ));
        let run = seen.len();
        async move { Outcome::degraded(format!("run {run}")) }
    });
    health
        .register(reader.every(secs(1)).timeout(secs(7)))
        .unwrap();
    health.start().unwrap();
    sleep(ms(2500)).await;
    let told = told.lock().unwrap();
    assert_eq!(told[0].0, None);
    assert_eq!(told[1].0.as_deref(), Some("run 1"));
    assert_eq!(told[2].0.as_deref(), Some("run 2"));
    assert!(
        told.iter()
            .all(|(_, left)| *left <= secs(7) && *left > ms(6998))
    );
}

/// Work that outlives its run learns that nobody waits for it any more.
#[tokio::test(start_paused = true)]
async fn work_that_outlives_its_run_is_told() {
    for end in ["timeout", "unregister", "replace", "stop", "drop"] {
        let health = Health::new();
        let told = Meter::default();
        let kept = Arc::new(Mutex::new(None));
        let (meter, keep) = (told.clone(), Arc::clone(&kept));
        let hung = check_fn("hung", move |cx: CheckContext| {
            let (cx, meter) = (cx.clone(), meter.clone());
            assert!(!cx.is_cancelled());
            keep.lock().unwrap().get_or_insert(cx.clone());
            // Spawned, so that it is not dropped with the run.
            tokio::spawn(async move {
                cx.cancelled().await;
                drop(meter.enter());
            });
            pending::<()>()
        });
        health
            .register(hung.every(secs(100)).timeout(secs(20)))
            .unwrap();
        health.start().unwrap();
        sleep(secs(1)).await;
        assert_eq!(told.runs(), 0, "{end}");
        let mut health = Some(health);
        match (end, health.as_ref().unwrap()) {
            ("timeout", _) => sleep(secs(20)).await,
            ("unregister", health) => health.unregister("hung").unwrap(),
            ("replace", health) => health.replace(check_fn("hung", |_| async {})).unwrap(),
            ("stop", health) => health.stop().await,
            _ => health = None,
        }
        settle().await;
        assert_eq!(told.runs(), 1, "{end}");
        assert!(kept.lock().unwrap().as_ref().unwrap().is_cancelled());
        drop(health);
    }
}

#[tokio::test(start_paused = true)]
async fn askers_share_one_run_of_now() {
    let health = Health::new();
    let meter = Meter::default();
    let body = || async {
        sleep(ms(100)).await;
        Status::Degraded
    };
    health
        .register(metered("db", &meter, body).every(secs(3600)))
        .unwrap();
    health.start().unwrap();
    sleep(secs(10)).await;
    assert_eq!(meter.runs(), 1);
    let mut askers = JoinSet::new();
    for _ in 0..1000 {
        let health = health.clone();
        askers.spawn(async move { health.ask("db").await.unwrap() });
    }
    health.run_now("db").unwrap();
    while let Some(state) = askers.join_next().await {
        assert_eq!(state.unwrap().runs, 2);
    }
    settle().await;
    assert_eq!((meter.runs(), meter.most_at_once()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_asker_waits_a_bounded_time_and_gets_a_reason() {
    let health = Health::new();
    health
        .register(check_fn("off", |_| async {}).disabled())
        .unwrap();
    health
        .register(check_fn("hung", |_| pending::<()>()).timeout(secs(5)))
        .unwrap();
    let named = |error: fn(String) -> AskError, name: &str| Err(error(name.to_owned()));
    let ask = async |name: &str| health.ask(name).await.map(|state| state.cause);
    assert_eq!(ask("hung").await, named(AskError::NotRunning, "hung"));
    health.start().unwrap();
    assert_eq!(ask("nobody").await, named(AskError::Unknown, "nobody"));
    assert_eq!(ask("off").await, named(AskError::Disabled, "off"));
    let start = Instant::now();
    assert_eq!(ask("hung").await, Ok(Cause::Timeout));
    assert!(start.elapsed() <= secs(6));

    // Taken away, switched off or stopped while somebody waits.
    for end in ["unregister", "disable", "stop"] {
        health
            .register(check_fn("gone", |_| pending::<()>()).timeout(secs(50)))
            .unwrap();
        let (asker, mut waiting) = (health.clone(), JoinSet::new());
        waiting.spawn(async move { asker.ask("gone").await.map(|state| state.cause) });
        settle().await;
        let start = Instant::now();
        match end {
            "unregister" => health.unregister("gone").unwrap(),
            "disable" => health.disable("gone").unwrap(),
            _ => health.stop().await,
        }
        let answer = waiting.join_next().await.unwrap().unwrap();
        assert_eq!(answer, named(AskError::NoResult, "gone"), "{end}");
        assert!(start.elapsed() <= secs(51), "{end}");
        let _ = health.unregister("gone");
    }
    assert_eq!(ask("hung").await, named(AskError::NotRunning, "hung"));
}

/// Switched off and on again in the midst of a run: the new life of the check
/// does not wait for the old schedule.
#[tokio::test(start_paused = true)]
async fn a_check_switched_on_during_its_last_run_runs_at_once_after_it() {
    let health = Health::new();
    let meter = Meter::default();
    let body = || async {
        sleep(secs(5)).await;
        true
    };
    let slow = metered("slow", &meter, body).every(secs(600));
    health.register(slow.critical()).unwrap();
    health.start().unwrap();
    health.ask("slow").await.unwrap();
    health.run_now("slow").unwrap();
    sleep(secs(1)).await;
    health.disable("slow").unwrap();
    health.enable("slow").unwrap();
    assert_eq!(check(&health, "slow").cause, Cause::Pending);
    sleep(ms(9100)).await;
    assert_eq!(meter.most_at_once(), 1);
    assert_eq!(check(&health, "slow").status, CheckStatus::Healthy);
    assert_eq!(health.late_results(), 1);
    assert_eq!(health.report().status, NodeStatus::Healthy);

    // And who asks meanwhile gets the result of the next run, not of none.
    health.run_now("slow").unwrap();
    sleep(secs(1)).await;
    health.disable("slow").unwrap();
    health.enable("slow").unwrap();
    let state = health.ask("slow").await.unwrap();
    assert_eq!((state.runs, state.status), (3, CheckStatus::Healthy));
}

#[tokio::test(start_paused = true)]
async fn no_result_is_lost_between_askers() {
    let health = Health::new();
    let dial = Dial::new(|| Outcome::unhealthy("down"));
    health
        .register(dial.check("db").every(secs(3600)).critical())
        .unwrap();
    health.start().unwrap();
    for turn in 0..200 {
        let healthy = turn % 2 == 1;
        dial.set(move || healthy.into());
        let state = health.ask("db").await.unwrap();
        assert_eq!(state.healthy(), healthy, "turn {turn}");
        assert_eq!(health.verdict(Probe::Ready).passing, healthy);
        assert_eq!(health.report().check("db").unwrap().healthy(), healthy);
    }
}
