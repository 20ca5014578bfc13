//! What gets out: no credential by any way, one line a log entry, and few of them.

use std::future::pending;

use health_core::{
    ComponentSpec, Group, Health, Outcome, Probe, Redaction, Subscription, check_fn,
};
use serde_json::json;
use tokio::time::sleep;

use crate::stage::{Dial, Log, check, ms, secs, settle};

const SECRET: &str = "hunter2";

/// Everything that can be read of a node, as one text.
async fn everything(health: &Health, events: &mut Subscription) -> String {
    let mut parts = vec![
        format!("{:?}", health.report()),
        format!("{:?}", health.summary()),
        format!("{:?}", health.group_report("all")),
        format!("{health:?}"),
    ];
    for state in &health.report().checks {
        let name = state.name();
        parts.push(format!("{:?}", check(health, name)));
        parts.push(state.reason().to_owned());
        parts.push(format!("{:?}", health.history(name)));
        parts.push(json!(state.details.as_deref()).to_string());
    }
    let now = tokio::time::Instant::now().into_std();
    for probe in Probe::ALL {
        parts.push(format!("{:?}", health.answer_at(*probe, now)));
    }
    while let Ok(Some(notice)) = tokio::time::timeout(ms(0), events.next()).await {
        parts.push(format!("{notice:?}"));
    }
    parts.join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_planted_secret_gets_out_by_no_way() {
    let log = Log::default();
    let _capture = log.capture();
    let redaction = Redaction::default().secret_key("shibboleth");
    let health = Health::builder().redaction(redaction).build();
    let mut events = health.subscribe();
    let url = format!("postgres://app:{SECRET}@db/x");
    let planted = [
        url.clone(),
        format!("connect {url}: refused"),
        format!("password={SECRET} host=db"),
        format!("{{\"api_key\": \"{SECRET}\"}}"),
        format!("Authorization: Bearer {SECRET}{SECRET}"),
        format!("Shibboleth: {SECRET}"),
        format!("line one\nredis://:{SECRET}@cache/0"),
    ];
    for (i, text) in planted.iter().enumerate() {
        let (message, error, panics) = (text.clone(), text.clone(), text.clone());
        let details = text.clone();
        for check in [
            check_fn(format!("message-{i}"), move |_| {
                let message = message.clone();
                async move { Outcome::unhealthy(message) }
            }),
            check_fn(format!("error-{i}"), move |_| {
                let error = std::io::Error::other(error.clone());
                async move { Err::<(), _>(std::io::Error::other(error)) }
            }),
            check_fn(format!("panic-{i}"), move |_| {
                let text = panics.clone();
                // As a panic does, without its hook, which prints.
                async move { std::panic::resume_unwind(Box::new(text)) as Outcome }
            }),
            check_fn(format!("details-{i}"), move |_| {
                let text = details.clone();
                async move {
                    Outcome::degraded("see details")
                        .detail("plain", text.clone())
                        .detail("nested", json!([{ "deep": [text] }]))
                        .detail(text, 1)
                        .detail("db_password", SECRET)
                        .detail("tokens", json!([SECRET, { "a": SECRET }]))
                }
            }),
        ] {
            health.register(check.critical().tag("all")).unwrap();
        }
    }
    health.group(Group::tagged("all", "all")).unwrap();
    let part = health.component(ComponentSpec::new("part")).unwrap();
    health.start().unwrap();
    part.not_ready(planted[1].clone());
    part.report(Outcome::degraded(planted[2].clone()).with_error(planted[0].clone()));
    part.stopping(planted[3].clone());
    settle().await;
    let text = everything(&health, &mut events).await;
    health.stop().await;
    let logged = log.text();
    for (way, text) in [("reads", &text), ("log", &logged)] {
        let leak = text.lines().find(|line| line.contains(SECRET));
        assert_eq!(leak, None, "{way}");
        assert!(text.contains("***"), "{way}");
    }
    assert!(logged.contains("postgres://***@db/x") && logged.contains("host=db"));
    // The private error is for the log alone.
    assert!(!text.contains("refused: connect"));
    let states = format!("{:?}", check(&health, "error-1"));
    assert!(!states.contains("postgres"));
    let lines = log.lines_with("check=\"error-1\"");
    assert!(lines.iter().any(|line| line.contains("refused")));
}

#[tokio::test(start_paused = true)]
async fn control_characters_end_as_one_line() {
    let log = Log::default();
    let _capture = log.capture();
    let health = Health::new();
    let nasty = "one\ntwo\r\nthree\u{1b}[31m\0\u{2028}\u{202e}four\tERROR forged";
    let check_it = check_fn("nasty", move |_| async move {
        Outcome::unhealthy(nasty)
            .with_error(nasty)
            .detail(nasty, nasty)
    });
    health.register(check_it).unwrap();
    health.start().unwrap();
    settle().await;
    let lines = log.lines_with("four");
    assert_eq!(lines.len(), 1, "{}", log.text());
    assert_eq!(log.lines_with("check=\"nasty\"").len(), 1);
    assert!(
        !log.text()
            .contains(['\u{1b}', '\0', '\u{2028}', '\u{202e}'])
    );
    let state = check(&health, "nasty");
    assert!(!state.message.contains(char::is_control));
    // Details are JSON, which escapes what a line must not hold.
    assert_eq!(
        json!(state.details.as_deref()).to_string().lines().count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_flapping_check_logs_once_in_ten_seconds_with_the_number_suppressed() {
    let log = Log::default();
    let _capture = log.capture();
    let health = Health::new();
    let dial = Dial::new(Outcome::healthy);
    health
        .register(dial.check("flaps").every(secs(3600)))
        .unwrap();
    health
        .register(
            check_fn("hung", |_| pending::<()>())
                .every(secs(1))
                .timeout(secs(1)),
        )
        .unwrap();
    health.start().unwrap();
    settle().await;
    assert_eq!(log.lines_with("flaps").len(), 0, "coming up is no news");
    for turn in 0..400 {
        let healthy = turn % 2 == 1;
        dial.set(move || healthy.into());
        health.ask("flaps").await.unwrap();
        sleep(ms(250)).await;
    }
    let lines = log.lines_with("check=\"flaps\"");
    assert!((9..=11).contains(&lines.len()), "{}", lines.len());
    assert!(lines[0].contains("suppressed=0"), "{}", lines[0]);
    for line in &lines[1..] {
        let (_, suppressed) = line.split_once("suppressed=").unwrap();
        let suppressed: u32 = suppressed.split(' ').next().unwrap().parse().unwrap();
        assert!((38..=41).contains(&suppressed), "{line}");
    }
    assert_eq!(
        log.lines_with("check=\"hung\"").len(),
        1,
        "transitions are logged, runs are not"
    );
    let probes = log.lines_with("probe=\"ready\"").len();
    assert!(probes <= 12, "{probes}");
}

#[tokio::test(start_paused = true)]
async fn the_last_word_on_a_short_outage_is_its_recovery() {
    let log = Log::default();
    let _capture = log.capture();
    let health = Health::new();
    let dial = Dial::new(Outcome::healthy);
    health
        .register(dial.check("blips").every(secs(3600)))
        .unwrap();
    health.start().unwrap();
    settle().await;
    for healthy in [false, true] {
        dial.set(move || healthy.into());
        health.ask("blips").await.unwrap();
        sleep(ms(500)).await;
    }
    assert_eq!(log.lines_with("check=\"blips\"").len(), 1, "{}", log.text());
    sleep(secs(10)).await;
    let lines = log.lines_with("check=\"blips\"");
    assert_eq!(lines.len(), 2, "{}", log.text());
    assert!(lines[1].contains("check recovered"), "{}", lines[1]);
    assert!(lines[1].contains("suppressed=1"), "{}", lines[1]);
}
