//! A node that tells its details only to those with a token: the page asks for one.

use fantoccini::key::Key;
use health_core::ComponentSpec;
use health_http::Token;

use super::browser::browse;
use super::served::Served;

#[test]
fn it_asks_for_a_token_and_shows_nothing_before() {
    let served = Served::new(|service| service.tokens([Token::new("Zm9vYmFy0123456789").unwrap()]));
    let queue = served
        .health
        .component(ComponentSpec::new("queue"))
        .unwrap();
    queue.degraded("12 jobs behind");
    browse(async |browser| {
        let asked = "!document.getElementById('door').hidden";
        browser.go_to(&served.address).await;
        browser.until(asked).await;
        let page = browser.text("body").await;
        assert!(!page.contains("queue") && !page.contains("✓"), "{page}");
        assert!(page.contains("only to those who have a token"), "{page}");

        browser.click("#token").await;
        browser.type_text("not-the-token-at-all").await;
        browser.press(Key::Enter).await;
        browser
            .until("document.getElementById('door-error').textContent.includes('does not take')")
            .await;
        assert_eq!(browser.eval(asked).await, true);

        browser
            .eval("document.getElementById('token').value = ''")
            .await;
        browser.click("#token").await;
        browser.type_text("Zm9vYmFy0123456789").await;
        browser.press(Key::Enter).await;
        browser
            .until("document.querySelector('.check')?.innerText.includes('12 jobs behind')")
            .await;
        assert_eq!(browser.eval(asked).await, false);
        // Kept for this tab alone, and in no address.
        assert_eq!(browser.eval("localStorage.length").await, 0);
        assert_eq!(browser.eval("location.href.includes('Zm9v')").await, false);
        queue.ready();
        browser
            .until("document.title === '✓ served: healthy'")
            .await;
    });
}

/// As after a restart with another token: what the page shows is nobody's to see any more.
#[test]
fn a_token_that_is_good_no_longer_leaves_nothing_standing() {
    let served = Served::new(|service| service.tokens([Token::new("Zm9vYmFy0123456789").unwrap()]));
    let queue = served
        .health
        .component(ComponentSpec::new("queue"))
        .unwrap();
    queue.degraded("12 jobs behind");
    browse(async |browser| {
        browser.go_to(&served.address).await;
        let asked = "!document.getElementById('door').hidden";
        browser.until(asked).await;
        let focus = "document.activeElement.id === 'token'";
        assert_eq!(browser.eval(focus).await, true);
        browser.type_text("Zm9vYmFy0123456789").await;
        browser.press(Key::Enter).await;
        browser
            .until("document.title === '! served: degraded'")
            .await;
        browser
            .eval("(window.whole = window.fetch, window.fetch = async () => new Response('', { status: 401 })) && true")
            .await;
        browser.until(asked).await;
        browser
            .until("document.title === '? a token is needed'")
            .await;
        let page = browser.text("body").await;
        for gone in ["served", "degraded", "jobs", "live", "lost"] {
            assert!(!page.contains(gone), "{gone}: {page}");
        }
        browser.eval("(window.fetch = window.whole) && true").await;
        browser
            .eval("(document.getElementById('token').value = '') || true")
            .await;
        browser.type_text("Zm9vYmFy0123456789").await;
        browser.press(Key::Enter).await;
        browser
            .until("document.title === '! served: degraded'")
            .await;
        browser
            .until("document.getElementById('link').dataset.live === 'true'")
            .await;
    });
}
