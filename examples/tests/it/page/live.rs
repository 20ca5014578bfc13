//! What changes on the node changes on the page, by itself.

use fantoccini::key::Key;
use serde_json::json;

use super::browser::browse;
use crate::process::{Directory, Node};

/// The group that a check stands in: the title above it.
const GROUP: &str = "[...document.querySelectorAll('.check')].find((it) => it.querySelector('.name')\
                     .firstChild.data === 'db')?.closest('.group').querySelector('h3').innerText";

#[test]
fn a_check_that_fails_moves_and_comes_back() {
    let directory = Directory::new("page-live");
    directory.write("db");
    let check = directory.check("db", ":critical");
    let node = Node::start(&[
        "--file-check",
        &check,
        "--interval",
        "50ms",
        "--without-own-checks",
        "--node-id",
        "n7",
    ]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until(&format!("{GROUP}?.startsWith('Healthy')"))
            .await;
        browser.until("document.title === '✓ n7: healthy'").await;
        browser.eval("window.untouched = true").await;

        directory.remove("db");
        browser
            .until(&format!("{GROUP}?.startsWith('Failing (1)')"))
            .await;
        browser.until("document.title === '✕ n7: unhealthy'").await;
        let groups = browser.text("#groups").await;
        assert!(groups.starts_with("Failing (1)"), "worst first: {groups}");
        assert!(groups.contains("is missing; create it"), "{groups}");
        browser
            .until(
                "document.getElementById('timeline').innerText.includes('healthy → ✕ unhealthy')",
            )
            .await;
        assert!(browser.text("#node-status").await.contains("✕ unhealthy"));

        directory.write("db");
        browser
            .until(&format!("{GROUP}?.startsWith('Healthy')"))
            .await;
        browser.until("document.title === '✓ n7: healthy'").await;
        assert_eq!(
            browser.eval("window.untouched").await,
            true,
            "without a reload"
        );
    });
}

#[test]
fn it_is_worked_by_the_keyboard() {
    let node = Node::start(&[
        "--checks",
        "5",
        "--interval",
        "50ms",
        "--without-own-checks",
    ]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("document.querySelectorAll('.check').length === 6")
            .await;
        browser.type_text("/").await;
        browser
            .until("document.activeElement.id === 'search'")
            .await;
        browser.type_text("noop-3").await;
        browser
            .until("document.querySelectorAll('.check:not([hidden])').length === 1")
            .await;
        assert_eq!(browser.text("#matches").await, "1 of 6 checks match");
        // On from the search: the status filters, the group, and the row in it.
        for _ in 0..20 {
            browser.press(Key::Tab).await;
            if browser
                .eval("document.activeElement.closest('.check') !== null")
                .await
                == true
            {
                break;
            }
        }
        browser.press(Key::Enter).await;
        browser
            .until(
                "document.querySelector('.check[open] .inside')?.innerText.includes('every 50ms')",
            )
            .await;
    });
}

#[test]
fn its_times_say_their_zone() {
    let node = Node::start(&["--without-own-checks"]);
    browse(async |browser| {
        for (zone, name, note) in [
            ("UTC", "UTC", "times in UTC"),
            (
                "Asia/Kolkata",
                "UTC+05:30",
                "times in this browser's zone, UTC+05:30",
            ),
            (
                "America/Phoenix",
                "UTC\u{2212}07:00",
                "times in this browser's zone, UTC\u{2212}07:00",
            ),
        ] {
            let zone = json!({ "timezoneId": zone });
            browser.emulate("Emulation.setTimezoneOverride", zone).await;
            browser.look_at(&node.address).await;
            let shown = format!("document.getElementById('zone').textContent === {note:?}");
            browser.until(&shown).await;
            let facts = browser.text("#facts").await;
            assert!(facts.contains(&format!(" {name} (")), "{facts}");
        }
    });
}
