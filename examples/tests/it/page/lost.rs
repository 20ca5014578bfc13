//! A node that cannot be heard does not look healthy, and is found again.

use std::time::Duration;

use health_http::server::Limits;

use super::browser::{Browser, browse};
use super::served::Served;
use crate::process::Node;

const LOST: &str = "!document.getElementById('lost').hidden";
const LIVE: &str = "document.getElementById('link').dataset.live === 'true'";

async fn looks_lost(browser: &Browser) {
    browser.until(LOST).await;
    let page = browser.text("header").await;
    assert!(page.contains("Connection lost"), "{page}");
    assert!(browser.text("#node-status").await.contains("? unknown"));
    assert_eq!(browser.eval("document.title").await, "? connection lost");
    // What it was is told as what was.
    let shown = "[...document.querySelectorAll('.check .state')].every((it) => \
                 getComputedStyle(it, '::before').content === '\"was \"')";
    assert_eq!(browser.eval(shown).await, true);
    let grey = "getComputedStyle(document.getElementById('main')).filter";
    assert_eq!(browser.eval(grey).await, "grayscale(1)");
}

#[test]
fn a_node_that_was_killed_and_is_back() {
    let node = Node::start(&["--node-id", "n1", "--without-own-checks"]);
    let address = node.address.clone();
    browse(async |browser| {
        browser.look_at(&address).await;
        browser.eval("window.untouched = true").await;
        node.signal("KILL");
        node.end();
        looks_lost(browser).await;
        // How long ago that was goes on; how long the node was up does not.
        let (facts, age) = (
            browser.text("#facts").await,
            browser.text("#lost-age").await,
        );
        browser
            .until(&format!(
                "document.getElementById('lost-age').innerText !== {age:?}"
            ))
            .await;
        assert_eq!(browser.text("#facts").await, facts);

        let listen = address.strip_prefix("http://").unwrap();
        let again = Node::start_as(&[
            "--listen",
            listen,
            "--node-id",
            "n2",
            "--without-own-checks",
        ]);
        browser.until(LIVE).await;
        browser.until("document.title === '✓ n2: healthy'").await;
        assert_eq!(browser.eval(LOST).await, false);
        assert_eq!(
            browser
                .eval("document.querySelectorAll('.stale-page').length")
                .await,
            0
        );
        assert_eq!(
            browser.eval("window.untouched").await,
            true,
            "without a reload"
        );
        drop(again);
    });
}

#[test]
fn a_node_that_hangs() {
    let node = Node::start(&["--without-own-checks"]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        let watch = "(new MutationObserver(() => { window.lost_at ??= performance.now(); }) \
                     .observe(document.getElementById('lost'), { attributes: true }), true)";
        browser.eval(watch).await;
        node.signal("STOP");
        looks_lost(browser).await;
        // A silence shorter than two beats is none. Longer than 13 s it is not borne, whatever the
        // stream, which is still open; the rest is for a busy machine.
        let silence = browser.eval("window.lost_at - Math.min(heard, told)").await;
        let silence = Duration::from_secs_f64(silence.as_f64().unwrap() / 1000.0);
        assert!(silence > Duration::from_secs(11), "{silence:?}");
        assert!(silence < Duration::from_secs(25), "{silence:?}");
        node.signal("CONT");
        browser.until(LIVE).await;
        assert_eq!(browser.eval(LOST).await, false);
    });
}

#[test]
fn a_node_that_is_heard_and_tells_nothing() {
    let node = Node::start(&["--without-own-checks"]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        // The stream of events goes on, and its state cannot be had.
        let cut = "(() => { window.whole = window.fetch; window.fetch = (path, how) => \
                   path.includes('state') ? Promise.reject(new Error('cut')) : whole(path, how); \
                   return true; })()";
        browser.eval(cut).await;
        looks_lost(browser).await;
        browser.eval("(window.fetch = window.whole) && true").await;
        browser.until(LIVE).await;
    });
}

#[test]
fn a_connection_that_has_had_its_time_is_not_a_lost_one() {
    let limits = Limits::default().age(Duration::from_secs(1));
    let served = Served::within(limits, |service| service);
    browse(async |browser| {
        browser.look_at(&served.address).await;
        let watch = "(() => { window.streams = 0; window.losses = 0; const whole = window.fetch; \
                     window.fetch = (path, how) => { streams += path.includes('events'); \
                     return whole(path, how); }; const lost = document.getElementById('lost'); \
                     new MutationObserver(() => { losses += !lost.hidden; }) \
                     .observe(lost, { attributes: true }); return true; })()";
        browser.eval(watch).await;
        browser.until("window.streams >= 2").await;
        browser.until(LIVE).await;
        assert_eq!(browser.eval("window.losses").await, 0);
    });
}

/// A proxy that keeps what the stream says to itself: what is asked each 2 s is live without it.
#[test]
fn a_stream_that_is_swallowed() {
    let served = Served::new(|service| service);
    let component = served
        .health
        .component(health_core::ComponentSpec::new("a"))
        .unwrap();
    component.ready();
    browse(async |browser| {
        let swallow = "(() => { const whole = window.fetch; window.fetch = (path, how) => path.includes('events') \
                       ? new Promise((_, lose) => how.signal.addEventListener('abort', () => lose(new Error('cut')))) \
                       : whole(path, how); })()";
        browser
            .emulate(
                "Page.addScriptToEvaluateOnNewDocument",
                serde_json::json!({ "source": swallow }),
            )
            .await;
        browser.look_at(&served.address).await;
        browser
            .until("document.title === '✓ served: healthy'")
            .await;
        component.not_ready("gone");
        browser
            .until("document.title === '! served: degraded'")
            .await;
        // And it is lost if that fails too.
        browser
            .eval("(window.fetch = (path, how) => new Promise((_, lose) => how.signal.addEventListener('abort', \
                   () => lose(new Error('cut'))))) && true")
            .await;
        looks_lost(browser).await;
    });
}
