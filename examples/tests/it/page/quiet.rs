//! What the page does not do: complain, ask anybody else, or be wider than a phone.

use health_http::Token;
use serde_json::{Value, json};

use super::browser::browse;
use super::served::Served;
use crate::process::{Directory, Node};

#[test]
fn it_asks_nobody_else_and_the_console_stays_empty() {
    let directory = Directory::new("page-quiet");
    let check = directory.check("cache", "");
    let node = Node::start(&["--file-check", &check, "--interval", "50ms"]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("performance.getEntriesByType('resource').length >= 4")
            .await;
        let asked = browser
            .eval("performance.getEntriesByType('resource').map((it) => it.name)")
            .await;
        for name in asked.as_array().unwrap() {
            let name = name.as_str().unwrap();
            let path = name.strip_prefix(&format!("{}/health/", node.address));
            let path = path.unwrap_or_else(|| panic!("it asks {name}"));
            assert!(
                path == "events" || path.starts_with("ui/state"),
                "it asks {name}"
            );
        }
        assert_eq!(browser.console().await, Vec::<String>::new());

        // And what a script in it could do: nothing.
        browser
            .eval("fetch('http://127.0.0.2:1/').catch(() => 0) && true")
            .await;
        let told = browser.eval("document.head.append(Object.assign(document.createElement('script'), \
                                 { textContent: 'window.let_in = true' })), window.let_in === undefined").await;
        assert_eq!(told, true);
        let complaints = browser.console().await;
        assert!(
            complaints
                .iter()
                .any(|it| it.contains("Content Security Policy")),
            "{complaints:?}"
        );
    });
}

#[test]
fn on_a_phone_nothing_is_wider_than_the_screen() {
    let directory = Directory::new("page-phone");
    let checks = ["a-rather-long-name-of-a-check-that-does-not-break", "short"]
        .map(|name| directory.check(name, ":critical"));
    let node = Node::start(&["--file-check", &checks[0], "--file-check", &checks[1]]);
    browse(async |browser| {
        for width in [320, 390, 820] {
            let screen =
                json!({ "width": width, "height": 800, "deviceScaleFactor": 2, "mobile": true });
            browser
                .emulate("Emulation.setDeviceMetricsOverride", screen)
                .await;
            browser.look_at(&node.address).await;
            browser
                .until("document.querySelector('.check[data-state=unhealthy]')")
                .await;
            let over = browser
                .eval("document.documentElement.scrollWidth - innerWidth")
                .await;
            assert!(over.as_f64().unwrap() <= 0.0, "at {width}: {over} too wide");
        }
    });
}

#[test]
fn in_the_dark_it_is_dark() {
    let node = Node::start(&[]);
    browse(async |browser| {
        let light = "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g)\
                     .map(Number).reduce((a, b) => a + b) / 3";
        browser.look_at(&node.address).await;
        assert!(browser.eval(light).await.as_f64().unwrap() > 200.0);
        browser.darken().await;
        assert!(browser.eval(light).await.as_f64().unwrap() < 50.0);
    });
}

#[test]
fn the_console_stays_empty_whatever_happens() {
    let token = Token::new("Zm9vYmFy0123456789").unwrap();
    let guarded = Served::new(|service| service.tokens([token]));
    let start = |listen: &str, rest: &[&str]| {
        let arguments = ["--listen", listen, "--checks", "1000"];
        Node::start_as(&[&arguments[..], rest].concat())
    };
    let node = start("127.0.0.1:0", &["--drain-delay", "20s"]);
    let listen = node.address.strip_prefix("http://").unwrap().to_owned();
    browse(async |browser| {
        let quiet = Vec::<Value>::new();
        let door = "!document.getElementById('door').hidden";
        browser.go_to(&guarded.address).await;
        browser.until(door).await;
        browser.type_text("not-the-token-at-all\n").await;
        browser
            .until("document.getElementById('door-error').textContent")
            .await;
        browser
            .eval("(document.getElementById('token').value = '') || true")
            .await;
        browser.type_text("Zm9vYmFy0123456789\n").await;
        browser
            .until("document.getElementById('link').dataset.live === 'true'")
            .await;
        assert_eq!(browser.complaints().await, quiet, "at the door");

        browser.look_at(&node.address).await;
        browser.until("checks.size > 1000").await;
        browser.type_text("/").await;
        browser.type_text("noop-77").await;
        browser
            .eval("document.querySelectorAll('.check').forEach((it) => { it.open = true; })")
            .await;
        browser
            .until("document.querySelectorAll('.inside div').length > 60")
            .await;
        assert_eq!(browser.console().await, Vec::<String>::new(), "searching");

        node.signal("TERM");
        browser.until("document.title.includes('stopping')").await;
        browser
            .until("document.querySelector('#sections [data-state=degraded]')")
            .await;
        assert_eq!(browser.console().await, Vec::<String>::new(), "stopping");

        node.signal("KILL");
        node.end();
        browser
            .until("!document.getElementById('lost').hidden")
            .await;
        let _again = start(&listen, &[]);
        browser
            .until("document.getElementById('link').dataset.live === 'true'")
            .await;
        assert_eq!(browser.complaints().await, quiet, "lost and found");
    });
}
