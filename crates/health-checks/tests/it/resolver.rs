//! A resolver that hangs for good: the stores' own connections say so in time, pile nothing up,
//! and let the runtime end.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use health_checks::distributed::{KeyValueCheck, PubSubCheck};
use health_checks::etcd::{EtcdCheck, EtcdKeyValue};
use health_checks::mysql::MysqlCheck;
use health_checks::nats::{NatsCheck, NatsPubSub};
use health_checks::postgres::PostgresCheck;
use health_checks::redis::{RedisCheck, RedisKeyValue, RedisPubSub};
use health_core::{Cause, Registration};

use crate::harness::{Monitored, PATIENCE, alone_with_mounts};

const RUNS: usize = 3;

#[test]
fn a_resolver_that_hangs_is_a_timeout_and_holds_up_nothing() {
    let test = "resolver::a_resolver_that_hangs_is_a_timeout_and_holds_up_nothing";
    alone_with_mounts(test, || {
        // The resolver reads the names of this machine first, and waits for somebody to write.
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("hosts");
        run(Command::new("mkfifo").arg(&pipe));
        run(Command::new("mount")
            .arg("--bind")
            .arg(&pipe)
            .arg("/etc/hosts"));

        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(every_store());

        let (tell, ended) = mpsc::channel();
        std::thread::spawn(move || {
            drop(runtime);
            tell.send(())
        });
        ended.recv_timeout(PATIENCE).expect("the runtime ends");
    });
}

async fn every_store() {
    let checks: [Registration; 9] = [
        PostgresCheck::new("postgres://app@db.hangs/app")
            .unwrap()
            .into(),
        MysqlCheck::new("mysql://app@db.hangs/app").unwrap().into(),
        RedisCheck::new("redis://db.hangs").unwrap().into(),
        EtcdCheck::new("http://app:secret@db.hangs:2379")
            .unwrap()
            .into(),
        NatsCheck::new("nats://app:secret@db.hangs").unwrap().into(),
        KeyValueCheck::new(RedisKeyValue::new("redis://db.hangs").unwrap()).into(),
        KeyValueCheck::new(EtcdKeyValue::new("db.hangs:2379").unwrap()).into(),
        PubSubCheck::new(RedisPubSub::new("redis://db.hangs").unwrap()).into(),
        PubSubCheck::new(NatsPubSub::new("nats://db.hangs").unwrap()).into(),
    ];
    let mut monitored = Vec::new();
    for (number, check) in checks.into_iter().enumerate() {
        let check = check.named(format!("check-{number}"));
        let check = check.thresholds(1, 1).timeout(Duration::from_millis(300));
        monitored.push(Monitored::start(check));
    }
    for _ in 0..RUNS {
        for monitored in &monitored {
            let state = monitored.ask().await;
            assert_eq!(state.cause, Cause::Timeout, "{state:?}");
        }
    }
    let threads = threads();
    let of = |name: &str| {
        threads
            .iter()
            .filter(|thread| thread.starts_with(name))
            .count()
    };
    assert_eq!(of("health-aside"), monitored.len(), "{threads:?}");
    assert_eq!(of("tokio"), 0, "{threads:?}");
    for monitored in monitored {
        monitored.stop().await;
    }
}

/// The names of the threads of this process.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok())
        .collect()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}
