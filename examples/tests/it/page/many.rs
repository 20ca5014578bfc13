//! A thousand checks: found by words and by status.

use super::browser::browse;
use crate::process::{Directory, Node};

#[test]
fn a_thousand_checks_are_searched_and_filtered() {
    let directory = Directory::new("page-many");
    let checks = ["alpha", "beta"].map(|name| directory.check(name, ""));
    let node = Node::start(&[
        "--without-own-checks",
        "--checks",
        "1000",
        "--file-check",
        &checks[0],
        "--file-check",
        &checks[1],
    ]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("document.querySelectorAll('.check').length === 1003")
            .await;
        let seen = "document.querySelectorAll('.check:not([hidden])').length";
        let type_in = async |text: &str| {
            let set = "(() => { const it = document.getElementById('search'); it.value = TEXT; \
                       it.dispatchEvent(new Event('input')); return true; })()";
            browser
                .eval(&set.replace("TEXT", &format!("{text:?}")))
                .await;
        };
        for (text, count) in [
            ("noop", 1000),
            ("noop-77", 11),
            ("NOOP-777", 1),
            ("missing", 2),
            ("missing alp", 1),
            ("nothing like it", 0),
            ("", 1003),
        ] {
            type_in(text).await;
            assert_eq!(browser.eval(seen).await, count, "{text}");
            let said = if text.is_empty() {
                String::new()
            } else {
                format!("{count} of 1003 checks match")
            };
            assert_eq!(
                browser
                    .eval("document.getElementById('matches').textContent")
                    .await,
                said
            );
        }
        browser.until("document.querySelector('#kinds [data-state=unhealthy]').innerText === '✕ unhealthy 2'").await;
        browser.click("#kinds [data-state=unhealthy]").await;
        assert_eq!(browser.eval(seen).await, 2);
        type_in("beta").await;
        assert_eq!(browser.eval(seen).await, 1);
        browser.click("#kinds [data-state=unhealthy]").await;
        type_in("").await;
        assert_eq!(browser.eval(seen).await, 1003);
        // What is as it should be is folded away.
        let open =
            "[...document.querySelectorAll('.group:not([hidden])')].map((it) => it.open).join()";
        assert_eq!(browser.eval(open).await, "true,false");
        // Rows are kept: what is shown for hours does not grow.
        let rows = "document.querySelectorAll('*').length";
        browser
            .eval("window.first = document.querySelector('.check')")
            .await;
        let (before, told) = (browser.eval(rows).await.as_u64().unwrap(), "window.asked");
        browser
            .eval(
                "(() => { window.asked = 0; new PerformanceObserver((list) => { window.asked += \
                   list.getEntries().length; }).observe({ type: 'resource' }); return true; })()",
            )
            .await;
        browser.until(&format!("{told} >= 3")).await;
        let after = browser.eval(rows).await.as_u64().unwrap();
        assert!(after.abs_diff(before) < before / 10, "{before} to {after}");
        assert_eq!(browser.eval("window.first.isConnected").await, true);
    });
}
