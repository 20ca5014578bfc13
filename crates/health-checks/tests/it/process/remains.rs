//! What is left of commands that are killed, dropped, or leave something behind: nothing.
//!
//! Each test runs in a process of its own, whose children are counted.

use std::fs;
use std::path::Path;
use std::time::Duration;

use health_checks::process::CommandCheck;
use health_core::{Cause, CheckStatus, Health, Registration};
use tempfile::TempDir;

use crate::harness::{Monitored, alone, descriptors, pass, resident_bytes, until};

/// Longer than the least time between two runs of a command.
const STEP: Duration = Duration::from_millis(1001);

fn script(text: &str) -> Registration {
    CommandCheck::new("/bin/sh")
        .unwrap()
        .args(["-c", text])
        .unwrap()
        .registration()
}

fn in_own_process(test: &str, body: impl AsyncFnOnce()) {
    let (_, path) = module_path!().split_once("::").unwrap();
    alone(&format!("{path}::{test}"), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(body());
    });
}

/// The processes, dead or alive, whose parent (fourth field) or group (fifth) is `id`.
fn processes(field: usize, id: u32) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let Ok(stat) = fs::read_to_string(entry.unwrap().path().join("stat")) else {
            continue;
        };
        // After the name, which may hold anything.
        let rest = stat.rsplit_once(')').unwrap().1;
        if rest.split_whitespace().nth(field - 3) == Some(&id.to_string()) {
            found.push(stat);
        }
    }
    found
}

fn children() -> Vec<String> {
    processes(4, std::process::id())
}

fn gone(file: &Path) {
    let group: u32 = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    // Orphans are reaped by `init`, in its own time.
    until("the end of the group", || processes(5, group).is_empty());
}

/// Tells its group, and starts what outlives a parent that is killed alone.
fn family(file: &Path, last: &str) -> String {
    format!(
        "echo $$ > {0}.new; sleep 600 & (sleep 600 & sleep 600 & wait) & \
         (setsid true; sleep 600 >/dev/null 2>&1 &); mv {0}.new {0}; {last}",
        file.display()
    )
}

#[test]
fn a_thousand_killed_runs_leave_no_process_behind() {
    in_own_process(
        "a_thousand_killed_runs_leave_no_process_behind",
        async || {
            assert!(children().is_empty(), "{:?}", children());
            let endless = script("sleep 600 & sleep 600").timeout(Duration::from_millis(10));
            let monitored = Monitored::start(endless);
            let mut before = (0, 0);
            for run in 0..1000 {
                let state = monitored.ask().await;
                assert_eq!(state.cause, Cause::Timeout, "{state:?}");
                pass(STEP).await;
                if run == 100 {
                    until("the reaped", || children().is_empty());
                    before = (descriptors(), resident_bytes());
                }
            }
            until("the reaped", || children().is_empty());
            assert_eq!(descriptors(), before.0);
            assert!(resident_bytes() <= before.1 + (1 << 20));
            monitored.stop().await;
        },
    );
}

#[test]
fn ten_thousand_runs_leak_nothing() {
    in_own_process("ten_thousand_runs_leak_nothing", async || {
        let monitored = Monitored::start(CommandCheck::new("true").unwrap());
        let mut before = (0, 0);
        for run in 0..10_000 {
            let state = monitored.ask().await;
            assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
            pass(STEP).await;
            if run == 100 {
                before = (descriptors(), resident_bytes());
            }
        }
        assert!(children().is_empty(), "{:?}", children());
        assert_eq!(descriptors(), before.0);
        assert!(resident_bytes() <= before.1 + (1 << 20));
        monitored.stop().await;
    });
}

#[test]
fn the_whole_group_is_killed_at_the_deadline() {
    in_own_process("the_whole_group_is_killed_at_the_deadline", async || {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("group");
        let text = family(&file, "trap '' TERM INT HUP; sleep 600");
        let monitored = Monitored::start(script(&text).timeout(Duration::from_secs(2)));
        let state = monitored.ask().await;
        assert_eq!(state.cause, Cause::Timeout, "{state:?}");
        until("the reaped", || children().is_empty());
        gone(&file);
        monitored.stop().await;
    });
}

#[test]
fn what_a_command_leaves_in_its_group_holds_up_nothing_and_is_killed() {
    in_own_process(
        "what_a_command_leaves_in_its_group_holds_up_nothing_and_is_killed",
        async || {
            let directory = TempDir::new().unwrap();
            let file = directory.path().join("group");
            let monitored = Monitored::start(script(&family(&file, "echo fine; exit 1")));
            let state = monitored.ask().await;
            // They hold the pipes open; the answer comes all the same.
            assert_eq!((state.cause, &*state.message), (Cause::Reported, "fine"));
            assert!(children().is_empty(), "{:?}", children());
            gone(&file);
            monitored.stop().await;
        },
    );
}

#[test]
fn orphans_are_reaped_where_they_become_children() {
    in_own_process(
        "orphans_are_reaped_where_they_become_children",
        async || {
            // As the first process of a container is.
            rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
            for (last, cause) in [("sleep 600", Cause::Timeout), ("exit 1", Cause::Reported)] {
                let directory = TempDir::new().unwrap();
                let text = family(&directory.path().join("group"), last);
                // None of them leaves the group.
                let text = text.replace("setsid true; ", "");
                let monitored = Monitored::start(script(&text).timeout(Duration::from_secs(2)));
                let state = monitored.ask().await;
                assert_eq!(state.cause, cause, "{state:?}");
                // A busy machine takes longer than the rest of the run to end them.
                until("the reaped", || children().is_empty());
                monitored.stop().await;
            }
        },
    );
}

#[test]
fn a_run_that_is_dropped_ends_its_command() {
    in_own_process("a_run_that_is_dropped_ends_its_command", async || {
        for stop in [false, true] {
            let directory = TempDir::new().unwrap();
            let file = directory.path().join("group");
            let health = Health::new();
            health
                .register(script(&family(&file, "sleep 600")))
                .unwrap();
            health.start().unwrap();
            while !file.exists() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if stop {
                health.stop().await;
            } else {
                health.unregister("command").unwrap();
                // The runner's task ends it at its next turn.
                while !children().is_empty() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            until("the reaped", || children().is_empty());
            gone(&file);
        }
    });
}

#[test]
fn a_runtime_that_ends_leaves_no_process_behind() {
    in_own_process("a_runtime_that_ends_leaves_no_process_behind", async || {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("group");
        let text = family(&file, "sleep 600");
        let there = file.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            runtime.block_on(async {
                let health = Health::new();
                health.register(script(&text)).unwrap();
                health.start().unwrap();
                while !there.exists() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                // Kept until the runtime itself goes.
                std::mem::forget(health);
            });
        })
        .join()
        .unwrap();
        until("the reaped", || children().is_empty());
        gone(&file);
    });
}
