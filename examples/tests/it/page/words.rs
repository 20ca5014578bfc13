//! Long words and much of them: nothing lies on anything else, and nothing is cut off for good.

use health_core::ComponentSpec;

use super::browser::browse;
use super::served::Served;

/// Whether what a box holds fits into its width.
const FITS: &str = "(it) => it.scrollWidth <= it.clientWidth";

#[test]
fn what_is_long_is_cut_until_it_is_opened() {
    let served = Served::new(|service| service);
    let name = "n".repeat(64);
    let component = served.health.component(ComponentSpec::new(name)).unwrap();
    component.not_ready("w".repeat(512));
    browse(async |browser| {
        for phone in [false, true] {
            if phone {
                browser.hold_as_a_phone().await;
            }
            browser.look_at(&served.address).await;
            browser
                .until("document.querySelector('#timeline li')")
                .await;
            let lines = "(() => { const it = document.querySelector('.message'); \
                         return Math.round(it.clientHeight / parseFloat(getComputedStyle(it).lineHeight)); })()";
            assert_eq!(browser.eval(lines).await, 2, "on a phone: {phone}");
            browser.click(".check summary").await;
            browser.until(&format!("{lines} > 4")).await;
            let inside = format!(
                "[...document.querySelectorAll('.check, .message, .inside div')].every({FITS})"
            );
            assert_eq!(browser.eval(&inside).await, true, "on a phone: {phone}");
            let timeline = format!("[...document.querySelectorAll('#timeline li')].every({FITS})");
            assert_eq!(browser.eval(&timeline).await, true, "on a phone: {phone}");
            let over = browser
                .eval("document.documentElement.scrollWidth - innerWidth")
                .await;
            assert!(over.as_f64().unwrap() <= 0.0, "{over} too wide");
        }
    });
}

#[test]
fn a_time_with_its_date_stands_beside_its_subject() {
    let served = Served::new(|service| service);
    let component = served.health.component(ComponentSpec::new("a")).unwrap();
    component.not_ready("gone");
    browse(async |browser| {
        browser.look_at(&served.address).await;
        // As if all that is shown were of yesterday.
        let later = "(() => { const now = Date.now; Date.now = () => now() + 86_400_000; \
                     const whole = window.fetch; window.fetch = async (path, how) => { \
                     const answer = await whole(path, how); if (!path.includes('state')) return answer; \
                     const state = await answer.json(); state.now += 86_400_000; \
                     return new Response(JSON.stringify(state)); }; return true; })()";
        browser.eval(later).await;
        component.ready();
        let dated = "document.querySelector('#timeline time')?.textContent.length > 10";
        browser.until(dated).await;
        let beside = "[...document.querySelectorAll('#timeline li')].every((it) => { \
                      const range = document.createRange(); range.selectNodeContents(it.children[0]); \
                      return range.getBoundingClientRect().right \
                      <= it.children[1].getBoundingClientRect().left; })";
        assert_eq!(browser.eval(beside).await, true);
    });
}

#[test]
fn a_connection_lost_leaves_the_words_apart() {
    let served = Served::new(|service| service);
    let component = served.health.component(ComponentSpec::new("a")).unwrap();
    component.not_ready("gone");
    browse(async |browser| {
        browser.look_at(&served.address).await;
        browser
            .until("document.querySelector('.check .lasting').textContent.startsWith('for ')")
            .await;
        browser
            .eval("(window.fetch = () => Promise.reject(new Error('cut'))) && true")
            .await;
        browser
            .until("!document.getElementById('lost').hidden")
            .await;
        let apart = "(() => { const box = (it) => document.querySelector(it).getBoundingClientRect(); \
                     return box('.check .state').right <= box('.check .name').left; })()";
        assert_eq!(browser.eval(apart).await, true);
    });
}

#[test]
fn a_node_without_checks_says_so_and_offers_no_search() {
    let served = Served::new(|service| service);
    browse(async |browser| {
        browser.look_at(&served.address).await;
        browser
            .until("document.getElementById('none').innerText === 'No checks are registered.'")
            .await;
        assert_eq!(
            browser
                .eval("document.getElementById('filters').checkVisibility()")
                .await,
            false
        );
        assert_eq!(browser.text("#node-message").await, "no checks");
        let _component = served.health.component(ComponentSpec::new("a")).unwrap();
        browser
            .until("document.getElementById('filters').checkVisibility()")
            .await;
    });
}
