//! The page against axe's rules of accessibility, in light and dark, on a screen and on a phone,
//! in each state.

use health_http::Token;

use super::browser::{Browser, browse};
use super::served::Served;
use crate::process::{Directory, Node};

async fn is_accessible(browser: &Browser, when: &str) {
    let violations = browser.violations().await;
    assert!(violations.is_empty(), "{when}:\n{}", violations.join("\n"));
}

/// A critical check that fails, one that degrades, one that passes; then a connection that is lost.
/// What is unknown, and what is pushed, is looked at in `sections`.
#[test]
fn no_rule_is_broken() {
    let directory = Directory::new("page-axe");
    directory.write("good");
    let checks = [("bad", ":critical"), ("soft", ""), ("good", "")]
        .map(|(name, options)| directory.check(name, options));
    let flags = checks.iter().flat_map(|check| ["--file-check", check]);
    let flags: Vec<_> = flags.chain(["--without-own-checks"]).collect();
    let node = Node::start(&flags);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        for dark in [false, true] {
            if dark {
                browser.darken().await;
            }
            browser
                .until("document.querySelectorAll('.check[data-state=unhealthy]').length === 2")
                .await;
            is_accessible(browser, &format!("failing, dark: {dark}")).await;
            browser
                .eval("document.querySelectorAll('.check').forEach((it) => { it.open = true; })")
                .await;
            is_accessible(browser, &format!("opened, dark: {dark}")).await;
            directory.write("bad");
            browser.until("document.title.includes('degraded')").await;
            is_accessible(browser, &format!("degraded, dark: {dark}")).await;
            directory.write("soft");
            browser.until("document.title.includes(': healthy')").await;
            is_accessible(browser, &format!("healthy, dark: {dark}")).await;
            directory.remove("bad");
            directory.remove("soft");
        }
        browser.hold_as_a_phone().await;
        browser
            .until("document.querySelectorAll('.check[data-state=unhealthy]').length === 2")
            .await;
        is_accessible(browser, "on a phone").await;
        node.signal("KILL");
        browser
            .until("!document.getElementById('lost').hidden")
            .await;
        is_accessible(browser, "lost").await;
    });
}

#[test]
fn nor_at_the_door() {
    let token = Token::new("Zm9vYmFy0123456789").unwrap();
    let served = Served::new(|service| service.tokens([token]));
    browse(async |browser| {
        for dark in [false, true] {
            if dark {
                browser.darken().await;
            }
            browser.go_to(&served.address).await;
            browser
                .until("!document.getElementById('door').hidden")
                .await;
            is_accessible(browser, &format!("the door, dark: {dark}")).await;
            browser.type_text("not-the-token-at-all\n").await;
            browser
                .until("document.getElementById('door-error').textContent")
                .await;
            is_accessible(browser, &format!("turned away, dark: {dark}")).await;
            browser.eval("sessionStorage.clear()").await;
        }
    });
}

#[test]
fn nor_with_a_thousand_checks() {
    let directory = Directory::new("page-axe-many");
    let check = directory.check("bad", "");
    let node = Node::start(&[
        "--file-check",
        &check,
        "--checks",
        "1000",
        "--interval",
        "1h",
    ]);
    browse(async |browser| {
        for dark in [false, true] {
            if dark {
                browser.darken().await;
            }
            browser.look_at(&node.address).await;
            browser.until("checks.size > 1000").await;
            is_accessible(browser, &format!("folded, dark: {dark}")).await;
            browser.type_text("/").await;
            browser.type_text("noop-7").await;
            browser
                .until("document.querySelectorAll('.check:not([hidden])').length === 111")
                .await;
            is_accessible(browser, &format!("filtered, dark: {dark}")).await;
        }
    });
}
