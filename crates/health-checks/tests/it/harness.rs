//! What the tests of all families need: a check run by a monitor, and its leaks counted.
//! Starting servers is in `server`.
#![allow(dead_code, reason = "which of it is used depends on the features")]

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{AskError, Check, CheckContext, CheckState, Health, Outcome, Registration};
use tracing_subscriber::util::SubscriberInitExt;

/// Long enough for the slowest machine; reached only by a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);
/// How many runs show a leak, and after how many a check has all it keeps.
const RUNS: u32 = 10_000;
const WARM: u32 = 100;
/// What the allocator may keep for itself.
const SLACK_BYTES: u64 = 1 << 20;
/// Set in a process that runs one test alone.
const ALONE: &str = "HEALTH_CHECKS_TEST_ALONE";

/// A check in a node of its own.
pub(crate) struct Monitored {
    health: Health,
    name: String,
}

impl Monitored {
    pub(crate) fn start(registration: impl Into<Registration>) -> Self {
        let registration = registration.into();
        let name = registration.spec().name.clone();
        let health = Health::new();
        health.register(registration).unwrap();
        health.start().unwrap();
        Self { health, name }
    }

    /// What a run of now says. A machine that stands still for a second may bring none in time.
    pub(crate) async fn ask(&self) -> Arc<CheckState> {
        let begin = Instant::now();
        loop {
            match self.health.ask(&self.name).await {
                Err(AskError::NoResult(_)) if begin.elapsed() < PATIENCE => {}
                result => return result.unwrap(),
            }
        }
    }

    /// Asks until the check is as it is expected.
    pub(crate) async fn ask_until(
        &self,
        what: &str,
        expected: impl Fn(&CheckState) -> bool,
    ) -> Arc<CheckState> {
        let begin = Instant::now();
        loop {
            let state = self.ask().await;
            if expected(&state) {
                return state;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "waited in vain for {what}: {state:?}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.health.stop().await;
    }
}

/// What one run of a check says.
pub(crate) async fn result(registration: impl Into<Registration>) -> Arc<CheckState> {
    let monitored = Monitored::start(registration);
    let state = monitored.ask().await;
    monitored.stop().await;
    state
}

/// All that a check says in its runs, private errors included.
#[derive(Clone, Default)]
pub(crate) struct Said(Arc<Mutex<String>>);

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.lock().unwrap().push_str(&text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All that is logged on this thread for as long as the guard lives: not what only a developer of
/// a client looks at (TRACE), who sees its very messages.
pub(crate) fn logged() -> (Said, impl Sized) {
    let said = Said::default();
    let writer = said.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    (said, subscriber.set_default())
}

impl Said {
    /// The same check, listened to.
    pub(crate) fn listen(&self, registration: impl Into<Registration>) -> Registration {
        let said = self.clone();
        registration.into().wrap(|check| Listened { check, said })
    }

    pub(crate) fn all(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

struct Listened {
    check: Arc<dyn Check>,
    said: Said,
}

#[async_trait]
impl Check for Listened {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let outcome = self.check.check(cx).await;
        let text = format!(
            "{outcome:?} {}\n",
            outcome.error().map_or(String::new(), ToString::to_string)
        );
        self.said.0.lock().unwrap().push_str(&text);
        outcome
    }
}

/// Waits until a condition holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}

/// The same, while the tasks of this runtime go on; `open` says what is still in the way.
pub(crate) async fn eventually<T: std::fmt::Debug>(
    what: &str,
    mut open: impl FnMut() -> Option<T>,
) {
    let begin = Instant::now();
    while let Some(open) = open() {
        assert!(
            begin.elapsed() < PATIENCE,
            "waited in vain for {what}: {open:?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Runs `body` in a process of its own, as descriptors and memory are counted by process.
/// `test` is the path of the calling test: `concat!(module_path!(), "::name")` without its crate.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    alone_under("env", &[], test, body);
}

/// The same with mounts of its own, which end with it. That needs root, or a system that lets
/// everybody make user namespaces.
pub(crate) fn alone_with_mounts(test: &str, body: impl FnOnce()) {
    alone_under("unshare", &["--map-root-user", "--mount"], test, body);
}

/// The same with a network of its own too, which has nothing but loopback.
pub(crate) fn alone_with_network(test: &str, body: impl FnOnce()) {
    let arguments = ["--map-root-user", "--mount", "--net"];
    alone_under("unshare", &arguments, test, || {
        let up = Command::new("ip")
            .args(["link", "set", "lo", "up"])
            .status();
        assert!(
            up.is_ok_and(|up| up.success()),
            "cannot run ip; run `apt-get install --no-install-recommends iproute2`"
        );
        body();
    });
}

fn alone_under(program: &str, arguments: &[&str], test: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let output = Command::new(program)
        .args(arguments)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{test} under {program}: {printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a check that must be healthy, but for a moment here and there, 10,000 times: it holds what it held after 100. Call it [`alone`].
pub(crate) async fn leaks_nothing(registration: impl Into<Registration>) {
    let monitored = Monitored::start(registration);
    let mut before = (0, 0);
    let mut unwell = 0;
    for run in 0..RUNS {
        if run == WARM {
            before = (descriptors(), resident_bytes());
        }
        let state = monitored.ask().await;
        if !state.healthy() {
            // A server that a busy machine keeps from running has a full queue for a moment.
            unwell += 1;
            assert!(unwell < RUNS / 100, "{state:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
    // What a run has dropped may be closed a moment later.
    eventually("the descriptors to be as many as before", || {
        let now = descriptors();
        (now > before.0).then_some((before.0, now))
    })
    .await;
    let after = resident_bytes();
    monitored.stop().await;
    assert!(
        after <= before.1 + SLACK_BYTES,
        "{} to {after} bytes",
        before.1
    );
}

/// Lets this much time pass for the checks, though not for the world. On a runtime of one thread.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// The open descriptors of this process.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// How many TCP connections to `port` of loopback this process has, by the kernel's table.
pub(crate) fn connections(port: u16) -> usize {
    let ours: HashSet<PathBuf> = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .collect();
    let port = format!(":{port:04X}");
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    // Local address, remote address, state, four more, and the inode.
    // A set, as the kernel may list one twice while others come and go.
    let ends: HashSet<(&str, &str)> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            Some((fields.nth(2)?, fields.nth(6)?))
        })
        .collect();
    ends.iter()
        .filter(|(remote, _)| remote.ends_with(&port))
        .filter(|(_, inode)| ours.contains(&PathBuf::from(format!("socket:[{inode}]"))))
        .count()
}

/// The resident memory of this process.
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}
