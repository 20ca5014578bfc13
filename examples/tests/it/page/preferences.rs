//! What readers, and their paper, prefer: no motion, colours of their own, all of it in print.

use serde_json::json;

use super::browser::{Browser, browse};
use crate::process::{Directory, Node};

async fn prefer(browser: &Browser, media: &str, name: &str, value: &str) {
    let features = json!([{ "name": name, "value": value }]);
    let media = json!({ "media": media, "features": features });
    browser.emulate("Emulation.setEmulatedMedia", media).await;
}

#[test]
fn who_wants_no_motion_has_none() {
    let node = Node::start(&["--without-own-checks"]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser.until("document.querySelector('.check')").await;
        let moves = "[...document.querySelectorAll('*')].map((it) => getComputedStyle(it)).filter((it) => \
                     parseFloat(it.transitionDuration) > 0 || it.animationName !== 'none').length";
        prefer(browser, "", "prefers-reduced-motion", "no-preference").await;
        assert!(browser.eval(moves).await.as_u64().unwrap() > 0);
        prefer(browser, "", "prefers-reduced-motion", "reduce").await;
        assert_eq!(browser.eval(moves).await, 0);
    });
}

#[test]
fn forced_colours_leave_what_is_said() {
    let directory = Directory::new("page-forced");
    let check = directory.check("db", "");
    let node = Node::start(&["--file-check", &check, "--without-own-checks"]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("document.querySelector('.strip path[data-state=unhealthy]')?.getAttribute('d')")
            .await;
        browser.click("#kinds [data-state=unhealthy]").await;
        prefer(browser, "", "forced-colors", "active").await;
        for (what, holds) in [
            (
                "colours are forced",
                "matchMedia('(forced-colors: active)').matches",
            ),
            (
                "a status stands in a box",
                "getComputedStyle(document.getElementById('node-status')).borderTopStyle === 'solid'",
            ),
            (
                "what is chosen is marked",
                "getComputedStyle(document.querySelector('[aria-pressed=true]')).outlineStyle === 'solid'",
            ),
            (
                "the past is drawn on what is behind it",
                "(() => { const it = document.querySelector('.strip path[data-state=unhealthy]'); \
                 return getComputedStyle(it).fill !== getComputedStyle(it.closest('.group > div')).backgroundColor; })()",
            ),
        ] {
            assert_eq!(browser.eval(holds).await, true, "{what}");
        }
    });
}

#[test]
fn paper_is_white_and_has_the_whole_timeline() {
    let node = Node::start(&[]);
    browse(async |browser| {
        prefer(browser, "print", "prefers-color-scheme", "dark").await;
        browser.look_at(&node.address).await;
        let white = "getComputedStyle(document.querySelector('.card')).backgroundColor === 'rgb(255, 255, 255)'";
        browser.until(white).await;
        let whole = "getComputedStyle(document.getElementById('timeline')).maxHeight === 'none'";
        assert_eq!(browser.eval(whole).await, true);
    });
}
