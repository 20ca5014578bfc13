//! The page against axe's rules of accessibility, in light and dark, on a screen and on a phone,
//! in each state.

use super::browser::{Browser, browse};
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
