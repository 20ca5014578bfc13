//! What the log says, and that nobody waits for it.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use health_core::{ComponentSpec, Health, Veto};
use health_shutdown::{Component, CriticalPolicy, Shutdown, Stop};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::critical::{policy, secs};
use crate::journal::running;

/// Sends each line on.
#[derive(Clone)]
struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen() -> (tracing::subscriber::DefaultGuard, Receiver<String>) {
    let (send, lines) = channel();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || Lines(send.clone()))
        .finish();
    (tracing::subscriber::set_default(subscriber), lines)
}

/// The lines on critical failures and the beginning, up to one that holds `word`.
fn until(lines: &Receiver<String>, word: &str) -> Vec<String> {
    let mut said = Vec::new();
    loop {
        let line = lines.recv_timeout(Duration::from_mins(1)).unwrap();
        let done = line.contains(word);
        if line.contains("health_shutdown") && line.contains("failure=") || done {
            said.push(line.trim_end().to_owned());
        }
        if done {
            return said;
        }
    }
}

struct Objects;

#[async_trait::async_trait]
impl health_core::Guard for Objects {
    async fn permit(&self, _: &health_core::CriticalFailure) -> Result<(), Veto> {
        Err(Veto::new("budget used up"))
    }
}

#[tokio::test(start_paused = true)]
async fn one_line_says_why_it_fired_or_did_not() {
    let confirmed = "critical check `db` unhealthy for 1 run and 5.0 s: refused";
    for (policy, end, expected) in [
        (
            policy(),
            "shutdown begins",
            vec![format!("reason=critical: {confirmed}")],
        ),
        (
            policy().grace(secs(60)),
            "within the grace",
            vec![format!("failure={confirmed} grace_left=55")],
        ),
        (
            policy().jitter(secs(100_000)),
            "after the jitter",
            vec![format!("failure={confirmed} jitter=")],
        ),
        (
            CriticalPolicy::dry_run()
                .grace(secs(0))
                .sustained(secs(5))
                .jitter(secs(0)),
            "dry run",
            vec![format!("failure={confirmed}")],
        ),
        (
            policy().guard(Objects),
            "a guard objects",
            vec![format!(
                "failure={confirmed} veto=budget used up again_after=5s"
            )],
        ),
    ] {
        let (_listening, lines) = listen();
        let health = Health::new();
        let db = health
            .component(ComponentSpec::new("db").critical())
            .unwrap();
        let shutdown = Shutdown::of(&health).install().unwrap();
        shutdown.on_critical_failure(&health, policy);
        health.start().unwrap();
        db.not_ready("refused");
        tokio::time::sleep(secs(6)).await;
        let said = until(&lines, end);
        assert!(
            said[0].contains("no shutdown yet: it has not failed so often"),
            "{said:?}"
        );
        assert_eq!(said.len(), 1 + expected.len(), "{said:?}");
        for (line, words) in said[1..].iter().zip(expected) {
            assert!(line.contains(&words), "{words}: {line}");
        }
        if end != "shutdown begins" {
            // Nothing is said again and again, and its end is.
            tokio::time::sleep(secs(2)).await;
            db.ready();
            tokio::time::sleep(secs(1)).await;
            let said = until(&lines, "it recovered");
            assert_eq!(said.len(), 1, "{said:?}");
        }
        health.stop().await;
    }
}

/// Blocks whoever logs for good, and panics in anybody but the thread of the log.
struct Blocks;

impl Subscriber for Blocks {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let thread = std::thread::current();
        assert_eq!(thread.name(), Some("shutdown-log"), "{event:?}");
        loop {
            std::thread::park();
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_log_that_blocks_holds_up_nothing() {
    let (health, shutdown) = running();
    let _blocking = tracing::subscriber::set_default(Blocks);
    let shutdown = shutdown.install().unwrap();
    let hangs = Component::new("hangs", |stop: Stop| async move {
        stop.hurry().cancelled().await;
        std::future::pending::<()>().await;
    });
    let fails = Component::new("fails", |_| async { Err::<(), _>("disk full") });
    // Far more lines than wait for anybody.
    let mut plan = shutdown.plan().flush(hangs).flush(fails);
    for part in 0..1_000 {
        let fails = Component::new(format!("part {part}"), |_| async { Err::<(), _>("gone") });
        plan = plan.stop_service(fails);
    }
    shutdown.request("a test");
    shutdown.request("another");
    assert!(!health.verdict(health_core::Probe::Ready).passing);
    let report = shutdown.run(plan.build().unwrap()).await;
    // The drain delay of 5 s, the deadline of 5 s, and the moment.
    assert_eq!(report.elapsed.as_millis() / 100, 105, "{report}");
    assert_eq!(report.exit_code(), 71);
}
