//! A primary and its replica: loaded, suspended, cut off, killed, failed over.

use std::time::Duration;

use health_lag::LagSource;
use health_lag::redis::{RedisPrimary, RedisReplica};
use redis::Client;
use rustix::process::Signal;

use super::{connection, from_primary, load, name, pair, start, start_replica, tell, url};
use crate::server::free_port;
use crate::watched::{Watched, reading};

const SECRET: &str = "swordfish-9";
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_pair_is_seen_from_both_sides() {
    let primary = start(&[]);
    let mut replica = start_replica(&primary);
    let mut on_primary = connection(&primary).await;
    let mut rows = Watched::start_with(from_primary(&primary), SOON);
    let mut both = Watched::start_with(pair(&replica, &primary), SOON);
    let mut alone = Watched::start_with(
        RedisReplica::connect("replica", &url(&replica)).unwrap(),
        SOON,
    );
    let name = name(&replica);
    load(&mut on_primary, 1_000).await;
    rows.caught_up(&name).await;
    // What was written before it came is not counted.
    load(&mut on_primary, 1_000).await;
    let first = rows
        .sample(&name, "an acknowledgement", |sample| {
            sample.applied == sample.leader && sample.applied > 1_000
        })
        .await;
    assert_eq!(both.caught_up("replica").await.epoch, first.epoch);
    alone.caught_up("replica").await;

    // Suspended: it counts as connected, and acknowledges nothing.
    replica.suspend();
    load(&mut on_primary, 100_000).await;
    let sample = rows
        .sample(&name, "the load", |sample| sample.behind() > 90_000)
        .await;
    load(&mut on_primary, 100_000).await;
    let later = rows
        .sample(&name, "more load", |sample| sample.behind() > 190_000)
        .await;
    assert_eq!(sample.applied, later.applied);
    both.failed("gave no answer within 2s").await;
    alone.failed("gave no answer within 2s").await;
    replica.resume();
    for (watched, name) in [(&mut rows, name.as_str()), (&mut both, "replica")] {
        let sample = watched.caught_up(name).await;
        assert!(sample.applied >= later.leader);
    }
    alone.caught_up("replica").await;

    replica.kill();
    rows.unknown(&name, "is not named by its leader any more")
        .await;
    both.failed("redis accepts no connection; start it").await;
    load(&mut on_primary, 1_000).await;
    replica.restart();
    rows.caught_up(&name).await;
    both.caught_up("replica").await;
}

/// Without a link the replica is as far behind as it is, and never at zero.
#[tokio::test]
async fn a_replica_that_is_cut_off_is_behind_or_unknown() {
    let primary = start(&["--requirepass".into(), SECRET.into()]);
    let replica = start(&[
        "--replicaof".into(),
        format!("127.0.0.1 {}", primary.port),
        "--masterauth".into(),
        SECRET.into(),
    ]);
    let secret_url = format!("redis://:{SECRET}@127.0.0.1:{}", primary.port);
    let client = Client::open(secret_url.clone()).unwrap();
    let mut on_primary = client.get_multiplexed_async_connection().await.unwrap();
    let mut on_replica = connection(&replica).await;
    let source = RedisReplica::connect("replica", &url(&replica)).unwrap();
    let mut both = Watched::start(source.primary(&secret_url).unwrap());
    let mut rows = Watched::start(RedisPrimary::shared(on_primary.clone()));
    load(&mut on_primary, 1_000).await;
    both.caught_up("replica").await;
    rows.caught_up(&name(&replica)).await;

    // It can log in no more, and its link is cut.
    let () = tell(&mut on_replica, "CONFIG SET masterauth wrong").await;
    let _: u32 = tell(&mut on_primary, "CLIENT KILL TYPE replica").await;
    rows.unknown(&name(&replica), "is not named by its leader any more")
        .await;
    both.unknown("replica", "has no link to its primary").await;
    load(&mut on_primary, 50_000).await;
    let sample = both
        .sample("replica", "the load", |sample| sample.behind() > 40_000)
        .await;
    let state = both.until("a remark", |_| true).await;
    let remark = reading(&state, "replica").unwrap().remark.as_ref().unwrap();
    assert!(remark.contains("has no link"), "{remark}");
    let () = tell(&mut on_replica, &format!("CONFIG SET masterauth {SECRET}")).await;
    let back = both.caught_up("replica").await;
    assert_eq!(back.epoch, sample.epoch);
}

#[tokio::test]
async fn a_failover_begins_another_epoch() {
    let mut primary = start(&[]);
    let replica = start_replica(&primary);
    let mut old = Watched::start_with(pair(&replica, &primary), SOON);
    let mut alone = Watched::start(RedisReplica::connect("replica", &url(&replica)).unwrap());
    let mut new = Watched::start(from_primary(&replica));
    let before = old.caught_up("replica").await;
    alone.caught_up("replica").await;
    new.failed("is a replica where a primary is expected").await;

    primary.signal(Signal::STOP);
    old.failed("gave no answer within 2s").await;
    primary.resume();
    old.caught_up("replica").await;

    primary.kill();
    old.failed("redis accepts no connection").await;
    alone.unknown("replica", "has no link to its primary").await;
    let mut on_replica = connection(&replica).await;
    let () = tell(&mut on_replica, "REPLICAOF NO ONE").await;
    alone
        .unknown("replica", "is a primary where a replica is expected")
        .await;
    let second = start_replica(&replica);
    load(&mut on_replica, 1_000).await;
    let after = new.caught_up(&name(&second)).await;
    assert_ne!(after.epoch, before.epoch);

    // The old primary comes back, with a history of its own.
    primary.restart();
    let mut strangers = Watched::start(pair(&second, &primary));
    strangers
        .unknown("replica", "does not follow this primary")
        .await;
}

#[tokio::test]
async fn a_replica_that_is_sent_everything_is_not_known() {
    let primary = start(&[
        "--key-load-delay".into(),
        "0".into(),
        "--enable-debug-command".into(),
        "yes".into(),
        "--repl-diskless-sync".into(),
        "yes".into(),
        "--rdb-key-save-delay".into(),
        "2000".into(),
    ]);
    let mut on_primary = connection(&primary).await;
    let () = tell(&mut on_primary, "DEBUG POPULATE 1000").await;
    let replica = start_replica(&primary);
    let mut rows = Watched::start(from_primary(&primary));
    let mut both = Watched::start(pair(&replica, &primary));
    rows.unknown(&name(&replica), "being sent the whole data set")
        .await;
    both.failed_or_unknown("replica").await;
    rows.caught_up(&name(&replica)).await;
    both.caught_up("replica").await;
}

#[tokio::test]
async fn credentials_are_never_told_and_one_connection_is_kept() {
    let server = start(&["--requirepass".into(), "right".into()]);
    let at = |password: &str, port: u16| format!("redis://:{password}@127.0.0.1:{port}");
    for (url, words) in [
        (at(SECRET, server.port), "refuses the login"),
        (at(SECRET, free_port()), "accepts no connection"),
    ] {
        let source = RedisPrimary::connect(&url).unwrap();
        let error = source.poll().await.unwrap_err();
        assert!(error.message().contains(words), "{error}");
        let shown = format!("{source:?} {error:?} {:?}", error.error());
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let refused = RedisPrimary::connect(&format!("rediss://:{SECRET}@:nowhere")).unwrap_err();
    assert!(!refused.to_string().contains(SECRET));

    let mut own = Watched::start(RedisPrimary::connect(&at("right", server.port)).unwrap());
    own.until("some polls", |state| state.polls > 50).await;
    let client = Client::open(at("right", server.port)).unwrap();
    let mut other = client.get_multiplexed_async_connection().await.unwrap();
    let list: String = tell(&mut other, "CLIENT LIST TYPE normal").await;
    assert_eq!(list.lines().count(), 2, "{list}");
    // One that was closed is replaced, within a poll.
    let _: u32 = tell(&mut other, "CLIENT KILL TYPE normal SKIPME yes").await;
    let polls = own.until("a poll", |_| true).await.polls;
    let state = own
        .until("more polls", |state| state.polls > polls + 5)
        .await;
    assert_eq!(state.failed, 0);
}
