//! From a real pair through a source into a monitor: load, a replica that stands still, a failover.

use health_lag::Condition;
use rustix::process::Signal;

use super::{connection, load, pair, start, start_replica, tell};
use crate::judged::{Judged, has, is_well};

#[tokio::test]
async fn states_of_a_real_pair() {
    let mut first = start(&[]);
    let second = start_replica(&first);
    let mut on_first = connection(&first).await;
    let judged = Judged::of("replica");
    let polling = judged.poll(pair(&second, &first));
    load(&mut on_first, 1_000).await;
    judged.becomes("a replica that is well", is_well).await;

    // Its link is cut, so that it is behind and stands still, and the primary goes on.
    let () = tell(&mut connection(&second).await, "CONFIG SET masterauth x").await;
    let () = tell(&mut on_first, "CONFIG SET requirepass y").await;
    let _: u32 = tell(&mut on_first, "CLIENT KILL TYPE replica").await;
    polling.stop().await;
    let with_password = format!("redis://:y@127.0.0.1:{}", first.port);
    let source = || {
        let replica = pair(&second, &first);
        replica.primary(&with_password).unwrap()
    };
    let polling = judged.poll(source());
    load(&mut on_first, 100_000).await;
    judged.becomes("a stall", has(Condition::Stalled)).await;
    let () = tell(&mut connection(&second).await, "CONFIG SET masterauth y").await;
    judged.becomes("the end of the stall", is_well).await;

    // An idle pair was at a lag of zero, and is not known while its primary hangs, or is gone.
    first.signal(Signal::STOP);
    let status = judged.becomes("no data", has(Condition::NoData)).await;
    let words = status.explain();
    assert!(words.contains("gave no answer within"), "{words}");
    first.resume();
    judged.becomes("the return", is_well).await;
    first.kill();
    let status = judged.becomes("no data", has(Condition::NoData)).await;
    let words = status.explain();
    assert!(words.contains("accepts no connection"), "{words}");

    let mut on_second = connection(&second).await;
    let () = tell(&mut on_second, "REPLICAOF NO ONE").await;
    load(&mut on_second, 1_000).await;
    judged.hears_nothing(&polling).await;
    polling.stop().await;

    let third = start_replica(&second);
    let mut events = judged.monitor.subscribe();
    let polling = judged.poll(pair(&third, &second));
    Judged::begun_anew(&mut events).await;
    load(&mut on_second, 1_000).await;
    judged.becomes("the new pair is well", is_well).await;
    polling.stop().await;
    judged.said_each_end();
}
