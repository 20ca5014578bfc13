//! Everything that can be worked is reached by Tab, in order, and shows that it is.

use std::collections::BTreeSet;

use fantoccini::key::Key;

use super::browser::{Browser, browse};
use super::served::Served;
use crate::process::{Directory, Node};

/// Numbers what somebody with a pointer could work, and gives how many there are.
const NUMBER: &str = "(() => { const all = [...document.querySelectorAll('a[href], button, input, summary, [tabindex=\"0\"]')]\
    .filter((it) => it.checkVisibility()); all.forEach((it, i) => { it.dataset.stop = i; }); return all.length; })()";
/// Which of them has the focus, and whether that is seen: an outline, and within the window.
const STOP: &str = "(() => { const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect(); \
    return [it.dataset.stop ?? null, it.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 \
    && box.width > 4 && box.bottom > 0 && box.top < innerHeight, it.outerHTML.slice(0, 80)]; })()";

/// As if nothing had ever had the focus.
const BEGIN: &str = "(() => { const it = document.body; it.tabIndex = -1; it.focus(); it.removeAttribute('tabindex'); return true; })()";

/// Goes through the whole page; gives what was passed.
async fn tab_through(browser: &Browser) -> usize {
    browser.eval(BEGIN).await;
    let all = browser.eval(NUMBER).await.as_u64().unwrap();
    let mut passed = BTreeSet::new();
    let mut last = None;
    for _ in 0..2 * all {
        browser.press(Key::Tab).await;
        let stop = browser.eval(STOP).await;
        let Some(number) = stop[0].as_str().map(|it| it.parse::<u64>().unwrap()) else {
            break;
        };
        assert_eq!(stop[1], true, "not seen: {stop}");
        assert!(
            last < Some(number) || passed.len() as u64 == all,
            "out of order: {stop}"
        );
        last = Some(number);
        if !passed.insert(number) {
            break;
        }
    }
    assert_eq!(passed.len() as u64, all, "{passed:?}");
    passed.len()
}

#[test]
fn tab_reaches_everything_and_shows_where_it_is() {
    let directory = Directory::new("page-keys");
    let check = directory.check("db", ":critical");
    let node = Node::start(&["--file-check", &check, "--interval", "1h"]);
    browse(async |browser| {
        for (dark, phone) in [(false, false), (true, false), (true, true)] {
            if dark {
                browser.darken().await;
            }
            if phone {
                browser.hold_as_a_phone().await;
            }
            browser.look_at(&node.address).await;
            browser
                .until("document.querySelector('.check[data-state=unhealthy]')")
                .await;
            browser
                .until("document.querySelector('#sections .chart')")
                .await;
            let stops = tab_through(browser).await;
            // The way past the rest, the lag, the search, two kinds, two groups with nine rows, the timeline.
            assert!(stops >= 14, "{stops}");
        }
        // Past the rest, to the checks.
        browser.look_at(&node.address).await;
        browser.press(Key::Tab).await;
        assert!(browser.text(":focus").await.contains("Skip to the checks"));
        browser.press(Key::Enter).await;
        browser
            .until("document.activeElement.id === 'checks'")
            .await;
    });
}

#[test]
fn at_the_door_as_well() {
    let token = health_http::Token::new("Zm9vYmFy0123456789").unwrap();
    let served = Served::new(|service| service.tokens([token]));
    browse(async |browser| {
        browser.go_to(&served.address).await;
        browser.until("document.activeElement.id === 'token'").await;
        assert_eq!(tab_through(browser).await, 3);
    });
}
