//! The native JSON on the wire, byte for byte, times aside.
//!
//! A change here is a change of the format: `UPDATE_GOLDEN=1` writes the files anew.

use std::path::PathBuf;
use std::time::Duration;

use health_core::{ComponentSpec, Health, Outcome, check_fn};
use health_http::server::Limits;

use super::connection::get;
use super::node::{Place, runtime, serve, until};

/// No check is due again within the test.
const LONG: Duration = Duration::from_hours(1);

#[test]
fn the_native_documents_are_as_they_were() {
    let health = Health::builder().node_id("node-1").version("1.4.2").build();
    let checks = [
        check_fn("database", |_| async {
            Outcome::healthy()
                .with_message("all connections work")
                .detail("connections", 12)
                .detail("dsn", "postgres://app:hunter2@db/orders")
        })
        .critical()
        .shared_dependency()
        .description("the primary")
        .tag("storage"),
        check_fn("cache", |_| async {
            Outcome::degraded("hit rate is \"low\"").detail("hit_rate", 0.25)
        }),
        check_fn("mail", |_| async { Err::<(), _>("550 relay refused") }).informational(),
        check_fn("queue", |_| std::future::pending::<()>()).timeout(Duration::from_millis(20)),
        check_fn("ledger", |_| async { true })
            .on_demand(LONG)
            .passive(),
        check_fn("replica", |_| async { true }).disabled(),
    ];
    for check in checks {
        let check = match check.spec().name.as_str() {
            "ledger" => check,
            _ => check.every(LONG),
        };
        health.register(check).unwrap();
    }
    let ingest = health
        .component(ComponentSpec::new("ingest").critical().live())
        .unwrap();
    ingest.ready();
    let _silent = health
        .component(ComponentSpec::new("index").informational())
        .unwrap();
    drop(health.component(ComponentSpec::new("worker")).unwrap());

    let runtime = runtime(1);
    let (handle, address) = serve(&runtime, &health, Place::Application, Limits::default());
    until("every first result", || {
        ["database", "cache", "mail", "queue", "ledger"]
            .iter()
            .all(|name| health.check(name).unwrap().runs == 1)
    });
    for (path, file) in [
        ("/health", "native_report.json"),
        ("/health/checks", "native_checks.json"),
    ] {
        let answer = get(address, path);
        assert_eq!(answer.status, 200, "{answer:?}");
        // It is JSON, whatever this test makes of it.
        answer.json();
        compare(file, &laid_out(&timeless(&answer.body)));
    }
    runtime.block_on(async {
        handle.close().await;
        health.stop().await;
    });
}

pub(crate) fn compare(file: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == expected,
        "{file} is not as it was; if that is meant, run with UPDATE_GOLDEN=1. Got:\n{got}"
    );
}

/// The text with each time, and each time span that was measured, replaced; nothing is reordered.
pub(crate) fn timeless(json: &str) -> String {
    let mut out = json.to_owned();
    for (key, stand_in) in [
        ("timestamp", "\"TIME\""),
        ("time", "\"TIME\""),
        ("start_time", "\"TIME\""),
        ("last_update", "\"TIME\""),
        ("since", "\"TIME\""),
        ("uptime", "0"),
        ("latency", "0"),
    ] {
        let key = format!("\"{key}\":");
        let mut parts = out.split(&key);
        let mut replaced = parts.next().unwrap().to_owned();
        for part in parts {
            let end = part.find([',', '}']).unwrap();
            let value = &part[..end];
            replaced += &key;
            if value == "null" {
                replaced += value;
            } else {
                assert_eq!(
                    value.starts_with('"'),
                    stand_in.starts_with('"'),
                    "{key}{value}"
                );
                replaced += stand_in;
            }
            replaced += &part[end..];
        }
        out = replaced;
    }
    out
}

/// One field a line, in the order of the wire, so that a difference can be read.
pub(crate) fn laid_out(json: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json.chars() {
        if byte == '}' && !quoted {
            depth -= 1;
            if out.ends_with(char::is_whitespace) {
                // An empty object stays on its line.
                out.truncate(out.trim_end().len());
            } else {
                line(&mut out, depth);
            }
        }
        out.push(byte);
        match byte {
            '"' if !escaped => quoted = !quoted,
            '{' if !quoted => {
                depth += 1;
                line(&mut out, depth);
            }
            ',' if !quoted => line(&mut out, depth),
            _ => {}
        }
        escaped = byte == '\\' && !escaped;
    }
    out.push('\n');
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}
