//! A suspended process, in paused time: with a pacemaker, the time that it could
//! not run makes nothing old or late; without one, and for a scheduler that is
//! dead, all time counts.

use std::time::Duration;

use health_core::{Cause, ComponentSpec, Health, Pacemaker, Probe, blocking_fn, check_fn};
use tokio::sync::Semaphore;
use tokio::time::{advance, sleep};

use crate::stage::{Gate, Meter, check, metered, ms, paused_runtime, secs, settle, until_settled};

const INTERVAL: Duration = Duration::from_secs(1);
const SUSPENDED: Duration = Duration::from_mins(1);

/// Lets time pass by milliseconds, with a look at each, and a beat at each `INTERVAL`.
async fn go_on(pacemaker: &Pacemaker, time: Duration, mut look: impl FnMut()) {
    for millis in 0..time.as_millis() {
        if millis % INTERVAL.as_millis() == 0 {
            pacemaker.beat();
        }
        look();
        sleep(ms(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_evidence_grows_old_while_the_process_cannot_run() {
    let health = Health::new();
    let db = check_fn("db", |_| async {}).every(ms(100)).timeout(ms(100));
    health.register(db.critical()).unwrap();
    let worker = ComponentSpec::new("worker").critical().heartbeat(ms(200));
    let worker = health.component(worker).unwrap();
    health.start().unwrap();
    worker.ready();
    tokio::spawn(async move {
        loop {
            sleep(ms(90)).await;
            worker.beat();
        }
    });
    settle().await;
    let fresh = || {
        let verdict = health.verdict(Probe::Ready);
        assert!(verdict.passing && !verdict.stale, "{verdict:?}");
        assert!(check(&health, "db").healthy() && check(&health, "worker").healthy());
        assert_eq!(health.report().tallies.counted(None), 0);
    };
    let pacemaker = health.pacemaker(INTERVAL);
    for before in [1, 250, 999, 2_087] {
        go_on(&pacemaker, ms(before), fresh).await;
        advance(SUSPENDED).await;
        // Before the beat that tells of it, timers have fired already.
        for _ in 0..10 {
            fresh();
            sleep(ms(1)).await;
        }
        go_on(&pacemaker, secs(3), fresh).await;
    }
    let runs = health.history("db").unwrap();
    assert!(runs.entries.iter().all(|run| run.cause == Cause::Reported));
    assert!(health.report().uptime > 4 * SUSPENDED, "uptime is real");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_under_way_gets_the_rest_of_its_time() {
    static ENOUGH: Semaphore = Semaphore::const_new(0);
    let (health, meter) = (Health::new(), Meter::default());
    let slow = metered("slow", &meter, || async {
        ENOUGH.acquire().await.unwrap().forget();
    });
    let slow = slow.every(secs(3_600)).timeout(ms(500)).critical();
    health.register(slow).unwrap();
    health.start().unwrap();
    let pacemaker = health.pacemaker(INTERVAL);
    for in_time in [true, false] {
        // Whoever reads sees that the process runs.
        let reader = || assert!(!health.verdict(Probe::Ready).stale);
        go_on(&pacemaker, ms(300), reader).await;
        assert_eq!(meter.inside(), 1);
        advance(SUSPENDED).await;
        let runs = check(&health, "slow").runs;
        // It goes on for the 200 ms that it had left, and no further.
        sleep(ms(20)).await;
        go_on(&pacemaker, ms(190), || assert_eq!(meter.inside(), 1)).await;
        ENOUGH.add_permits(usize::from(in_time));
        sleep(ms(15)).await;
        let state = check(&health, "slow");
        assert_eq!((state.runs, meter.inside()), (runs + 1, 0));
        assert_eq!(state.healthy(), in_time);
        let latency = state.latency.unwrap();
        assert!(ms(490) <= latency && latency <= ms(510), "{latency:?}");
        if in_time {
            health.run_now("slow").unwrap();
            settle().await;
        }
    }
    assert_eq!(check(&health, "slow").cause, Cause::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_was_under_way_gets_the_rest_of_its_time() {
    let (health, gate, meter) = (Health::new(), Gate::default(), Meter::default());
    let _end = gate.opened_at_end();
    let (held, inside) = (gate.clone(), meter.clone());
    let slow = blocking_fn("slow", move |cx| {
        let _inside = inside.enter();
        held.pass();
        !cx.is_cancelled()
    });
    let slow = slow.every(secs(3_600)).timeout(secs(5)).critical();
    health.register(slow).unwrap();
    let pacemaker = health.pacemaker(INTERVAL);
    health.start().unwrap();
    until_settled("a run", || meter.inside() == 1).await;
    advance(SUSPENDED).await;
    settle().await;
    pacemaker.beat();
    settle().await;
    assert_eq!(check(&health, "slow").cause, Cause::Pending);
    gate.open();
    until_settled("a result", || check(&health, "slow").healthy()).await;
}

#[tokio::test(start_paused = true)]
async fn on_waking_every_check_is_made_good() {
    let health = Health::new();
    let meters: [Meter; 3] = Default::default();
    let [hourly, off, lazy] = &meters;
    let noop = |name, meter| metered(name, meter, || async {});
    let hour = secs(3_600);
    health.register(noop("hourly", hourly).every(hour)).unwrap();
    health.register(noop("off", off).every(hour)).unwrap();
    let lazy = noop("lazy", lazy).on_demand(hour).critical();
    health.register(lazy).unwrap();
    health.start().unwrap();
    settle().await;
    health.disable("off").unwrap();
    let runs = || meters.each_ref().map(Meter::runs);
    let due = || health.demand_due(Probe::Ready, tokio::time::Instant::now().into_std());
    let pacemaker = health.pacemaker(INTERVAL);
    go_on(&pacemaker, secs(5), || {}).await;
    assert_eq!((runs(), due()), ([1, 1, 1], false));
    advance(SUSPENDED).await;
    pacemaker.beat();
    settle().await;
    assert_eq!(runs(), [2, 1, 1], "on demand it runs once somebody asks");
    assert!(due());
    health.demand(Probe::Ready).await;
    settle().await;
    assert_eq!((runs(), due()), ([2, 1, 2], false));
    go_on(&pacemaker, secs(5), || {}).await;
    assert_eq!(runs(), [2, 1, 2], "once for each suspension");
}

#[tokio::test(start_paused = true)]
async fn nothing_holds_time_up_without_a_pacemaker() {
    let health = Health::new();
    let lazy = check_fn("lazy", |_| async {}).on_demand(secs(10));
    health.register(lazy.max_age(secs(30)).critical()).unwrap();
    health.start().unwrap();
    settle().await;
    let pacemaker = health.pacemaker(INTERVAL);
    advance(SUSPENDED).await;
    assert!(health.verdict(Probe::Ready).passing, "it stands still");
    drop(pacemaker);
    assert!(!health.verdict(Probe::Ready).passing);
    assert_eq!(check(&health, "lazy").cause, Cause::Stale);
    // Its successor revives nothing.
    let pacemaker = health.pacemaker(INTERVAL);
    assert!(!health.verdict(Probe::Ready).passing);
    drop(pacemaker);
    health.ask("lazy").await.unwrap();
    assert!(health.verdict(Probe::Ready).passing);
    advance(SUSPENDED).await;
    assert!(!health.verdict(Probe::Ready).passing);
}

#[test]
fn a_pacemaker_does_not_vouch_for_a_scheduler() {
    let runtime = paused_runtime();
    let health = runtime.block_on(async {
        let health = Health::new();
        let db = check_fn("db", |_| async {}).every(secs(1)).timeout(secs(1));
        health.register(db.critical()).unwrap();
        health.start().unwrap();
        settle().await;
        health
    });
    drop(runtime);
    paused_runtime().block_on(async {
        let pacemaker = health.pacemaker(INTERVAL);
        let passing = || health.verdict(Probe::Ready).passing;
        go_on(&pacemaker, secs(3), || assert!(passing())).await;
        advance(SUSPENDED).await;
        assert!(passing(), "for as long as it had left");
        go_on(&pacemaker, secs(1), || {}).await;
        go_on(&pacemaker, secs(10), || assert!(!passing())).await;
        advance(SUSPENDED).await;
        assert!(!passing(), "what is stale stays so");
        go_on(&pacemaker, secs(10), || assert!(!passing())).await;
        assert_eq!(check(&health, "db").cause, Cause::Stale);
    });
}
