//! Somebody types, reads or has opened something while the node tells news: nothing is taken away.

use fantoccini::key::Key;

use super::browser::browse;
use crate::process::{Directory, Node};

/// Counts what the page hears from now on.
const COUNT: &str = "(() => { window.states = 0; const whole = window.fetch; window.fetch = async (path, how) => \
    { const answer = await whole(path, how); window.states += path.includes('state'); return answer; }; return true; })()";
/// Where the reader is.
const PLACE: &str = "(() => { const it = document.getElementById('search'); return [it.value, it.selectionStart, \
    it.selectionEnd, document.activeElement.id, scrollY, checks.get('noop-17').row.open, \
    document.querySelectorAll('.check:not([hidden])').length]; })()";

#[test]
fn a_filter_that_is_typed_stays_with_all_that_is_around_it() {
    let directory = Directory::new("page-typing");
    directory.write("db");
    let check = directory.check("db", ":critical");
    let node = Node::start(&[
        "--file-check",
        &check,
        "--checks",
        "200",
        "--interval",
        "100ms",
        "--without-own-checks",
    ]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser.until("checks.size === 202").await;
        browser.type_text("/").await;
        browser.type_text("noop-1").await;
        browser
            .until("document.querySelectorAll('.check:not([hidden])').length === 111")
            .await;
        browser
            .eval("(checks.get('noop-17').row.open = true)")
            .await;
        browser.press(Key::Left).await;
        browser.press(Key::Left).await;
        browser.eval("(scrollTo(0, 120), true)").await;
        browser.eval(COUNT).await;
        let before = browser.eval(PLACE).await;
        assert_eq!(before[1], 4, "{before}");
        assert_eq!(
            (&before[3], &before[5]),
            (&"search".into(), &true.into()),
            "{before}"
        );

        // What changes is filtered out, and told by the button all the same.
        directory.remove("db");
        browser
            .until("document.querySelector('#kinds [data-state=unhealthy]').innerText === '✕ unhealthy 1'")
            .await;
        browser.until("window.states >= 3").await;
        assert_eq!(browser.eval(PLACE).await, before);
        // And the next key goes where the caret was.
        browser.type_text("p").await;
        assert_eq!(
            browser
                .eval("document.getElementById('search').value")
                .await,
            "noopp-1"
        );
    });
}

#[test]
fn a_row_that_moves_takes_its_reader_along() {
    let directory = Directory::new("page-moves");
    for name in ["a", "b", "c"] {
        directory.write(name);
    }
    let checks = ["a", "b", "c"].map(|name| directory.check(name, ""));
    let flags = checks.iter().flat_map(|check| ["--file-check", check]);
    let flags: Vec<_> = flags
        .chain(["--interval", "50ms", "--without-own-checks"])
        .collect();
    let node = Node::start(&flags);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("checks.get('b')?.check.status === 'healthy'")
            .await;
        browser
            .eval("(checks.get('b').row.open = true, checks.get('b').row.firstChild.focus(), true)")
            .await;
        let is_there =
            "document.activeElement === checks.get('b').row.firstChild && checks.get('b').row.open";
        let group = |name: &str| {
            format!(
                "checks.get({name:?}).row.closest('.group').querySelector('h3').innerText.startsWith('Failing')"
            )
        };
        directory.remove("b");
        browser.until(&group("b")).await;
        assert_eq!(browser.eval(is_there).await, true, "it moved");
        for name in ["a", "c"] {
            directory.remove(name);
            browser.until(&group(name)).await;
            assert_eq!(browser.eval(is_there).await, true, "{name} joined it");
        }
        let order = "[...document.querySelectorAll('.group:not([hidden]) .name')].slice(0, 3).map((it) => it.firstChild.data).join()";
        assert_eq!(browser.eval(order).await, "a,b,c");
        directory.write("a");
        browser.until(&format!("!{}", group("a"))).await;
        assert_eq!(browser.eval(is_there).await, true, "a left it");
    });
}
